#pragma once
// A page of the recent list: the caller's rows with their chats, last messages and people, each read in one go.
// On the transaction's thread. https://github.com/bitrix24/b24restdocs api-reference/chats/im-recent-list.md

#include <map>
#include <vector>

#include "modules/chat/chat_view.hpp"
#include "modules/chat/dialogs.hpp"

namespace stoa::chat {

class RecentPage {
  public:
    explicit RecentPage(api::Call& call) : call_(call), view_(call) {}

    /// Rows of im.member that belong to the caller.
    Status load(std::vector<model::Record> rows);
    void write() const;  ///< a list in the order of the rows

  private:
    Status load_chats(std::vector<model::Record> rows);
    Status load_messages();
    Status load_readers();
    void write_item(const Dialog& dialog) const;
    void write_message(const Dialog& dialog) const;
    UserId shown_user(const Dialog& dialog) const;
    bool is_delivered(const Dialog& dialog, const model::Record& message) const;

    api::Call& call_;
    ChatView view_;
    std::vector<Dialog> dialogs_;
    std::map<RecordId, model::Record> messages_;
    std::map<RecordId, RecordId> read_by_peer_;  ///< private chat → how far the other one has read
};

}  // namespace stoa::chat
