#include "app/stream_bridge.hpp"

#include <charconv>

#include "app/notify_bridge.hpp"

namespace stoa::app {

namespace {

constexpr Phrase kAddressed{"A post is addressed to you", "Ein Beitrag ist an Sie gerichtet",
                            "Вам адресовано сообщение"};
constexpr Phrase kCommented{"New comment", "Neuer Kommentar", "Новый комментарий"};
constexpr Phrase kLiked{"Your post is liked", "Ihr Beitrag gefällt", "Ваше сообщение понравилось"};

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

}  // namespace

Status StreamBridge::post_addressed(model::Records& records, const model::Record& post,
                                    const std::vector<std::string>& named) {
    if (!post.text("SOURCE").empty()) return {};  // the program's own: its readers hear of the thing itself
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
    return take_back(records, about(post));
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
