// Coming and going: session, login, logout, one-time links, sign-up.

#include "base/crypto.hpp"
#include "modules/accounts/users.hpp"
#include "pages/portal_api.hpp"

namespace stoa::pages {

namespace {

struct Who {
    accounts::User user;
    accounts::Account account;
};

Result<Who> read_who(const ApiCall& call, AccountId account, UserId user) {
    Who who;
    const accounts::Services& services = call.services.accounts;
    STOA_CHECK(services.database.read(account, [&](db::Tx& tx) -> Status {
        STOA_TRY(who.user, accounts::load_user(services, tx, user));
        STOA_TRY(who.account, accounts::load_account(tx));
        return {};
    }));
    return who;
}

Result<ApiAnswer> get_session(ApiCall& call) {
    const model::Actor& actor = call.identity->actor;
    STOA_TRY(const Who who, read_who(call, actor.account, actor.user));
    const auto& [user, account] = who;
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object();
    out.key("user").begin_object();
    out.field("id", user.id).field("name", user.name).field("lastName", user.last_name).field("email", user.email);
    out.field("isAdmin", user.role == model::Role::admin);
    out.field("language", user.language.empty() ? account.language : user.language);
    out.field("timeZone", user.time_zone.empty() ? account.time_zone : user.time_zone);
    out.end_object();
    out.key("account").begin_object();
    out.field("id", account.id).field("name", account.name).field("currency", account.currency);
    out.field("timeZone", account.time_zone).field("demo", account.demo);
    out.field("selfSignup", call.services.sign_up_open);
    out.end_object();
    out.field("csrf", accounts::csrf_token(call.cookie));
    out.field("firstRun", account.first_run && user.role == model::Role::admin);
    out.field("version", call.services.version);
    out.end_object();
    return answer;
}

ApiAnswer logged_in(const accounts::LoginOutcome& outcome) {
    ApiAnswer answer;
    answer.cookie = outcome.cookie;
    answer.body = R"({"ok":true})";
    return answer;
}

Result<ApiAnswer> log_in(ApiCall& call) {
    accounts::LoginRequest request;
    STOA_TRY(request.email, call.text("email"));
    STOA_TRY(request.password, call.text("password", 1024));
    STOA_TRY(request.session_seed, call.text("sessionSeed"));
    request.host = call.request.header("Host");
    if (const json::Value* account = call.body.find("accountId")) request.account = account->as_integer().value_or(0);
    STOA_TRY(const accounts::LoginOutcome outcome, call.services.logins.log_in(request, call.client, call.receipt));
    if (!outcome.cookie.empty()) return logged_in(outcome);
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object().key("accounts").begin_array();
    for (const accounts::Account& account : outcome.accounts) {
        out.begin_object().field("id", account.id).field("name", account.name).field("url", account.url).end_object();
    }
    out.end_array().end_object();
    return answer;
}

/// A session that has ended already is what the page wants: perhaps this request has ended it when it was sent before.
/// The CSRF token follows from the cookie, so it can be asked for even then.
Result<ApiAnswer> log_out(ApiCall& call) {
    ApiAnswer answer;
    answer.clear_cookie = true;
    const std::string_view csrf = call.request.header("X-Stoa-CSRF");
    const auto identity = call.services.authenticator.by_session(call.cookie, csrf);
    if (!identity) {
        const bool ended = identity.error().code == Errc::unauthorized && !call.cookie.empty() &&
                           equal_constant_time(accounts::csrf_token(call.cookie), csrf);
        if (!ended) return identity.error();
        return answer;
    }
    const model::Actor& actor = (*identity)->actor;
    STOA_CHECK(call.services.logins.log_out(call.cookie, actor.account, actor.user, call.client, call.receipt));
    return answer;
}

Result<ApiAnswer> get_link(ApiCall& call) {
    const accounts::Services& services = call.services.accounts;
    STOA_TRY(const auto link, accounts::find_link(services.database, call.argument, services.now()));
    if (!link || link->kind == accounts::LinkKind::login) {
        return not_found("This link was used already or is too old. Ask for a new one.", "LINK_NOT_FOUND");
    }
    STOA_TRY(const Who who, read_who(call, link->account, link->user));
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object().field("kind", accounts::to_string(link->kind)).field("email", who.user.email);
    out.field("name", who.user.name)
        .field("lastName", who.user.last_name)
        .field("company", who.account.name)
        .end_object();
    return answer;
}

Result<ApiAnswer> accept_link(ApiCall& call) {
    accounts::LinkForm form;
    STOA_TRY(form.name, call.text("name", 100));
    STOA_TRY(form.last_name, call.text("lastName", 100));
    STOA_TRY(form.password, call.text("password", 1024));
    STOA_TRY(form.language, call.text("language", 8));
    STOA_TRY(form.time_zone, call.text("timeZone", 64));
    STOA_TRY(form.currency, call.text("currency", 3));
    STOA_TRY(form.session_seed, call.text("sessionSeed"));
    STOA_TRY(const accounts::LoginOutcome outcome,
             call.services.logins.accept_link(call.argument, form, call.client, call.receipt));
    return logged_in(outcome);
}

Result<ApiAnswer> sign_up(ApiCall& call) {
    if (!call.services.sign_up_open)
        return forbidden("Sign-up is closed. Ask an administrator for an invitation.", "SIGNUP_CLOSED");
    SignUp form;
    STOA_TRY(form.company, call.text("company"));
    STOA_TRY(form.name, call.text("name", 100));
    STOA_TRY(form.last_name, call.text("lastName", 100));
    STOA_TRY(form.email, call.text("email"));
    STOA_TRY(form.password, call.text("password", 1024));
    STOA_TRY(form.language, call.text("language", 2));
    STOA_TRY(form.time_zone, call.text("timeZone", 64));
    STOA_TRY(form.currency, call.text("currency", 3));
    STOA_TRY(form.session_seed, call.text("sessionSeed"));
    form.url = call.base_url();
    auto outcome = call.services.sign_up(form, call.client, call.receipt);
    if (!outcome) {
        Error error = std::move(outcome).error();
        if (error.field == "name") error.field = "company";
        if (error.field == "EMAIL") {
            error.field = "email";
            error.message = "This is no e-mail address.";
        }
        return error;
    }
    return logged_in(*outcome);
}

}  // namespace

const std::vector<ApiRoute>& session_routes() {
    static const std::vector<ApiRoute> routes = {
        {"GET", kSessionPath, Door::session, &get_session}, {"POST", "/api/login", Door::site, &log_in},
        {"POST", "/api/logout", Door::site, &log_out},      {"GET", "/api/link/", Door::open, &get_link},
        {"POST", "/api/link/", Door::site, &accept_link},   {"POST", "/api/signup", Door::site, &sign_up},
    };
    return routes;
}

}  // namespace stoa::pages
