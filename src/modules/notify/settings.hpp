#pragma once
// What a user wants to hear of, by which channel, and when not to be disturbed. Pure functions but for the last two.
//
// CHANNELS of the row is {"tasks|comment": {"site": true, "mail": false, "push": true}, "crm": {…}, "*": {…}}: the kind
// itself counts before its module, that before "*"; what is said nowhere follows kinds.json.

#include <memory>
#include <optional>
#include <string_view>

#include "base/time_format.hpp"
#include "json/value.hpp"
#include "model/hooks.hpp"
#include "model/records.hpp"

namespace stoa::notify {

struct Channels {
    bool site = true;  ///< in the list of notifications
    bool mail = false;
    bool push = true;  ///< shown at once, with a sound
};

Channels channels_of(const json::Value& stored, std::string_view module, std::string_view event);

/// Do not disturb, in seconds of the user's day; may go over midnight.
struct QuietHours {
    std::int64_t from_s = 0;
    std::int64_t to_s = 0;  ///< as from_s: none
};
/// When the quiet hours that hold at this moment end; nothing when none hold.
std::optional<UnixSeconds> quiet_until(const QuietHours& hours, UnixSeconds now, const TimeZone& zone);

/// How one notification is to reach its receiver.
struct Delivery {
    bool site = true;
    bool silent = false;                  ///< no pop-up, no sound
    std::optional<UnixSeconds> mail_due;  ///< unless it is read before
};
/// On the transaction's thread.
Result<Delivery> delivery_for(model::Records& records, const model::Record& receiver, std::string_view module,
                              std::string_view event);

/// Refuses settings that cannot be read later. Errors name the field.
std::unique_ptr<model::EntityHooks> make_settings_hooks();

}  // namespace stoa::notify
