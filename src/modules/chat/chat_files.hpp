#pragma once
// Files of messages. They lie in the drive, which is known by the name of its entity only; a message names them by
// number. Who may read the message gets signed links to them, so that nothing in the drive has to be shared for it.
// On the transaction's thread. https://github.com/bitrix24/b24restdocs
// api-reference/chats/messages/im-dialog-messages-get.md

#include <map>
#include <string_view>
#include <vector>

#include "api/call.hpp"
#include "model/record.hpp"

namespace stoa::chat {

class People;

/// The parameter as files of the drive that the caller may read: 12, [12, 15], "[12,15]", "disk12", "upload12".
/// Errors name the parameter: no such file, limits::files_per_message_max.
Result<std::vector<RecordId>> read_files(api::Call& call, std::string_view parameter);

/// The numbers in the field FILES of a message.
std::vector<RecordId> files_of(const model::Record& message);

class ChatFiles {
  public:
    explicit ChatFiles(api::Call& call) : call_(call) {}

    /// What the drive has given up meanwhile is skipped.
    Status load(const std::vector<RecordId>& files);
    std::vector<UserId> authors() const;
    bool has(RecordId file) const { return files_.contains(file); }
    Status write(RecordId file, RecordId chat, const People& people) const;
    Status write_all(RecordId chat, const People& people) const;  ///< a list, by number

  private:
    api::Call& call_;
    std::map<RecordId, model::Record> files_;
};

}  // namespace stoa::chat
