#pragma once
// People: users as the chat shows them, read in one go from the entity `user`. One call's, on its thread.
// https://github.com/bitrix24/b24restdocs api-reference/chats/users/im-user-get.md

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "api/file_links.hpp"
#include "model/record.hpp"

namespace stoa::chat {

enum class Keys : std::uint8_t { snake, camel };  ///< last_name or lastName

class People {
  public:
    explicit People(api::Call& call) : call_(call) {}

    /// Adds these users. Whom a chat shows its members know, so access rules do not apply. 0 and strangers are skipped.
    Status load(const std::vector<UserId>& users);
    /// Adds users that were read already.
    Status add(std::vector<model::Record> users);

    const model::Record* find(UserId user) const;
    std::string name(UserId user) const;  ///< "Anna Weber"; "User 5" for one that is not there
    std::string avatar(UserId user) const;
    std::string color(UserId user) const;
    bool is_extranet(UserId user) const;

    void write(UserId user, Keys keys = Keys::snake) const;  ///< {"id": 0} for one that is not there
    void write_all(Keys keys = Keys::snake) const;           ///< a list, by id

  private:
    void write_phones(const model::Record& user) const;

    api::Call& call_;
    std::optional<api::FileLinks> links_;
    std::map<UserId, model::Record> users_;
    std::map<UserId, std::vector<RecordId>> departments_;
};

/// "Anna Weber", or the e-mail address of somebody without a name.
std::string full_name(const model::Record& user);
/// The key as it is written: "last_name" or "lastName".
std::string key_in(Keys keys, std::string_view snake);
/// The time with the account's offset, ISO 8601.
void write_time(const api::Call& call, json::Writer& out, std::string_view key, UnixSeconds at);

}  // namespace stoa::chat
