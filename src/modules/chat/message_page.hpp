#pragma once
// Pages of messages with what belongs to them: people, files, reactions, messages that are answered.
// On the transaction's thread. https://github.com/bitrix24/b24restdocs
// api-reference/chats/messages/im-dialog-messages-get.md

#include <vector>

#include "modules/chat/chat_files.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/people.hpp"
#include "modules/chat/reactions.hpp"

namespace stoa::chat {

class MessagePage {
  public:
    MessagePage(api::Call& call, const Dialog& dialog)
        : call_(call), dialog_(dialog), people_(call), files_(call), reactions_(call) {}

    Status load(std::vector<model::Record> messages);
    /// "messages", "users", "files" and "additionalMessages" of the object that is being written.
    Status write(Keys people_keys = Keys::snake) const;

  private:
    Status load_answered();
    Status load_around();
    void write_list(std::string_view key, const std::vector<model::Record>& messages) const;
    void write_message(const model::Record& message) const;
    void write_params(const model::Record& message) const;

    api::Call& call_;
    const Dialog& dialog_;
    std::vector<model::Record> messages_;
    std::vector<model::Record> answered_;  ///< not on the page themselves
    People people_;
    ChatFiles files_;
    Reactions reactions_;
};

}  // namespace stoa::chat
