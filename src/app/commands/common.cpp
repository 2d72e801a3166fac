#include "app/commands/common.hpp"

#include <cstdio>

#include "json/writer.hpp"

namespace stoa::app {

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

}  // namespace stoa::app
