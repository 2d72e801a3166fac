#include "app/account_setup.hpp"

#include "modules/accounts/links.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/oauth.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/webhooks.hpp"
#include "modules/crm/module.hpp"
#include "modules/people/users.hpp"

namespace stoa::app {

namespace {

struct Secrets {
    std::string link = accounts::new_secret();
    std::string webhook = accounts::new_secret();
    std::string client_id = accounts::new_client_id();
    std::string client_secret = accounts::new_secret();
};

Result<RecordId> add_top_department(model::Records& records, const std::string& name) {
    model::Changes changes(records.services().registry.entity("department"));
    changes.set("NAME", name);
    return records.add(std::move(changes));
}

Result<UserId> add_admin(model::Records& records, const AccountRequest& request, RecordId department) {
    people::NewUser admin;
    admin.email = request.email;
    admin.name = request.first_name;
    admin.last_name = request.last_name;
    admin.language = request.account.language;
    admin.time_zone = request.account.time_zone;
    admin.role = "admin";
    admin.departments = {department};
    return people::add_user(records, admin);
}

Status add_credentials(db::WriteTx& tx, const AccountRequest& request, const Secrets& secrets, UserId admin,
                       UnixSeconds now) {
    const std::vector<std::string> all_scopes{std::string(accounts::kAllScopes)};
    STOA_TRY(const std::int64_t webhook,
             accounts::insert_webhook(tx, secrets.webhook, admin, "Administrator", all_scopes, now));
    (void)webhook;
    accounts::NewApp app;
    app.title = "Local application";
    app.redirect_uri = request.redirect_uri.empty() ? request.account.url + "/" : request.redirect_uri;
    app.scopes = all_scopes;
    return accounts::insert_app(tx, secrets.client_id, secrets.client_secret, app, now);
}

}  // namespace

Result<CreatedAccount> create_account(Portal& portal, const AccountRequest& request) {
    const accounts::Services& services = portal.accounts();
    STOA_CHECK(accounts::check_account(request.account));
    STOA_TRY(const AccountId id, accounts::reserve_account_id(services.database, request.receipt));
    const Secrets secrets;
    CreatedAccount created;
    created.id = id;
    const auto fill = [&](db::WriteTx& tx) -> Result<std::string> {
        const UnixSeconds now = services.now();
        STOA_CHECK(accounts::insert_account(tx, request.account, now));
        STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(id)));
        STOA_CHECK(crm::seed_defaults(records));
        STOA_TRY(const RecordId department, add_top_department(records, request.account.name));
        STOA_TRY(const UserId admin, add_admin(records, request, department));
        if (request.password_hash.empty()) {
            STOA_CHECK(accounts::insert_link(tx, secrets.link, admin, accounts::LinkKind::admin, now));
        } else {
            STOA_CHECK(accounts::set_password_hash(tx, admin, request.password_hash, now));
        }
        if (request.with_credentials) STOA_CHECK(add_credentials(tx, request, secrets, admin, now));
        return std::to_string(admin);
    };
    STOA_TRY(const db::WriteOutcome filled, services.write(id, request.receipt, fill));
    created.admin = std::stoll(filled.answer);
    created.url = request.account.url;
    while (created.url.ends_with('/'))
        created.url.pop_back();
    if (request.password_hash.empty()) created.admin_link = created.url + "/link/" + secrets.link;
    if (request.with_credentials) {
        created.webhook_url = created.url + "/rest/" + std::to_string(created.admin) + "/" + secrets.webhook + "/";
        created.client_id = secrets.client_id;
        created.client_secret = secrets.client_secret;
    }
    return created;
}

}  // namespace stoa::app
