#pragma once
// The plan of a believable company: pure function of words, time and a fixed seed, so it can be tested without a store.

#include "app/demo/plan.hpp"
#include "app/demo/words.hpp"
#include "base/ids.hpp"

namespace stoa::app::demo {

struct CompanyOptions {
    UnixSeconds now = 0;
    RecordId top_department = 1;  ///< exists already
    UserId admin = 1;
    std::string currency = "EUR";
};

Plan plan_company(const Words& words, const CompanyOptions& options);

}  // namespace stoa::app::demo
