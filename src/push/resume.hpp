#pragma once
// What a client that comes back lacks: it names the last message that it has, and may name tags with positions of their
// own. Pure function.
//
// A message has one place in the order of its account. So what came on a tag behind the client's own position is
// delivered like everything else; what came before it cannot be told any more, and that tag is lacking: the client
// loads anew what it shows of it, and nothing else.

#include <functional>
#include <string>
#include <vector>

#include "push/history.hpp"

namespace stoa::push {

struct Session;

struct Resumed {
    bool recovered = true;               ///< false: it must load everything anew, whatever it watches
    std::vector<std::string> lacking{};  ///< routes of the session's tags of which something is lacking
};

/// `missed` gets what it lacks and can be told, in order.
Resumed resume(const History& history, const Session& session, const std::function<void(const EntryPtr&)>& missed);

}  // namespace stoa::push
