#pragma once
// Telling somebody something: for whoever wires modules together, inside a write transaction and on its thread.
// The row, the counter and the message to the receiver's clients are part of that transaction.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::notify {

enum class Type : int {
    confirm = 1,   ///< waits for a button; shown first, whatever the settings
    personal = 2,  ///< from somebody
    system = 4,    ///< from the portal
};

struct Button {
    std::string title;
    std::string value;  ///< what im.notify.confirm sends
    std::string type;   ///< "accept", "cancel": how it looks
};

struct Notification {
    UserId receiver = 0;
    UserId author = 0;  ///< 0: nobody
    Type type = Type::personal;
    std::string module, event;  ///< the kind, see kinds.json; settings follow it
    /// What it is about: a new one takes the place of those with the same tag that the receiver has, and counts on
    /// where they were not read yet. Empty: none.
    std::string tag;
    std::string sub_tag;  ///< what several of them are about; for withdraw()
    std::string title, text, link;
    std::string mail_text;  ///< instead of the text, by mail
    std::vector<Button> buttons;
    std::string attach_json;  ///< an attachment of the documented form; empty: none
    bool answerable = false;  ///< takes a quick reply (im.notify.answer)
    /// Where one author does the same to many things (an import), those past limits::notify_singly_max come as one with
    /// this title, which counts on. Empty: each comes by itself.
    std::string crowd_title, crowd_link;
};

/// The number of the notification, also of the one that counts on; 0 when the receiver is not active or has switched
/// this kind off. Errors: invalid_argument and too_large naming the field; no such receiver.
Result<RecordId> notify(model::Records& records, const Notification& notification);

/// Takes back what carries the tag, or the second tag where the first is empty, from all receivers; at most
/// limits::notify_withdrawn_at_once_max by one call. Returns how many went.
Result<std::int64_t> withdraw(model::Records& records, std::string_view tag, std::string_view sub_tag);

}  // namespace stoa::notify
