#pragma once
// What happened to a record, as entries of its timeline beside comments and activities: rows of crm.timeline.entry.
// On the transaction's thread.

#include <string>

#include "base/ids.hpp"
#include "model/records.hpp"

namespace stoa::crm {

/// Values of KIND.
inline constexpr const char* kEntryCreated = "created";
inline constexpr const char* kEntryStage = "stage";              ///< stage codes
inline constexpr const char* kEntryResponsible = "responsible";  ///< numbers of users
inline constexpr const char* kEntryConverted = "converted";      ///< of a lead: "D_12" is what was made of it

struct TimelineEntry {
    int type_id = 0;
    RecordId id = 0;  ///< the record whose timeline it is
    const char* kind = "";
    std::string old_value{}, new_value{};
    UserId author = 0;   ///< 0: the records' actor
    UnixSeconds at = 0;  ///< 0: now
};
Status add_timeline_entry(model::Records& records, const TimelineEntry& entry);

}  // namespace stoa::crm
