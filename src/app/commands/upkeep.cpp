// stoa demo purge, stoa db check|migrate

#include "app/commands/common.hpp"
#include "app/demo/demo.hpp"
#include "json/writer.hpp"

namespace stoa::app {

Status demo_purge(const ListOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const accounts::Account account, choose_account(*portal, options.account));
    STOA_TRY(const std::int64_t removed, demo::purge(*portal, account.id));
    if (!options.json) {
        print_line("Removed " + std::to_string(removed) + " demo records.");
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("removed", removed).end_object();
    print_line(text);
    return {};
}

Status db_migrate(const ListOptions& options) {
    STOA_TRY(const auto portal, open_portal(options, true));
    const int version = all_migrations().back().number;
    if (!options.json) {
        print_line("The store is at step " + std::to_string(version) + ".");
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("version", version).end_object();
    print_line(text);
    return {};
}

/// Opens every table of every account by counting its rows: a damaged file does not survive that.
Status db_check(const ListOptions& options) {
    constexpr std::int64_t kAccountsMax = 100'000;
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const auto accounts, accounts::list_accounts(portal->database(), 0, kAccountsMax));
    std::int64_t records = 0;
    for (const accounts::Account& account : accounts) {
        STOA_CHECK(portal->database().read(account.id, [&](db::Tx& tx) -> Status {
            for (const model::Entity* entity : portal->model().registry.all()) {
                STOA_TRY(const std::int64_t rows, tx.count(entity->table, db::Condition::always()));
                records += rows;
            }
            return {};
        }));
    }
    if (!options.json) {
        print_line("The store is readable: " + std::to_string(accounts.size()) + " accounts, " +
                   std::to_string(records) + " records.");
        return {};
    }
    std::string text;
    json::Writer out(text);
    out.begin_object().field("ok", true).field("accounts", static_cast<std::int64_t>(accounts.size()));
    out.field("records", records).end_object();
    print_line(text);
    return {};
}

}  // namespace stoa::app
