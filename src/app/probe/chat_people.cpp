#include "app/probe/chat_people.hpp"

#include "app/probe/answers.hpp"
#include "base/crypto.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kPasswordLetters = 24;

/// Known to whoever knows the portal's webhook, and to nobody else; so it needs to be kept nowhere.
std::string password_of(const Target& target, const std::string& email) {
    return sha256_hex(target.webhook + " " + email).substr(0, kPasswordLetters);
}

/// A link for somebody who has no password yet; empty: has one.
Result<std::string> invite(Caller& caller, const Person& admin, const std::string& email) {
    std::string form;
    json::Writer out(form);
    out.begin_object().field("email", email).field("name", "Chat").field("lastName", email).field("role", "employee");
    out.end_object();
    const auto answer = caller.post("/api/invite", std::move(form), admin.login);
    if (!answer.response) return answer.response.error();
    const auto body = json::parse(answer.response->body);
    if (body && body->find("link")) return text_of(*body, "link");
    const json::Value* const error = body ? body->find("error") : nullptr;
    if (error && text_of(*error, "code") == "ALREADY_EXISTS") return std::string();
    return Error{Errc::unavailable, "Nobody can be invited: " + std::to_string(answer.response->status) + " " +
                                        answer.response->body.substr(0, 200)};
}

}  // namespace

Result<std::vector<Person>> chat_people(const Target& target, const std::string& admin_link, int count) {
    Measures ignored;
    Caller caller(target, {10'000, 20'000}, ignored);
    STOA_TRY(const std::string cookie, use_link(caller, admin_link, random_alnum(kPasswordLetters)));
    STOA_TRY(const Person admin, who_is(caller, cookie));
    std::vector<Person> people;
    for (int i = 1; i <= count; ++i) {
        const std::string email = "chat" + std::to_string(i) + "@example.org";
        const std::string password = password_of(target, email);
        STOA_TRY(const std::string link, invite(caller, admin, email));
        STOA_TRY(const std::string own,
                 link.empty() ? use_password(caller, email, password) : use_link(caller, link, password));
        STOA_TRY(Person person, who_is(caller, own));
        people.push_back(std::move(person));
    }
    return people;
}

}  // namespace stoa::app::probe
