#pragma once
// What the program itself writes into the stream: that something happened to a record of another module. For whoever
// wires modules together, inside a write transaction and on its thread. Nobody is notified of an entry; it is seen by
// its recipients, its author and administrators, like any post.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::stream {

/// At most limits::stream_destinations_max in all, users first; those that do not exist are left out.
struct Readers {
    std::vector<UserId> users;
    std::vector<RecordId> departments;  ///< without those below them
};

struct Entry {
    UserId author = 0;
    std::string source;  ///< what it is about: "TASK|12"
    std::string event;   ///< what happened; a source has each but once
    std::string title, text;
    Readers readers;
};

/// The number of the post, also of one that is there already. 0: nobody to read it, or one author has written
/// limits::stream_entries_max within limits::stream_entries_window_s, as an import does.
Result<RecordId> add_entry(model::Records& records, const Entry& entry);
/// All entries about the source are for these readers from now on; without readers they go.
Status readdress_entries(model::Records& records, std::string_view source, const Readers& readers);
Status remove_entries(model::Records& records, std::string_view source);

}  // namespace stoa::stream
