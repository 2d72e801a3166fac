#include "app/demo/company_plan.hpp"
#include "app/demo/demo.hpp"
#include "app/demo/fixture_plan.hpp"
#include "app/demo/plan_writer.hpp"
#include "app/demo/words.hpp"

namespace stoa::app::demo {

namespace {

struct Found {
    RecordId top_department = 0;
    UserId admin = 0;
};

/// What the set-up of the account has made already.
Result<Found> find_start(Portal& portal, AccountId account) {
    Found found;
    STOA_CHECK(portal.database().read(account, [&](db::Tx& tx) -> Status {
        STOA_TRY(model::Records records, portal.accounts().records(tx, model::Actor::make_system(account)));
        const model::Registry& registry = portal.model().registry;
        model::Query query;
        query.limit = 1;
        query.where = db::Condition::is_null("parent");
        STOA_TRY(const auto departments, records.list(registry.entity("department"), query));
        query.where = db::Condition::equals("role", std::string("admin"));
        STOA_TRY(const auto admins, records.list(registry.entity("user"), query));
        if (departments.empty() || admins.empty()) return internal_error("demo data: the account is not set up");
        found.top_department = departments.front().id();
        found.admin = admins.front().id();
        return {};
    }));
    return found;
}

}  // namespace

std::string company_name(std::string_view language) {
    const auto words = load_words(language);
    return words ? words->company : "Stoa";
}

Status seed_company(Portal& portal, AccountId account, std::string_view language) {
    STOA_TRY(const Words words, load_words(language));
    STOA_TRY(const Found found, find_start(portal, account));
    CompanyOptions options;
    options.now = portal.model().clock.now();
    options.top_department = found.top_department;
    options.admin = found.admin;
    return write_plan(portal, account, plan_company(words, options), {.remember = true});
}

Status seed_sdk_fixtures(Portal& portal, AccountId account) {
    STOA_TRY(const Found found, find_start(portal, account));
    return write_plan(portal, account, plan_sdk_fixtures(portal.model().clock.now(), found.top_department, found.admin),
                      {});
}

}  // namespace stoa::app::demo
