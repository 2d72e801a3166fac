#pragma once
// How whoever asked a question learns the answer, without notifications knowing him: wired by app.
// Called inside the write transaction; an error refuses the answer.

#include <optional>
#include <string>

#include "model/records.hpp"

namespace stoa::notify {

class ReplyListener {
  public:
    virtual ~ReplyListener() = default;
    /// A button was pressed: `value` is one of the notification's. Returns what to tell the user; nothing when this
    /// kind of notification is not known here.
    virtual Result<std::optional<std::string>> confirmed(model::Records& records, const model::Record& notification,
                                                         const std::string& value) = 0;
    /// A quick reply was written.
    virtual Result<std::optional<std::string>> answered(model::Records& records, const model::Record& notification,
                                                        const std::string& text) = 0;
};

}  // namespace stoa::notify
