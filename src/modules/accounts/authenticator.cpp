#include "modules/accounts/authenticator.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "base/crypto.hpp"
#include "base/fibers.hpp"
#include "modules/accounts/oauth.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/sessions.hpp"
#include "modules/accounts/users.hpp"
#include "modules/accounts/webhooks.hpp"

namespace stoa::accounts {

namespace {

/// Event tokens live an hour; one that is handed out has at least half of it left.
constexpr std::int64_t kEventAuthReuseMs = 30 * 60 * 1000;
constexpr std::size_t kEventAuthsMax = 1'024;
constexpr std::size_t kCredentialBytesMax = 128;

/// Kind, user and credential in one key, without an allocation.
class Key {
  public:
    Key(char kind, UserId user, std::string_view credential) {
        buffer_[size_++] = kind;
        const auto end = std::to_chars(buffer_.data() + size_, buffer_.data() + size_ + 20, user);
        size_ = static_cast<std::size_t>(end.ptr - buffer_.data());
        buffer_[size_++] = ':';
        std::memcpy(buffer_.data() + size_, credential.data(), credential.size());
        size_ += credential.size();
    }
    operator std::string_view() const { return {buffer_.data(), size_}; }  // NOLINT: implicit on purpose

  private:
    std::array<char, kCredentialBytesMax + 24> buffer_;
    std::size_t size_ = 0;
};

Error bad_webhook() {
    return {Errc::unauthorized, "Invalid request credentials", {}, "INVALID_CREDENTIALS"};
}
Error bad_token() {
    return {Errc::unauthorized, "Unable to get application by token", {}, "invalid_token"};
}
Error old_token() {
    return {Errc::unauthorized, "The access token provided has expired.", {}, "expired_token"};
}
Error no_session() {
    return {Errc::unauthorized, "Log in first.", {}, "NO_AUTH_FOUND"};
}

void set_scopes(api::Identity& identity, std::string_view scopes) {
    identity.all_scopes = scopes == kAllScopes;
    if (!identity.all_scopes) identity.scopes = split_scopes(scopes);
}

Result<model::Actor> read_actor(const Services& services, AccountId account, UserId user) {
    model::Actor actor;
    STOA_CHECK(services.database.read(account, [&](db::Tx& tx) -> Status {
        STOA_TRY(actor, load_actor(services, tx, user));
        return {};
    }));
    return actor;
}

}  // namespace

AccountAuthenticator::AccountAuthenticator(const Services& services, UsageNotes& notes, SharedIdentities* shared)
    : services_(services),
      notes_(notes),
      shared_(shared),
      entries_(kEntriesMax, kEntryLifetimeMs, services.model.clock),
      event_auths_(kEventAuthsMax, kEventAuthReuseMs, services.model.clock) {}

Result<AccountAuthenticator::Known> AccountAuthenticator::find(std::string_view key, std::string_view credential,
                                                               Load load) {
    if (auto entry = cached(key)) return entry;
    if (!shared_ && !services_.database.blocks()) {
        STOA_TRY(Known entry, load());
        entries_.put(key, entry);
        return entry;
    }
    if (Fibers::of_this_thread() != nullptr) return must_wait();
    const auto elsewhere = [&] { return find_elsewhere(key, credential, load); };
    auto entry = look_ups_.run(key, elsewhere);
    // Perhaps found by a look-up that began before somebody revoked it, and this caller came after that.
    if (entry && !is_current(**entry)) return find_elsewhere(key, credential, load);
    return entry;
}

Result<AccountAuthenticator::Known> AccountAuthenticator::find_elsewhere(std::string_view key,
                                                                         std::string_view credential, Load load) {
    if (auto entry = cached(key)) return entry;  // of the look-up that has just ended
    const std::string key_hash = shared_ ? secret_hash(key) : "";
    if (shared_) {
        if (auto entry = taken_over(key_hash, credential)) {
            entries_.put(key, entry);
            return entry;
        }
    }
    STOA_TRY(Known entry, load());
    entries_.put(key, entry);
    if (shared_) share(key_hash, *entry);
    return entry;
}

AccountAuthenticator::Known AccountAuthenticator::cached(std::string_view key) {
    auto entry = entries_.get(key);
    return entry && is_current(*entry) ? entry : nullptr;
}

bool AccountAuthenticator::is_current(const Entry& entry) const {
    const Revocations& revocations = services_.revocations;
    if (entry.revocation != revocations.number(entry.identity->actor.account)) return false;
    if (revocations.reliable() && !entry.taken_over) return true;  // this process's cache knows its age
    const std::int64_t lifetime = revocations.reliable() ? kEntryLifetimeMs / 1'000 : kUnreliableSeconds;
    return services_.now() - entry.loaded_at < lifetime;
}

std::shared_ptr<AccountAuthenticator::Entry> AccountAuthenticator::new_entry(AccountId account) {
    auto entry = std::make_shared<Entry>();
    entry->revocation = services_.revocations.number(account);
    if (shared_) entry->revision = shared_->revision(account);
    entry->loaded_at = services_.now();
    return entry;
}

/// From the shared cache: as good as loaded, if nothing was revoked since another process asked the database.
AccountAuthenticator::Known AccountAuthenticator::taken_over(std::string_view key_hash, std::string_view credential) {
    auto known = shared_->find(key_hash);
    if (!known || known->loaded_at > services_.now()) return nullptr;  // a clock that is ahead cannot tell the age
    const AccountId account = known->identity.actor.account;
    // In this order: a revocation that had ended before has changed the revision that is read now.
    if (shared_->revoking(account)) return nullptr;
    auto entry = new_entry(account);
    if (entry->revision != known->revision) return nullptr;
    if (known->identity.through == api::Through::application) known->identity.access_token = credential;
    entry->identity = std::make_shared<const api::Identity>(std::move(known->identity));
    entry->expires_at = known->expires_at;
    entry->loaded_at = known->loaded_at;
    entry->taken_over = true;
    entry->hash = secret_hash(credential);
    entry->noted_at = known->noted_at;
    return is_current(*entry) ? entry : nullptr;
}

void AccountAuthenticator::share(std::string_view key_hash, const Entry& entry) {
    SharedIdentities::Known known;
    known.identity = *entry.identity;
    known.identity.access_token.clear();
    known.expires_at = entry.expires_at;
    known.noted_at = entry.noted_at;
    known.loaded_at = entry.loaded_at;
    known.revision = entry.revision;
    shared_->store(key_hash, known);
}

bool AccountAuthenticator::first_use(const Entry& entry) const {
    const UnixSeconds now = services_.now();
    UnixSeconds noted = entry.noted_at.load(std::memory_order_relaxed);
    return now - noted >= UsageNotes::kIntervalSeconds &&
           entry.noted_at.compare_exchange_strong(noted, now, std::memory_order_relaxed);
}

Result<std::shared_ptr<const api::Identity>> AccountAuthenticator::by_webhook(UserId user, std::string_view code) {
    if (code.empty() || code.size() > kCredentialBytesMax) return bad_webhook();
    const Key key('w', user, code);
    STOA_TRY(const Known entry, find(key, code, [&] { return load_webhook(user, code); }));
    if (first_use(*entry)) notes_.note_webhook(entry->hash, entry->identity->actor.account, services_.now());
    return entry->identity;
}

Result<AccountAuthenticator::Known> AccountAuthenticator::load_webhook(UserId user, std::string_view code) {
    STOA_TRY(const auto webhook, find_webhook(services_.database, code));
    if (!webhook || webhook->user != user) return bad_webhook();
    auto entry = new_entry(webhook->account);
    // Again, now that the number is taken: a removal in between must not be cached.
    STOA_TRY(const auto still_there, find_webhook(services_.database, code));
    if (!still_there) return bad_webhook();
    auto identity = std::make_shared<api::Identity>();
    auto actor = read_actor(services_, webhook->account, user);
    if (!actor) return actor.error().code == Errc::unauthorized ? bad_webhook() : std::move(actor).error();
    identity->actor = *std::move(actor);
    identity->through = api::Through::webhook;
    set_scopes(*identity, webhook->scopes);
    identity->credential_id = webhook->id;
    entry->identity = std::move(identity);
    entry->hash = secret_hash(code);
    entry->noted_at = webhook->used_at;
    return Known(std::move(entry));
}

Result<std::shared_ptr<const api::Identity>> AccountAuthenticator::by_token(std::string_view access_token) {
    if (access_token.empty() || access_token.size() > kCredentialBytesMax) return bad_token();
    const Key key('t', 0, access_token);
    STOA_TRY(const Known entry, find(key, access_token, [&] { return load_token(access_token); }));
    if (entry->expires_at <= services_.now()) return old_token();
    return entry->identity;
}

Result<AccountAuthenticator::Known> AccountAuthenticator::load_token(std::string_view token) {
    STOA_TRY(const auto known, find_access_token(services_.database, token));
    if (!known) return bad_token();
    auto entry = new_entry(known->account);
    STOA_TRY(const auto still_there, find_access_token(services_.database, token));
    if (!still_there) return bad_token();
    auto identity = std::make_shared<api::Identity>();
    auto actor = read_actor(services_, known->account, known->user);
    if (!actor) return actor.error().code == Errc::unauthorized ? bad_token() : std::move(actor).error();
    identity->actor = *std::move(actor);
    identity->through = api::Through::application;
    set_scopes(*identity, known->scopes);
    identity->client_id = known->client_id;
    identity->credential_id = known->app_id;
    identity->access_token = token;
    identity->expires_at = known->expires_at;
    entry->identity = std::move(identity);
    entry->expires_at = known->expires_at;
    return Known(std::move(entry));
}

Result<std::shared_ptr<const api::Identity>> AccountAuthenticator::by_session(std::string_view cookie,
                                                                              std::string_view csrf) {
    STOA_TRY(auto identity, by_cookie(cookie));
    if (!equal_constant_time(csrf_token(cookie), csrf)) {
        return Error{Errc::forbidden, "The page is out of date. Reload it.", {}, "INVALID_CSRF"};
    }
    return identity;
}

Result<std::shared_ptr<const api::Identity>> AccountAuthenticator::by_cookie(std::string_view cookie) {
    if (cookie.size() != kSecretCharacters) return no_session();
    const Key key('s', 0, cookie);
    STOA_TRY(const Known entry, find(key, cookie, [&] { return load_session(cookie); }));
    if (entry->expires_at <= services_.now()) return no_session();
    if (first_use(*entry)) {
        const model::Actor& actor = entry->identity->actor;
        notes_.note_session(entry->hash, actor.account, actor.user, services_.now());
    }
    return entry->identity;
}

Result<AccountAuthenticator::Known> AccountAuthenticator::load_session(std::string_view cookie) {
    STOA_TRY(const auto session, find_session(services_.database, cookie, services_.now()));
    if (!session) return no_session();
    auto entry = new_entry(session->account);
    STOA_TRY(const auto still_there, find_session(services_.database, cookie, services_.now()));
    if (!still_there) return no_session();
    auto identity = std::make_shared<api::Identity>();
    auto actor = read_actor(services_, session->account, session->user);
    if (!actor) return actor.error().code == Errc::unauthorized ? no_session() : std::move(actor).error();
    identity->actor = *std::move(actor);
    identity->through = api::Through::session;
    identity->all_scopes = true;
    identity->expires_at = session->expires_at();
    entry->identity = std::move(identity);
    entry->expires_at = session->expires_at();
    entry->hash = secret_hash(cookie);
    entry->noted_at = session->seen_at;
    return Known(std::move(entry));
}

Result<std::shared_ptr<const api::Identity>> AccountAuthenticator::by_signed_link(AccountId account, UserId user) {
    const std::string text = std::to_string(account);
    const Key key('l', user, text);
    STOA_TRY(const Known entry, find(key, text, [&] { return load_linked(account, user); }));
    return entry->identity;
}

Result<AccountAuthenticator::Known> AccountAuthenticator::load_linked(AccountId account, UserId user) {
    auto entry = new_entry(account);
    auto identity = std::make_shared<api::Identity>();
    STOA_TRY(identity->actor, read_actor(services_, account, user));
    identity->through = api::Through::session;
    identity->all_scopes = true;
    entry->identity = std::move(identity);
    return Known(std::move(entry));
}

Result<api::Authenticator::EventAuth> AccountAuthenticator::issue_event_auth(AccountId account,
                                                                             std::string_view client_id, UserId user) {
    const std::string key = std::to_string(account) + ":" + std::to_string(user) + ":" + std::string(client_id) + ":" +
                            std::to_string(services_.revocations.number(account));
    if (const auto known = event_auths_.get(key)) return *known;
    STOA_TRY(const auto app, find_app(services_.database, client_id));
    if (!app || app->account != account) return not_found("There is no such application.");
    EventAuth auth;
    auth.client_id = app->client_id;
    auth.application_token = app->application_token;
    auth.scope = app->scopes;
    if (user != 0) {
        const std::string token = new_secret();
        const UnixSeconds expires_at = services_.now() + kAccessTokenSeconds;
        STOA_CHECK(services_.write(account, [&](db::WriteTx& tx) {
            return insert_token(tx, token, TokenKind::access, app->client_id, user, expires_at);
        }));
        auth.access_token = token;
        auth.expires_at = expires_at;
    }
    event_auths_.put(key, std::make_shared<const EventAuth>(auth));
    return auth;
}

}  // namespace stoa::accounts
