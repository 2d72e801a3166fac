#include "modules/chat/phrases.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;

namespace {

constexpr std::size_t kNamesMax = 10;  ///< in one sentence; "…" stands for more

struct Phrase {
    std::string_view en, de, ru;
};

// # is who did it, @ whom or what it was done to. Present tense: it has no gender in Russian.
constexpr Phrase kCreated = {"# created the chat", "# hat den Chat erstellt", "# создаёт чат"};
constexpr Phrase kJoined = {"# invited @ to the chat", "# hat @ zum Chat eingeladen", "# приглашает в чат: @"};
constexpr Phrase kEntered = {"# joined the chat", "# ist dem Chat beigetreten", "# присоединяется к чату"};
constexpr Phrase kLeft = {"# left the chat", "# hat den Chat verlassen", "# покидает чат"};
constexpr Phrase kPutOut = {"# removed @ from the chat", "# hat @ aus dem Chat entfernt", "# исключает из чата: @"};
constexpr Phrase kRenamed = {"# changed the chat title to \"@\"", "# hat den Chat in „@“ umbenannt",
                             "# меняет название чата на «@»"};
constexpr Phrase kOwner = {"# made @ the owner of the chat", "# hat @ zum Besitzer des Chats gemacht",
                           "# назначает владельцем чата: @"};
constexpr Phrase kNewChat = {"New chat", "Neuer Chat", "Новый чат"};

std::string_view in_language(const Call& call, const Phrase& phrase) {
    const std::string& language = call.metadata().account.language;
    if (language == "de") return phrase.de;
    if (language == "ru") return phrase.ru;
    return phrase.en;
}

/// Clients show a link with the name as it is by then.
std::string mention(const People& people, UserId user) {
    return "[USER=" + std::to_string(user) + " REPLACE]" + people.name(user) + "[/USER]";
}

std::string mentions(const People& people, const std::vector<UserId>& users) {
    std::string out;
    for (std::size_t i = 0; i < users.size(); ++i) {
        if (i == kNamesMax) return out + ", …";
        out += (i == 0 ? "" : ", ") + mention(people, users[i]);
    }
    return out;
}

std::string fill(std::string_view phrase, const std::string& who, const std::string& whom) {
    std::string out;
    for (const char c : phrase) {
        if (c == '#') {
            out += who;
        } else if (c == '@') {
            out += whom;
        } else {
            out += c;
        }
    }
    return out;
}

Result<std::string> say(Call& call, const Phrase& phrase, const std::vector<UserId>& users, std::string object = {}) {
    People people(call);
    std::vector<UserId> named(users.begin(),
                              users.begin() + static_cast<std::ptrdiff_t>(std::min(users.size(), kNamesMax)));
    named.push_back(call.actor().user);
    STOA_CHECK(people.load(named));
    if (object.empty()) object = mentions(people, users);
    return fill(in_language(call, phrase), mention(people, call.actor().user), object);
}

}  // namespace

Result<std::string> created_phrase(Call& call) {
    return say(call, kCreated, {});
}

Result<std::string> joined_phrase(Call& call, const std::vector<UserId>& users) {
    const bool himself = users.size() == 1 && users.front() == call.actor().user;
    return say(call, himself ? kEntered : kJoined, users);
}

Result<std::string> left_phrase(Call& call, UserId user) {
    return say(call, user == call.actor().user ? kLeft : kPutOut, {user});
}

Result<std::string> renamed_phrase(Call& call, const std::string& title) {
    return say(call, kRenamed, {}, title);
}

Result<std::string> owner_phrase(Call& call, UserId owner) {
    return say(call, kOwner, {owner});
}

Result<std::string> default_title(Call& call, const std::vector<UserId>& users) {
    if (users.empty()) return std::string(in_language(call, kNewChat));
    People people(call);
    std::vector<UserId> named(users.begin(),
                              users.begin() + static_cast<std::ptrdiff_t>(std::min(users.size(), kNamesMax)));
    named.insert(named.begin(), call.actor().user);
    STOA_CHECK(people.load(named));
    std::string title;
    for (const UserId user : named)
        title += (title.empty() ? "" : ", ") + people.name(user);
    return std::string(utf8_prefix(title, limits::title_characters_max));
}

}  // namespace stoa::chat
