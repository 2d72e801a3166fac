// stoa demo purge, stoa db migrate

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

}  // namespace stoa::app
