// stoa user invite|list|login-link

#include "app/commands/common.hpp"
#include "json/writer.hpp"
#include "modules/accounts/audit.hpp"
#include "modules/accounts/links.hpp"
#include "modules/accounts/logins.hpp"
#include "modules/accounts/secrets.hpp"
#include "modules/accounts/users.hpp"
#include "modules/people/users.hpp"

namespace stoa::app {

namespace {

void print_link(const std::string& link, UserId user, bool json) {
    if (!json) return print_line(link);
    std::string text;
    json::Writer(text).begin_object().field("link", link).field("user_id", user).end_object();
    print_line(text);
}

/// The user meant by --user, --email or --admin.
Result<UserId> find_user(model::Records& records, const LoginLinkOptions& options) {
    const model::Entity& users = records.services().registry.entity(accounts::kUserEntity);
    std::vector<db::Condition> where{db::Condition::equals("active", std::int64_t{1})};
    if (options.user != 0) {
        where.push_back(db::Condition::equals("id", options.user));
    } else if (!options.email.empty()) {
        where.push_back(db::Condition::like("email", db::escape_like(options.email)));
    } else {
        where.push_back(db::Condition::equals("role", std::string("admin")));
    }
    model::Query query;
    query.where = db::Condition::all(std::move(where));
    query.limit = 1;
    STOA_TRY(const auto found, records.list(users, query));
    if (found.empty()) return not_found("There is no such active user. stoa user list shows them.");
    return found.front().id();
}

}  // namespace

Status user_invite(const UserInviteOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    const accounts::Services& services = portal->accounts();
    const std::string token = accounts::new_secret();
    UserId id = 0;
    STOA_CHECK(services.write(account.id, [&](db::WriteTx& tx) -> Status {
        STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(account.id)));
        people::NewUser user;
        user.email = options.email;
        user.name = options.first_name;
        user.last_name = options.last_name;
        user.role = options.role;
        user.departments = options.departments;
        STOA_TRY(id, people::add_user(records, user));
        STOA_CHECK(accounts::insert_link(tx, token, id, accounts::LinkKind::invite, services.now()));
        return accounts::write_audit(records, {.type = "USER_INVITE", .item = std::to_string(id)});
    }));
    print_link(link_base(account, options.base_url) + "/invite/" + token, id, options.json);
    return {};
}

Status user_login_link(const LoginLinkOptions& options) {
    if (options.user == 0 && options.email.empty() && !options.admin) {
        return invalid("Say whom the link is for: --user ID, --email E, or --admin.");
    }
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    const accounts::Services& services = portal->accounts();
    const std::string token = accounts::new_secret();
    UserId id = 0;
    STOA_CHECK(services.write(account.id, [&](db::WriteTx& tx) -> Status {
        STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(account.id)));
        STOA_TRY(id, find_user(records, options));
        STOA_TRY(const accounts::User user, accounts::load_user(services, tx, id));
        STOA_TRY(const auto login, accounts::load_login(tx, id));
        // Without a password yet, the link leads to the form that asks for one.
        auto kind = accounts::LinkKind::login;
        if (!login || login->password_hash.empty()) {
            kind = user.role == model::Role::admin ? accounts::LinkKind::admin : accounts::LinkKind::invite;
        }
        STOA_CHECK(accounts::insert_link(tx, token, id, kind, services.now()));
        return accounts::write_audit(records, {.type = "USER_LOGIN_LINK", .item = std::to_string(id)});
    }));
    print_link(link_base(account, options.base_url) + "/link/" + token, id, options.json);
    return {};
}

Status user_list(const ListOptions& options) {
    constexpr std::int64_t kPage = 200;
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    std::string text;
    json::Writer out(text);
    out.begin_object().key("users").begin_array();
    STOA_CHECK(portal->database().read(account.id, [&](db::Tx& tx) -> Status {
        STOA_TRY(model::Records records, portal->accounts().records(tx, model::Actor::make_system(account.id)));
        const model::Entity& users = portal->model().registry.entity(accounts::kUserEntity);
        model::Query query;
        query.limit = kPage;
        for (;;) {
            STOA_TRY(const auto page, records.list(users, query));
            for (const model::Record& user : page) {
                if (options.json) {
                    out.begin_object().field("id", user.id()).field("email", user.text("EMAIL"));
                    out.field("name", user.text("NAME")).field("last_name", user.text("LAST_NAME"));
                    out.field("role", user.text("ROLE")).field("active", user.integer("ACTIVE") != 0).end_object();
                } else {
                    print_line(std::to_string(user.id()) + "\t" + user.text("EMAIL") + "\t" + user.text("NAME") + " " +
                               user.text("LAST_NAME") + "\t" + user.text("ROLE") +
                               (user.integer("ACTIVE") != 0 ? "" : "\tdismissed"));
                }
            }
            if (page.size() < static_cast<std::size_t>(kPage)) return {};
            query.offset += kPage;
        }
    }));
    out.end_array().end_object();
    if (options.json) print_line(text);
    return {};
}

}  // namespace stoa::app
