#include "modules/accounts/shared_identities.hpp"

#include "base/random.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::accounts {
namespace {

constexpr cache::Space kIdentity{"id", 2};
constexpr cache::Space kRevision{"rev", 1};
constexpr int kRevisionLifetimeS = 24 * 3600;
constexpr std::size_t kRevisionCharacters = 12;
constexpr std::size_t kQueueMax = 4'096;

std::string revision_key(AccountId account) {
    return cache::cache_key(kRevision, account, "");
}

void write_ids(json::Writer& out, std::string_view name, const std::vector<std::int64_t>& ids) {
    out.key(name).begin_array();
    for (const std::int64_t id : ids)
        out.integer(id);
    out.end_array();
}

std::string to_text(const SharedIdentities::Known& known) {
    const api::Identity& identity = known.identity;
    std::string text;
    json::Writer out(text);
    out.begin_object();
    out.field("account", identity.actor.account).field("user", identity.actor.user);
    out.field("role", static_cast<int>(identity.actor.role));
    write_ids(out, "departments", identity.actor.departments);
    write_ids(out, "departments_above", identity.actor.departments_above);
    write_ids(out, "members", identity.actor.department_members);
    out.field("through", static_cast<int>(identity.through)).field("all_scopes", identity.all_scopes);
    out.key("scopes").begin_array();
    for (const std::string& scope : identity.scopes)
        out.text(scope);
    out.end_array();
    out.field("client", identity.client_id).field("credential", identity.credential_id);
    out.field("identity_expires", identity.expires_at).field("expires", known.expires_at);
    out.field("noted", known.noted_at).field("loaded", known.loaded_at).field("revision", known.revision);
    out.end_object();
    return text;
}

/// Reads members of an object; remembers whether all were there.
class Reader {
  public:
    explicit Reader(const json::Value& value) : value_(value) {}
    std::int64_t integer(std::string_view name) {
        const json::Value* member = value_.find(name);
        const auto number = member ? member->as_integer() : std::nullopt;
        complete_ = complete_ && number;
        return number.value_or(0);
    }
    std::string text(std::string_view name) {
        const json::Value* member = value_.find(name);
        complete_ = complete_ && member && member->is_string();
        return complete_ ? std::string(member->string()) : std::string();
    }
    std::vector<std::int64_t> ids(std::string_view name) {
        std::vector<std::int64_t> out;
        for (const json::Value* item : items(name)) {
            const auto number = item->as_integer();
            complete_ = complete_ && number;
            out.push_back(number.value_or(0));
        }
        return out;
    }
    std::vector<std::string> texts(std::string_view name) {
        std::vector<std::string> out;
        for (const json::Value* item : items(name)) {
            complete_ = complete_ && item->is_string();
            if (complete_) out.emplace_back(item->string());
        }
        return out;
    }
    bool flag(std::string_view name) {
        const json::Value* member = value_.find(name);
        const auto flag = member ? member->as_bool() : std::nullopt;
        complete_ = complete_ && flag;
        return flag.value_or(false);
    }
    bool complete() const { return complete_; }

  private:
    std::vector<const json::Value*> items(std::string_view name) {
        const json::Value* member = value_.find(name);
        complete_ = complete_ && member && member->is_array();
        return complete_ ? member->items() : std::vector<const json::Value*>();
    }

    const json::Value& value_;
    bool complete_ = true;
};

std::optional<SharedIdentities::Known> from_text(std::string_view text) {
    const auto parsed = json::parse(text);
    if (!parsed) return std::nullopt;
    Reader in(*parsed);
    SharedIdentities::Known known;
    api::Identity& identity = known.identity;
    identity.actor.account = in.integer("account");
    identity.actor.user = in.integer("user");
    const std::int64_t role = in.integer("role");
    identity.actor.departments = in.ids("departments");
    identity.actor.departments_above = in.ids("departments_above");
    identity.actor.department_members = in.ids("members");
    const std::int64_t through = in.integer("through");
    identity.all_scopes = in.flag("all_scopes");
    identity.scopes = in.texts("scopes");
    identity.client_id = in.text("client");
    identity.credential_id = in.integer("credential");
    identity.expires_at = in.integer("identity_expires");
    known.expires_at = in.integer("expires");
    known.noted_at = in.integer("noted");
    known.loaded_at = in.integer("loaded");
    known.revision = in.text("revision");
    const bool valid = in.complete() && identity.actor.account > 0 && role >= 0 &&
                       role <= static_cast<int>(model::Role::admin) && through >= 0 &&
                       through <= static_cast<int>(api::Through::session) && !known.revision.empty();
    if (!valid) return std::nullopt;
    identity.actor.role = static_cast<model::Role>(role);
    identity.through = static_cast<api::Through>(through);
    return known;
}

}  // namespace

SharedIdentities::SharedIdentities(cache::Cache& cache) : cache_(cache), thread_("revoke", 1, kQueueMax) {}

std::optional<SharedIdentities::Known> SharedIdentities::find(std::string_view credential_hash) {
    const auto text = cache_.get(cache::cache_key(kIdentity, 0, credential_hash));
    return text ? from_text(*text) : std::nullopt;
}

void SharedIdentities::store(std::string_view credential_hash, const Known& known) {
    if (known.revision.empty()) return;
    cache_.set(cache::cache_key(kIdentity, 0, credential_hash), to_text(known), static_cast<int>(kLifetimeS));
}

std::string SharedIdentities::revision(AccountId account) {
    const std::string key = revision_key(account);
    if (auto known = cache_.get(key)) return std::move(*known);
    std::string made = random_alnum(kRevisionCharacters);
    if (cache_.add(key, made, kRevisionLifetimeS)) return made;
    return cache_.get(key).value_or("");  // somebody else was first, or the cache is away
}

void SharedIdentities::revoke(AccountId account, std::function<void()> then) {
    std::atomic<int>& under_way = revoking_[static_cast<std::size_t>(account) % kSlots];
    ++under_way;
    const bool posted = thread_.post([this, account, then, &under_way] {
        cache_.set(revision_key(account), random_alnum(kRevisionCharacters), kRevisionLifetimeS);
        --under_way;
        then();
    });
    if (posted) return;
    --under_way;
    then();
}

}  // namespace stoa::accounts
