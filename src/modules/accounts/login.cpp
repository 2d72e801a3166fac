#include "modules/accounts/login.hpp"

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/users.hpp"

namespace stoa::accounts {

namespace {

Error wrong_login() {
    return {Errc::unauthorized, "The e-mail or the password is wrong.", {}, "INVALID_CREDENTIALS"};
}
Error dead_link() {
    return not_found("This link was used already or is too old. Ask for a new one.", "LINK_NOT_FOUND");
}

/// A hash of nothing in particular: unknown e-mails cost as much as wrong passwords, so that time tells nothing.
const std::string& decoy_hash() {
    static const std::string hash = hash_password(new_secret());
    return hash;
}

Status note_login(const Services& services, db::WriteTx& tx, UserId user) {
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    const model::Entity& users = services.model.registry.entity(kUserEntity);
    model::Changes changes(users);
    changes.set("LAST_LOGIN", services.now());
    changes.set("LAST_ACTIVITY_DATE", services.now());
    return records.update(user, std::move(changes));
}

}  // namespace

Result<bool> LoginService::password_fits(std::string_view hash, std::string_view password) {
    struct Turn {
        std::atomic<int>& count;
        int mine;
        explicit Turn(std::atomic<int>& c) : count(c), mine(c.fetch_add(1)) {}
        ~Turn() { count.fetch_sub(1); }
    } turn(password_checks_);
    if (turn.mine >= kPasswordChecksMax) {
        Error error{Errc::busy, "Many people log in at the moment. Try again.", {}, "OVERLOAD"};
        error.retry_after_s = 1;
        return error;
    }
    return verify_password(hash, password);
}

Result<LoginOutcome> LoginService::log_in(const LoginRequest& request, const Client& client, const Receipt& receipt) {
    if (request.email.empty()) return invalid("Enter your e-mail.", "email");
    if (request.password.empty()) return invalid("Enter your password.", "password");
    if (request.password.size() > kPasswordBytesMax || !is_valid_utf8(request.email)) return wrong_login();
    STOA_CHECK(throttle_.check(request.email, client.remote_address));
    STOA_TRY(const auto logins, find_logins(services_.database, request.email));

    std::vector<Login> fitting;
    for (const Login& login : logins) {
        if (login.password_hash.empty() || (request.account != 0 && login.account != request.account)) continue;
        STOA_TRY(const bool fits, password_fits(login.password_hash, request.password));
        if (fits) fitting.push_back(login);
    }
    if (fitting.empty()) {
        if (logins.empty()) {
            STOA_TRY(const bool never, password_fits(decoy_hash(), request.password));
            (void)never;
        }
        STOA_CHECK(note_failure(request, client, logins.empty() ? 0 : logins.front().account,
                                logins.empty() ? 0 : logins.front().user, receipt));
        return wrong_login();
    }

    LoginOutcome outcome;
    const Login* chosen = fitting.size() == 1 ? &fitting.front() : nullptr;
    if (!chosen) {
        for (const Login& login : fitting) {
            STOA_TRY(Account account, load_account(services_.database, login.account));
            const bool here = host_of_url(account.url) == to_lower_ascii(request.host);
            outcome.accounts.push_back(std::move(account));
            if (here && !chosen) chosen = &login;
        }
        if (!chosen) return outcome;
        outcome.accounts.clear();
    }
    STOA_TRY(outcome.cookie, open_session(chosen->account, chosen->user, request.session_seed, client, receipt));
    outcome.account_id = chosen->account;
    outcome.user = chosen->user;
    throttle_.succeeded(request.email, client.remote_address);
    return outcome;
}

Status LoginService::note_failure(const LoginRequest& request, const Client& client, AccountId account, UserId user,
                                  const Receipt& receipt) {
    throttle_.failed(request.email, client.remote_address);  // a repetition counts, too: it may be a new guess
    if (account == 0) return {};
    const auto written = services_.write(account, receipt.step("failed"), [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(write_audit(services_, tx, {.type = "USER_LOGIN_FAILED", .item = std::to_string(user)}, client));
        return std::string();
    });
    return written ? Status() : Status(written.error());
}

Result<std::string> LoginService::open_session(AccountId account, UserId user, std::string_view seed,
                                               const Client& client, const Receipt& receipt) {
    const bool seeded = receipt.repeatable && seed.size() >= kSeedCharactersMin;
    const std::string cookie = seeded ? receipt.secret("login", seed) : new_secret();
    STOA_TRY(const db::WriteOutcome outcome,
             services_.write(account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
                 STOA_CHECK(insert_session(tx, cookie, user, client, services_.now()));
                 STOA_CHECK(note_login(services_, tx, user));
                 const AuditEntry entry{.type = "USER_AUTHORIZE", .item = std::to_string(user), .user = user};
                 STOA_CHECK(write_audit(services_, tx, entry, client));
                 return std::string();
             }));
    if (outcome.replayed && !seeded) {
        // Nobody can know the first cookie again. Its session stays: a process that was stopped while it had the
        // request may come here after the other's answer was given, and must not end the session of that answer.
        STOA_CHECK(services_.write(
            account, [&](db::WriteTx& tx) { return insert_session(tx, cookie, user, client, services_.now()); }));
    }
    return cookie;
}

Status LoginService::log_out(std::string_view cookie, AccountId account, UserId user, const Client& client,
                             const Receipt& receipt) {
    const auto written = services_.write(account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(remove_session(tx, cookie));
        services_.revocations.revoke_on_commit(tx);
        const AuditEntry entry{.type = "USER_LOGOUT", .item = std::to_string(user), .user = user};
        STOA_CHECK(write_audit(services_, tx, entry, client));
        return std::string();
    });
    return written ? Status() : Status(written.error());
}

/// A used link is gone, but a repetition of the request that used it can name the session that this opened, and so the
/// account whose receipt decides. (`cookie`: what the request is handed out.)
Result<Link> LoginService::usable_link(std::string_view token, bool logs_in, std::string_view cookie,
                                       const Receipt& receipt) {
    STOA_TRY(const auto link, find_link(services_.database, token, services_.now()));
    // Who has a link that only logs in may not choose a password with it.
    if (link) return (link->kind == LinkKind::login) == logs_in ? Result<Link>(*link) : dead_link();
    if (!receipt.repeatable) return dead_link();
    STOA_TRY(const auto session, find_session(services_.database, cookie, services_.now()));
    if (!session) return dead_link();
    return Link{.account = session->account, .user = session->user, .kind = LinkKind::login};
}

Result<LoginOutcome> LoginService::accept_link(std::string_view token, const LinkForm& form, const Client& client,
                                               const Receipt& receipt) {
    const std::string cookie = receipt.secret("accepted link", std::string(token) + "\n" + form.session_seed);
    STOA_TRY(const Link link, usable_link(token, false, cookie, receipt));
    STOA_CHECK(check_password(form.password));
    if (form.name.empty()) return invalid("Enter your name.", "name");
    const std::string hash = hash_password(form.password);
    const auto written = services_.write(link.account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
        const UnixSeconds now = services_.now();
        STOA_CHECK(use_link(tx, token, link.user, now));
        if (link.kind == LinkKind::admin) {
            AccountChanges account;
            if (!form.currency.empty()) account.currency = form.currency;
            if (!form.time_zone.empty()) account.time_zone = form.time_zone;
            if (!form.language.empty()) account.language = form.language;
            STOA_CHECK(update_account(tx, account));
            services_.model.metadata.invalidate_on_commit(tx);
        }
        STOA_TRY(model::Records records, services_.records(tx, model::Actor::make_system(link.account)));
        model::Changes changes(services_.model.registry.entity(kUserEntity));
        changes.set("NAME", form.name);
        changes.set("LAST_NAME", form.last_name);
        if (!form.language.empty()) changes.set("LANGUAGE_ID", form.language);
        if (!form.time_zone.empty()) changes.set("TIME_ZONE", form.time_zone);
        changes.set("LAST_LOGIN", now);
        changes.set("LAST_ACTIVITY_DATE", now);
        STOA_CHECK(records.update(link.user, std::move(changes)));
        STOA_CHECK(set_password_hash(tx, link.user, hash, now));
        STOA_CHECK(remove_sessions_of(tx, link.user));
        services_.revocations.revoke_on_commit(tx);
        STOA_CHECK(insert_session(tx, cookie, link.user, client, now));
        const AuditEntry entry{.type = "USER_AUTHORIZE", .item = std::to_string(link.user), .user = link.user};
        STOA_CHECK(write_audit(services_, tx, entry, client));
        return std::string();
    });
    if (!written) return written.error();
    return LoginOutcome{cookie, link.account, link.user, {}};
}

Result<LoginOutcome> LoginService::log_in_by_link(std::string_view token, const Client& client,
                                                  const Receipt& receipt) {
    const std::string cookie = receipt.secret("login link", token);
    STOA_TRY(const Link link, usable_link(token, true, cookie, receipt));
    const auto written = services_.write(link.account, receipt, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(use_link(tx, token, link.user, services_.now()));
        STOA_CHECK(insert_session(tx, cookie, link.user, client, services_.now()));
        STOA_CHECK(note_login(services_, tx, link.user));
        const AuditEntry entry{.type = "USER_AUTHORIZE", .item = std::to_string(link.user), .user = link.user};
        STOA_CHECK(write_audit(services_, tx, entry, client));
        return std::string();
    });
    if (!written) return written.error();
    return LoginOutcome{cookie, link.account, link.user, {}};
}

}  // namespace stoa::accounts
