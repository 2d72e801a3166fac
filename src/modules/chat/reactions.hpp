#pragma once
// Reactions to messages: at most one of each user. On the transaction's thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.hpp"
#include "modules/chat/dialogs.hpp"

namespace stoa::chat {

/// Of a page of messages.
class Reactions {
  public:
    explicit Reactions(api::Call& call) : call_(call) {}
    Status load(const std::vector<RecordId>& messages);
    std::vector<UserId> users(RecordId message) const;  ///< whoever reacted, in any way
    /// {"like": [17], "laugh": [3]}
    void write(json::Writer& out, RecordId message) const;
    bool empty(RecordId message) const { return !by_message_.contains(message); }

  private:
    struct One {
        std::string kind;
        UserId user;
    };
    api::Call& call_;
    std::map<RecordId, std::vector<One>> by_message_;
};

bool is_reaction(std::string_view kind);
inline constexpr const char* kLike = "like";

/// Sets the caller's reaction, or takes it away; tells the members. False when that changes nothing.
enum class React : std::uint8_t { toggle, set, remove };
Result<bool> react(api::Call& call, const Found& found, React action, const std::string& kind);

}  // namespace stoa::chat
