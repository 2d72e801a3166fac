#pragma once
// What several commands share.

#include <string>

#include "app/commands.hpp"
#include "app/portal.hpp"
#include "modules/accounts/directory.hpp"

namespace stoa::app {

/// The configuration file, when one is named, with the folder of the command line on top.
Result<Config> config_of(const StoreOptions& options);
/// Errors: invalid_argument when neither is named, and those of Portal::open().
Result<std::unique_ptr<Portal>> open_portal(const StoreOptions& options, bool create);
/// The account asked for; 0 = the only one. Errors: not_found, invalid_argument when there are several.
Result<accounts::Account> choose_account(Portal& portal, AccountId wanted);
/// What to put into stoa.toml once everything lives there.
std::string promoted_hint(const db::HomeAddress& home);
void print_line(const std::string& text);
/// `given` without slashes at the end, else the account's address.
std::string link_base(const accounts::Account& account, const std::string& given);

/// For tables: as wide as that, and a space at least.
std::string padded(std::string text, std::size_t columns);

}  // namespace stoa::app
