#pragma once
// Reading a dialog: all messages behind one, oldest first. Blocking; the thread of the asker.

#include <optional>
#include <vector>

#include "app/probe/asker.hpp"
#include "app/probe/chat_history.hpp"

namespace stoa::app::probe {

/// Nothing: a page could not be read, which the measures know of.
std::optional<std::vector<StoredMessage>> read_dialog(Asker& asker, std::int64_t peer, RecordId behind);
/// The newest message; 0: there is none. Makes the dialog when there is none.
std::optional<RecordId> newest_message(Asker& asker, std::int64_t peer);

}  // namespace stoa::app::probe
