// stoa webhook create, stoa app create

#include "app/commands/common.hpp"
#include "json/writer.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/oauth.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/users.hpp"
#include "modules/accounts/webhooks.hpp"

namespace stoa::app {

Status webhook_create(const WebhookCreateOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    const accounts::Services& services = portal->accounts();
    const std::string code = accounts::new_secret();
    std::int64_t id = 0;
    STOA_CHECK(services.write(account.id, [&](db::WriteTx& tx) -> Status {
        const auto user = accounts::load_user(services, tx, options.user);
        if (!user || !user->active)
            return not_found("There is no active user with this id. stoa user list shows them.");
        STOA_TRY(id, accounts::insert_webhook(tx, code, options.user, options.title, options.scopes, services.now()));
        return accounts::write_audit(services, tx, {.type = "WEBHOOK_ADD", .item = std::to_string(id)});
    }));
    const std::string url = account.url + "/rest/" + std::to_string(options.user) + "/" + code + "/";
    if (!options.json) {
        print_line(url);
        return {};
    }
    std::string text;
    json::Writer out(text);
    out.begin_object().field("id", id).field("webhook_url", url).field("url", url).field("user_id", options.user);
    out.field("code", code).end_object();
    print_line(text);
    return {};
}

Status app_create(const AppCreateOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    const accounts::Services& services = portal->accounts();
    const std::string client_id = accounts::new_client_id();
    const std::string secret = accounts::new_secret();
    STOA_CHECK(services.write(account.id, [&](db::WriteTx& tx) -> Status {
        const accounts::NewApp app{options.title, options.redirect_uri, options.scopes};
        STOA_CHECK(accounts::insert_app(tx, client_id, secret, app, services.now()));
        return accounts::write_audit(services, tx, {.type = "APP_ADD", .item = client_id});
    }));
    if (!options.json) {
        print_line(client_id + "\t" + secret);
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("client_id", client_id).field("client_secret", secret).end_object();
    print_line(text);
    return {};
}

}  // namespace stoa::app
