#pragma once
// The plan of what the integration tests of the official JavaScript SDK expect to find: records with fixed ids, and
// enough of them for several pages. https://github.com/bitrix24/b24jssdk test/0_setup, test/integration

#include "app/demo/plan.hpp"
#include "base/ids.hpp"

namespace stoa::app::demo {

Plan plan_sdk_fixtures(UnixSeconds now, RecordId top_department, UserId admin);

}  // namespace stoa::app::demo
