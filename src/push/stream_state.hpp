#pragma once
// The message with which a connection begins: where the client stands from now on, and whether it has missed something
// that is not there any more, so that it must load everything anew. Clients take it for one of the stream's own; the
// official one does nothing but remember the position. Pure function.

#include "push/publication.hpp"

namespace stoa::push {

/// {"module_id": "pull", "command": "stream_state", "params": {"recovered": true}}
/// For everybody of an account: something cannot be told any more.
Publication everything_anew();
net::Frames stream_state(Position position, bool recovered);

}  // namespace stoa::push
