#include "app/notify_bridge.hpp"

#include "modules/notify/limits.hpp"

namespace stoa::app {

namespace {

/// One call of withdraw() has a limit; so many calls take back what one thing can have told.
constexpr int kWithdrawalsMax = 10;

}  // namespace

std::string in_language(const model::Records& records, const Phrase& phrase) {
    const std::string& language = records.metadata().account.language;
    return language == "de" ? phrase.de : language == "ru" ? phrase.ru : phrase.en;
}

std::string link_text(const model::Records& records, const std::string& path, const std::string& title) {
    return "[URL=" + records.metadata().account.url + path + "]" + title + "[/URL]";
}

Status tell(model::Records& records, notify::Notification out, UserId receiver) {
    if (receiver <= 0 || receiver == out.author) return {};
    out.receiver = receiver;
    const auto told = notify::notify(records, out);
    if (told || told.error().field == "USER_ID") return {};  // somebody who is no more
    return told.error();
}

Status take_back(model::Records& records, const std::string& sub_tag) {
    for (int call = 0; call < kWithdrawalsMax; ++call) {
        STOA_TRY(const std::int64_t gone, notify::withdraw(records, "", sub_tag));
        if (gone < limits::notify_withdrawn_at_once_max) return {};
    }
    return {};
}

}  // namespace stoa::app
