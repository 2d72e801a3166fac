#pragma once
// Queue tables over all accounts: which rows wait, and until when. For a dispatcher that starts, or that could not keep
// all of a long queue in memory; it reads the rows themselves per account afterwards. Any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "model/entity.hpp"

namespace stoa::model {

struct DueRow {
    AccountId account = 0;
    RecordId id = 0;
    UnixSeconds due = 0;
};

/// Rows that carry a claim of one of several processes: only those of `mine`, those of nobody, and those whose claim
/// ended before that moment.
struct ClaimedRows {
    std::string_view by_field;
    std::string_view until_field;
    std::string mine;
    UnixSeconds lapsed_before = 0;
};

/// The rows whose datetime field is set, earliest first, at most `limit`. Reads the whole table: not for hot paths.
Result<std::vector<DueRow>> due_rows(db::Database& database, const Entity& entity, std::string_view due_field,
                                     std::int64_t limit, const std::optional<ClaimedRows>& claimed = {});

}  // namespace stoa::model
