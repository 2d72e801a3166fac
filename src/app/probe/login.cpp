#include "app/probe/login.hpp"

#include "app/probe/answers.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kSeedLetters = 32;  ///< a login that is sent again opens no second session

/// The session's cookie as the browser sends it back.
Result<std::string> cookie_of(const Caller::Answer& answer, const char* otherwise) {
    if (!answer.response) return answer.response.error();
    for (const net::Header& header : answer.response->headers) {
        if (equals_any_case(header.name, "Set-Cookie")) return header.value.substr(0, header.value.find(';'));
    }
    return Error{Errc::unauthorized, otherwise};
}

}  // namespace

Result<std::string> use_link(Caller& caller, const std::string& link, const std::string& password) {
    const std::string token = link.substr(link.rfind('/') + 1);
    auto answer = caller.page("/link/" + token, {});
    if (answer.response && answer.response->status != 303 && !password.empty()) {
        std::string form;
        json::Writer out(form);
        out.begin_object().field("name", "Load").field("lastName", "Test").field("password", password);
        out.field("language", "en").field("timeZone", "UTC").field("sessionSeed", random_alnum(kSeedLetters));
        out.end_object();
        answer = caller.post("/api/link/" + token, std::move(form));
    }
    return cookie_of(answer, "The login link was used already. Make another: stoa user login-link --admin");
}

Result<std::string> use_password(Caller& caller, const std::string& email, const std::string& password) {
    std::string form;
    json::Writer out(form);
    out.begin_object().field("email", email).field("password", password);
    out.field("sessionSeed", random_alnum(kSeedLetters)).end_object();
    return cookie_of(caller.post("/api/login", std::move(form)), "The password is wrong.");
}

Result<Person> who_is(Caller& caller, const std::string& cookie) {
    const auto answer = caller.page("/api/session", cookie);
    if (!answer.response) return answer.response.error();
    const auto body = json::parse(answer.response->body);
    const json::Value* user = body ? body->find("user") : nullptr;
    if (!user) return Error{Errc::unauthorized, "The session is not known."};
    return Person{number_of(*user, "id"), {cookie, text_of(*body, "csrf")}};
}

}  // namespace stoa::app::probe
