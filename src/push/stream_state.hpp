#pragma once
// The message with which a connection begins: where the client stands from now on, and whether it has missed something
// that is not there any more, so that it must load everything anew. Clients take it for one of the stream's own; the
// official one does nothing but remember the position. Pure function.

#include "push/publication.hpp"
#include "push/resume.hpp"

namespace stoa::push {

/// {"module_id": "pull", "command": "stream_state", "params": {"recovered": true}}
/// For everybody of an account: something cannot be told any more.
Publication everything_anew();
net::Frames stream_state(Position position, bool recovered);
/// The same for whoever comes: {"recovered": true, "tags": {"deal": true, "task": false}}, with each tag that the
/// client named and whether nothing of it is lacking; without tags no such member.
net::Frames stream_state(Position position, const Resumed& resumed, const Session& session);

/// {"module_id": "pull", "command": "stream_pause", "params": {"paused": true}}
/// To whoever is connected while the bus is away: nothing is heard until it says false. What was missed comes before
/// that, or a stream_state that says what is lacking.
net::Frames stream_pause(Position position, bool paused);

}  // namespace stoa::push
