#pragma once
// To whom a post is addressed: "UA" all employees, "U17" a person, "D5" a department, "DR5" one with those below it.
// The same codes are rows that src/access reads, one per code however many people it means.
// https://github.com/bitrix24/b24restdocs api-reference/log/log-blogpost-add.md
// On the transaction's thread.

#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/records.hpp"

namespace stoa::stream {

inline constexpr std::string_view kEverybody = "UA";

/// A list of codes as clients send it, also nested by kind; in upper case, each once. Errors (field DEST): what is no
/// code, workgroups, too many.
Result<std::vector<std::string>> parse_destinations(const json::Value& given);
/// Errors: a person or department that does not exist, or that the caller may not see.
Status check_destinations(model::Records& records, const std::vector<std::string>& codes);
/// The codes that a post carries.
std::vector<std::string> destinations_of(const model::Record& post);

/// Makes the rows for access as the codes say. Part of saving a post.
Status save_destinations(db::WriteTx& tx, model::Records& records, RecordId post,
                         const std::vector<std::string>& codes);

/// The people behind the codes.
struct Audience {
    bool everybody = false;
    std::vector<UserId> users;  ///< without those of "UA"; sorted, each once
};
/// At most limits::stream_audience_users_max people.
Result<Audience> audience_of(model::Records& records, const std::vector<std::string>& codes);

}  // namespace stoa::stream
