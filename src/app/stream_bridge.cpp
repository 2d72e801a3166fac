#include "app/stream_bridge.hpp"

#include <charconv>

#include "modules/notify/notify.hpp"

namespace stoa::app {

namespace {

struct Phrase {
    const char *en, *de, *ru;
};
constexpr Phrase kAddressed{"A post is addressed to you", "Ein Beitrag ist an Sie gerichtet",
                            "Вам адресовано сообщение"};
constexpr Phrase kCommented{"New comment", "Neuer Kommentar", "Новый комментарий"};
constexpr Phrase kLiked{"Your post is liked", "Ihr Beitrag gefällt", "Ваше сообщение понравилось"};

std::string in_language(const model::Records& records, const Phrase& phrase) {
    const std::string& language = records.metadata().account.language;
    return language == "de" ? phrase.de : language == "ru" ? phrase.ru : phrase.en;
}

/// What all notifications about one post have in common.
std::string about(RecordId post) {
    return "BLOG|POST|" + std::to_string(post);
}

notify::Notification notification(const model::Records& records, const model::Record& post, const char* event,
                                  const Phrase& phrase) {
    notify::Notification out;
    out.author = records.actor().user;
    out.module = "blog";
    out.event = event;
    out.tag = about(post.id()) + "|" + event;
    out.sub_tag = about(post.id());
    out.title = in_language(records, phrase);
    out.text = post.text("TITLE");
    out.link = "/stream/" + std::to_string(post.id());
    return out;
}

Status tell(model::Records& records, notify::Notification out, UserId receiver) {
    if (receiver == out.author) return {};
    out.receiver = receiver;
    const auto told = notify::notify(records, out);
    if (told || told.error().field == "USER_ID") return {};  // somebody who is no more
    return told.error();
}

}  // namespace

Status StreamBridge::post_addressed(model::Records& records, const model::Record& post,
                                    const std::vector<std::string>& named) {
    const char* event = post.integer("IMPORTANT") != 0 ? "important" : "post";
    const notify::Notification out = notification(records, post, event, kAddressed);
    for (const std::string& code : named) {
        UserId user = 0;
        if (code.starts_with('U')) std::from_chars(code.data() + 1, code.data() + code.size(), user);
        if (user > 0) STOA_CHECK(tell(records, out, user));
    }
    return {};
}

Status StreamBridge::post_removed(model::Records& records, RecordId post) {
    const auto gone = notify::withdraw(records, "", about(post));
    return gone ? Status() : Status(gone.error());
}

Status StreamBridge::comment_added(model::Records& records, const model::Record& post, const model::Record&,
                                   const std::vector<UserId>& followers) {
    const notify::Notification out = notification(records, post, "comment", kCommented);
    for (const UserId user : followers)
        STOA_CHECK(tell(records, out, user));
    return {};
}

Status StreamBridge::liked(model::Records& records, const model::Record& post, UserId author, UserId) {
    return tell(records, notification(records, post, "like", kLiked), author);
}

}  // namespace stoa::app
