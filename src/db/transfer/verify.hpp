#pragma once
// Compares a copy with its source. Before the switch over all rows while the portal works, leaving out what the log
// says is still to come; then over the rows touched since, again and again until they are few; and in the switch, when
// nothing changes any more, over all rows once more if that is quick, else over those few and the number of rows of
// each table. Either way each row was compared in a state that it has at the switch. Blocks; one thread calls, a second
// one reads the other store.

#include <map>

#include "db/transfer/copy.hpp"

namespace stoa::db::transfer {

using Digests = std::map<std::string, TableDigest>;

/// Of all rows of the scope, seen at one moment, without those of `without`.
Result<Digests> digest(Database& database, Engine engine, const Catalogue& catalogue, Scope scope,
                       const Touched& without, int timeout_ms = kLongReadMs);

/// Errors: conflict, naming the first table that differs.
Status compare(const Digests& source, const Digests& target);

struct OnlineCheck {
    std::int64_t rows = 0;
    std::int64_t all_rows_us = 0;    ///< what both digests took, side by side
    std::int64_t row_counts_us = 0;  ///< what counting the rows of both stores took
    Touched waiting;                 ///< what was left out: to be compared in the switch
};
/// While the portal works. Errors: conflict (they differ), too_large (too much is waiting: replay first).
Result<OnlineCheck> check_online(Copy& copy);
/// While the portal works: compares some of the touched rows, which are touched no more then, except for those that the
/// log says are still to come. Errors as above.
Status check_touched_online(Copy& copy);

enum class Thoroughness : std::uint8_t { all_rows, touched_and_counts, touched };
std::string_view name_of(Thoroughness thoroughness);
/// When the source stands still and the log is replayed to its end.
Status check_standing(Copy& copy, Thoroughness thoroughness);

}  // namespace stoa::db::transfer
