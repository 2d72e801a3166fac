#pragma once
// Writes a plan through Records as the program itself, some records per transaction. Blocks.

#include "app/demo/plan.hpp"
#include "app/portal.hpp"

namespace stoa::app::demo {

struct WriteOptions {
    bool remember = false;  ///< note each record in demo_records, for purge()
};

/// An entity or field that does not exist is an error: nothing is skipped silently.
Status write_plan(Portal& portal, AccountId account, const Plan& plan, const WriteOptions& options);

}  // namespace stoa::app::demo
