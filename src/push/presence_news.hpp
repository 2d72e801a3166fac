#pragma once
// What processes tell each other of who is connected to an account, on a channel of the bus. Values and pure functions,
// any thread.
//
//   came NODE N 17 18       users of whom that process has a connection from now on
//   left NODE N 17          … has none any more
//   here NODE N PART 17 18  all of whom it has; PART is only, first, more or last
//   who NODE N              that process asks the others for their "here"
//   gone NODE N DEAD        that process has not heard of DEAD for too long: whom that one had, it has no more
//
// N grows with everything that the process says of the account: the bus may bring something twice.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::push {

struct PresenceNews {
    enum class Kind : std::uint8_t { came, left, here, who, gone } kind = Kind::who;
    std::string node{};  ///< who says it
    std::uint64_t number = 0;
    std::string dead{};               ///< of gone
    bool begins = true, ends = true;  ///< of here: the first part, the last part
    std::vector<UserId> users{};
    bool operator==(const PresenceNews&) const = default;
};

/// A random name of a process, new at each start: what an earlier one said is not its own.
std::string new_node_name();

/// As many texts as the list of users needs, numbered from its number on: at most limits::push_news_users_max in each.
std::vector<std::string> to_texts(const PresenceNews& news);
/// Errors: invalid_argument (also when it has more users than a text may have).
Result<PresenceNews> presence_news_from(std::string_view text);

}  // namespace stoa::push
