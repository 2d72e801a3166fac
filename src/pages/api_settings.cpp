// What a user changes about themselves, and an administrator about the portal.

#include "base/time_format.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/directory.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/users.hpp"
#include "modules/accounts/webhooks.hpp"
#include "modules/people/users.hpp"
#include "pages/portal_api.hpp"

namespace stoa::pages {

namespace {

ApiAnswer done() {
    return ApiAnswer{.status = 200, .body = R"({"ok":true})"};
}

/// Writes under the request's receipt; for what hands nothing out.
Result<ApiAnswer> write(const ApiCall& call, const std::function<Status(db::WriteTx&)>& fn) {
    const AccountId account = call.identity->actor.account;
    const auto written =
        call.services.accounts.write(account, call.receipt, [&](db::WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(fn(tx));
            return std::string();
        });
    if (!written) return written.error();
    return done();
}

std::string iso(UnixSeconds at) {
    std::string text;
    append_iso(text, at, *utc_time_zone());
    return text;
}

Result<ApiAnswer> finish_first_run(ApiCall& call) {
    return write(call, [](db::WriteTx& tx) {
        accounts::AccountChanges changes;
        changes.first_run = false;
        return accounts::update_account(tx, changes);
    });
}

Result<ApiAnswer> purge_demo(ApiCall& call) {
    STOA_CHECK(call.services.purge_demo(call.identity->actor.account, call.receipt));
    return done();
}

Result<ApiAnswer> save_profile(ApiCall& call) {
    const std::pair<const char*, const char*> fields[] = {
        {"name", "NAME"}, {"lastName", "LAST_NAME"}, {"language", "LANGUAGE_ID"}, {"timeZone", "TIME_ZONE"}};
    const accounts::Services& services = call.services.accounts;
    model::Changes wanted(services.model.registry.entity("user"));
    for (const auto& [name, field] : fields) {
        if (!call.body.find(name)) continue;
        STOA_TRY(std::string text, call.text(name, 100));
        if (name == std::string_view("name") && text.empty()) return invalid("Enter your name.", "name");
        if (name == std::string_view("timeZone") && !find_time_zone(text)) {
            return invalid("There is no time zone of that name.", "timeZone");
        }
        if (name == std::string_view("language") && text.size() != 2) return invalid("Choose a language.", "language");
        wanted.set(field, std::move(text));
    }
    if (wanted.empty()) return done();
    const model::Actor& actor = call.identity->actor;
    return write(call, [&](db::WriteTx& tx) -> Status {
        STOA_TRY(model::Records records, services.records(tx, actor));
        return records.update(actor.user, wanted);
    });
}

/// Somebody who was invited before and has no password yet gets a new link; anybody else with the e-mail is an error.
Result<UserId> invited_before(const accounts::Services& services, db::WriteTx& tx, const std::string& email) {
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    const model::Entity& users = services.model.registry.entity("user");
    model::Query query;
    query.where = db::Condition::like("email", db::escape_like(email));
    query.limit = 1;
    STOA_TRY(const auto found, records.list(users, query));
    if (found.empty()) return UserId{0};
    STOA_TRY(const auto login, accounts::load_login(tx, found.front().id()));
    if (login && login->password_hash.empty() && found.front().integer("ACTIVE") != 0) return found.front().id();
    return Error{Errc::already_exists, "Somebody with this e-mail is in the portal already.", "email",
                 "ALREADY_EXISTS"};
}

Result<people::NewUser> read_invitation(const ApiCall& call) {
    people::NewUser user;
    STOA_TRY(user.email, call.text("email", 254));
    STOA_TRY(user.name, call.text("name", 100));
    STOA_TRY(user.last_name, call.text("lastName", 100));
    STOA_TRY(user.role, call.text("role", 20));
    if (user.role.empty()) user.role = "employee";
    if (accounts::parse_role(user.role) == model::Role::none) return invalid("Choose a role.", "role");
    if (const json::Value* department = call.body.find("departmentId"); department && !department->is_null()) {
        const auto id = department->as_integer();
        if (!id || *id < 1) return invalid("Choose a department.", "departmentId");
        user.departments.push_back(*id);
    }
    return user;
}

Result<ApiAnswer> invite(ApiCall& call) {
    STOA_TRY(const people::NewUser user, read_invitation(call));
    const accounts::Services& services = call.services.accounts;
    const model::Actor& actor = call.identity->actor;
    const std::string token = call.receipt.secret("invitation", call.cookie);
    const auto written = write(call, [&](db::WriteTx& tx) -> Status {
        STOA_TRY(UserId id, invited_before(services, tx, user.email));
        if (id == 0) {
            STOA_TRY(model::Records records, services.records(tx, actor));
            STOA_TRY(id, people::add_user(records, user));
        }
        STOA_CHECK(accounts::insert_link(tx, token, id, accounts::LinkKind::invite, services.now()));
        return accounts::write_audit(
            services, tx, {.type = "USER_INVITE", .item = std::to_string(id), .user = actor.user}, call.client);
    });
    if (!written) {
        Error error = written.error();
        if (error.field == "EMAIL") {
            error.field = "email";
            if (error.message == "wrong_email") error.message = "This is no e-mail address.";
        }
        if (error.field == "UF_DEPARTMENT") error.field = "departmentId";
        return error;
    }
    ApiAnswer answer;
    answer.body.clear();
    json::Writer(answer.body).begin_object().field("link", call.base_url() + "/invite/" + token).end_object();
    return answer;
}

Result<ApiAnswer> get_webhooks(ApiCall& call) {
    const model::Actor& actor = call.identity->actor;
    std::vector<accounts::Webhook> webhooks;
    STOA_CHECK(call.services.accounts.database.read(actor.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(webhooks, accounts::list_webhooks(tx, actor.user));
        return {};
    }));
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object().key("webhooks").begin_array();
    for (const accounts::Webhook& webhook : webhooks) {
        out.begin_object().field("id", webhook.id).field("title", webhook.title);
        out.key("scopes").begin_array();
        for (const std::string& scope : accounts::split_scopes(webhook.scopes))
            out.text(scope);
        out.end_array();
        out.field("createdAt", iso(webhook.created_at)).key("lastUsedAt");
        if (webhook.used_at > 0) {
            out.text(iso(webhook.used_at));
        } else {
            out.null();
        }
        out.end_object();
    }
    out.end_array().end_object();
    return answer;
}

Result<ApiAnswer> add_webhook(ApiCall& call) {
    const model::Actor& actor = call.identity->actor;
    const accounts::Services& services = call.services.accounts;
    if (actor.role == model::Role::extranet) return forbidden("Guests cannot make webhooks.");
    STOA_TRY(const std::string title, call.text("title"));
    if (title.empty()) return invalid("Give the webhook a title.", "title");
    std::vector<std::string> scopes;
    if (const json::Value* given = call.body.find("scopes")) {
        for (const json::Value* scope : given->items())
            scopes.push_back(scope->as_text().value_or(""));
    }
    const std::string code = call.receipt.secret("webhook", call.cookie);
    const auto add = [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(const std::int64_t id, accounts::insert_webhook(tx, code, actor.user, title, scopes, services.now()));
        const accounts::AuditEntry entry{.type = "WEBHOOK_ADD", .item = std::to_string(id), .user = actor.user};
        STOA_CHECK(accounts::write_audit(services, tx, entry, call.client));
        return std::to_string(id);
    };
    STOA_TRY(const db::WriteOutcome written, services.write(actor.account, call.receipt, add));
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object().field("id", std::int64_t{std::stoll(written.answer)});
    out.field("url", call.base_url() + "/rest/" + std::to_string(actor.user) + "/" + code + "/").end_object();
    return answer;
}

Result<ApiAnswer> delete_webhook(ApiCall& call) {
    const model::Actor& actor = call.identity->actor;
    const accounts::Services& services = call.services.accounts;
    const auto id = json::Value(call.argument).as_integer();
    if (!id) return not_found("There is no such webhook.");
    return write(call, [&](db::WriteTx& tx) -> Status {
        STOA_CHECK(accounts::remove_webhook(tx, *id, actor.is_admin() ? 0 : actor.user));
        services.revocations.revoke_on_commit(tx);
        return accounts::write_audit(
            services, tx, {.type = "WEBHOOK_DELETE", .item = std::to_string(*id), .user = actor.user}, call.client);
    });
}

Result<ApiAnswer> get_scopes(ApiCall&) {
    ApiAnswer answer;
    answer.body.clear();
    json::Writer out(answer.body);
    out.begin_object().key("scopes").begin_array();
    for (const std::string& scope : accounts::known_scopes())
        out.text(scope);
    out.end_array().end_object();
    return answer;
}

}  // namespace

const std::vector<ApiRoute>& settings_routes() {
    static const std::vector<ApiRoute> routes = {
        {"POST", "/api/first-run/done", Door::admin, &finish_first_run},
        {"POST", "/api/demo/purge", Door::admin, &purge_demo},
        {"POST", "/api/profile", Door::csrf, &save_profile},
        {"POST", "/api/invite", Door::admin, &invite},
        {"GET", "/api/webhooks", Door::session, &get_webhooks},
        {"POST", "/api/webhooks", Door::csrf, &add_webhook},
        {"DELETE", "/api/webhooks/", Door::csrf, &delete_webhook},
        {"GET", "/api/scopes", Door::session, &get_scopes},
    };
    return routes;
}

}  // namespace stoa::pages
