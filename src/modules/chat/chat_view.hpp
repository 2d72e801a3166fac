#pragma once
// ChatView: how chats look on the wire, alone and in lists, with what must be read for it in one go.
// On the transaction's thread. https://github.com/bitrix24/b24restdocs api-reference/chats/im-dialog-get.md,
// im-recent-list.md

#include <map>
#include <vector>

#include "modules/chat/dialogs.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

/// Chats of one page and the caller's rows in them.
class ChatView {
  public:
    explicit ChatView(api::Call& call) : call_(call), people_(call) {}

    /// Reads managers, the other one of private chats, and `more` users.
    Status load(const std::vector<Dialog>& dialogs, std::vector<UserId> more);

    /// The `chat` of a recent list.
    void write_short(const Dialog& dialog) const;
    /// What im.dialog.get and im.search.chat.list show; the caller adds members of its own and ends the object.
    void begin_full(const Dialog& dialog, const std::vector<UserId>& muted) const;
    /// {"url", "color"}
    void write_avatar(const Dialog& dialog) const;
    std::string title(const Dialog& dialog) const;
    const People& people() const { return people_; }
    void write_managers(const Dialog& dialog) const;

  private:
    void write_identity(const Dialog& dialog) const;
    void write_entity(const Dialog& dialog) const;
    void write_rules(const Dialog& dialog, bool upper) const;
    std::string avatar(const Dialog& dialog) const;
    std::string color(const Dialog& dialog) const;

    api::Call& call_;
    People people_;
    std::map<RecordId, std::vector<UserId>> managers_;
    std::map<RecordId, std::string> pictures_;  ///< chat → address of its avatar
};

/// {"17": true}, or [] of nobody.
void write_mute_list(json::Writer& out, const std::vector<UserId>& muted);

}  // namespace stoa::chat
