// stoa account create|list

#include "app/account_setup.hpp"
#include "app/commands/common.hpp"
#include "app/demo/demo.hpp"
#include "json/writer.hpp"

namespace stoa::app {

namespace {

std::string default_name(const std::string& language) {
    if (language == "de") return "Meine Firma";
    if (language == "ru") return "Моя компания";
    return "My company";
}

void print_created(const CreatedAccount& created, bool json) {
    if (!json) {
        print_line("Account " + std::to_string(created.id) + " is ready.");
        print_line("Administrator, once:  " + created.admin_link);
        print_line("Webhook, all scopes:  " + created.webhook_url);
        print_line("OAuth client:         " + created.client_id + "  secret " + created.client_secret);
        return;
    }
    std::string text;
    json::Writer out(text);
    out.begin_object().field("account_id", created.id).field("url", created.url);
    out.field("admin_login_link", created.admin_link).field("webhook_url", created.webhook_url);
    out.key("oauth").begin_object();
    out.field("client_id", created.client_id).field("client_secret", created.client_secret);
    out.end_object().end_object();
    print_line(text);
}

}  // namespace

Status account_create(const AccountCreateOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, true));
    AccountRequest request;
    request.account.name = !options.name.empty() ? options.name
                           : options.demo        ? demo::company_name(options.language)
                                                 : default_name(options.language);
    request.account.url = options.url;
    request.account.language = options.language;
    request.account.currency = options.currency;
    request.account.time_zone = options.time_zone;
    request.account.demo = options.demo;
    request.email = options.email;
    request.first_name = options.first_name;
    request.last_name = options.last_name;
    request.redirect_uri = options.redirect_uri;
    STOA_TRY(const CreatedAccount created, create_account(*portal, request));
    if (options.demo) STOA_CHECK(demo::seed_company(*portal, created.id, options.language));
    if (options.fixtures == "sdk") STOA_CHECK(demo::seed_sdk_fixtures(*portal, created.id));
    print_created(created, options.json);
    return {};
}

Status account_list(const ListOptions& options) {
    constexpr std::int64_t kPage = 200;
    STOA_TRY(const auto portal, open_portal(options, false));
    std::string text;
    json::Writer out(text);
    out.begin_object().key("accounts").begin_array();
    AccountId after = 0;
    for (;;) {
        STOA_TRY(const auto page, accounts::list_accounts(portal->database(), after, kPage));
        for (const accounts::Account& account : page) {
            after = account.id;
            if (!options.json) {
                print_line(std::to_string(account.id) + "\t" + account.name + "\t" + account.url +
                           (account.demo ? "\tdemo" : ""));
                continue;
            }
            out.begin_object().field("id", account.id).field("name", account.name).field("url", account.url);
            out.field("member_id", account.member_id).field("language", account.language);
            out.field("currency", account.currency).field("demo", account.demo).end_object();
        }
        if (page.size() < static_cast<std::size_t>(kPage)) break;
    }
    out.end_array().end_object();
    if (options.json) print_line(text);
    return {};
}

}  // namespace stoa::app
