#pragma once
// Demo data and test fixtures, written like anybody's data: through Records, in bounded transactions. All block.

#include <string>
#include <string_view>

#include "app/portal.hpp"

namespace stoa::app::demo {

/// A believable company name in that language.
std::string company_name(std::string_view language);
/// People, departments, deals, tasks of a small company; remembers every record for purge().
Status seed_company(Portal& portal, AccountId account, std::string_view language);
/// What the integration tests of the official SDK expect to find (see README).
Status seed_sdk_fixtures(Portal& portal, AccountId account);
/// Removes exactly the records that seed_company() made. Returns how many were still there. Each of its transactions
/// has a receipt of its own, so a repetition goes on where the first run ended and removes nothing that came later.
Result<std::int64_t> purge(Portal& portal, AccountId account, const accounts::Receipt& receipt = {});

}  // namespace stoa::app::demo
