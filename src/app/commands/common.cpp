#include "app/commands/common.hpp"

#include <cstdio>

#include "json/writer.hpp"

namespace stoa::app {

Result<Config> config_of(const StoreOptions& options) {
    Config config;
    if (!options.config_file.empty()) {
        STOA_TRY(config, load_config(options.config_file));
    }
    if (!options.data_dir.empty()) config.data_dir = options.data_dir;
    return config;
}

Result<std::unique_ptr<Portal>> open_portal(const StoreOptions& options, bool create) {
    if (options.data_dir.empty() && options.config_file.empty()) {
        return invalid("Say which portal: --data DIR or --config FILE.", "data");
    }
    STOA_TRY(const Config config, config_of(options));
    return Portal::open(config, create);
}

Result<accounts::Account> choose_account(Portal& portal, AccountId wanted) {
    if (wanted != 0) {
        accounts::Account account;
        STOA_CHECK(portal.database().read(wanted, [&](db::Tx& tx) -> Status {
            STOA_TRY(account, accounts::load_account(tx));
            return {};
        }));
        return account;
    }
    STOA_TRY(auto accounts, accounts::list_accounts(portal.database(), 0, 2));
    if (accounts.empty()) return not_found("There is no account yet. Make one: stoa account create --data DIR");
    if (accounts.size() > 1)
        return invalid("There are several accounts. Say which with --account; stoa account list shows them.");
    return std::move(accounts.front());
}

std::string promoted_hint(const db::HomeAddress& home) {
    std::string text =
        "This folder only leads there. To go there directly, put into stoa.toml:\n\n[database]\nurl = \"" +
        home.address + "\"\n";
    if (!home.password_file.empty()) text += "password_file = \"" + home.password_file + "\"\n";
    return text;
}

void print_line(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

std::string link_base(const accounts::Account& account, const std::string& given) {
    std::string base = given.empty() ? account.url : given;
    while (base.ends_with('/'))
        base.pop_back();
    return base;
}

Status print_version(bool json) {
    if (!json) {
        print_line(std::string("stoa ") + kVersion);
        return {};
    }
    std::string text;
    json::Writer(text).begin_object().field("version", kVersion).end_object();
    print_line(text);
    return {};
}

std::string padded(std::string text, std::size_t columns) {
    text.append(text.size() < columns ? columns - text.size() : 1, ' ');
    return text;
}

}  // namespace stoa::app
