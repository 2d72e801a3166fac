// Removes demo records: newest first, so that what hangs on others goes before them.

#include "app/demo/demo.hpp"
#include "modules/accounts/directory.hpp"

namespace stoa::app::demo {

namespace {

constexpr std::int64_t kRecordsPerTransaction = 100;

struct Noted {
    std::int64_t position = 0;
    std::string entity;
    RecordId id = 0;
};

Result<std::vector<Noted>> newest_noted(db::Tx& tx) {
    std::vector<Noted> noted;
    const db::Select select{.table = "demo_records",
                            .columns = {{"position", ""}, {"entity", ""}, {"record_id", ""}},
                            .where = db::Condition::always(),
                            .order = {{{"position", ""}, true}},
                            .limit = kRecordsPerTransaction};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        noted.push_back({row.integer(0), std::string(row.text(1)), row.integer(2)});
        return true;
    }));
    return noted;
}

/// Some of the newest; returns how many, and '+' behind it if there may be more. What somebody removed already, or went
/// with its parent, does not count.
Result<std::string> purge_some(const accounts::Services& services, db::WriteTx& tx) {
    std::int64_t removed = 0;
    STOA_TRY(const std::vector<Noted> noted, newest_noted(tx));
    const bool left = noted.size() == static_cast<std::size_t>(kRecordsPerTransaction);
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    for (const Noted& record : noted) {
        const model::Entity* entity = records.services().registry.find(record.entity);
        if (!entity) return internal_error("demo data: there is no entity " + record.entity);
        const Status gone = records.remove(*entity, record.id);
        if (!gone && gone.error().code != Errc::not_found) return gone.error();
        if (gone) ++removed;
    }
    if (!noted.empty()) {
        STOA_TRY(const std::int64_t forgotten,
                 tx.remove("demo_records",
                           db::Condition::compare("position", db::Condition::Op::ge, noted.back().position)));
        (void)forgotten;
    }
    return std::to_string(removed) + (left ? "+" : "");
}

}  // namespace

Result<std::int64_t> purge(Portal& portal, AccountId account, const accounts::Receipt& receipt) {
    const accounts::Services& services = portal.accounts();
    std::int64_t total = 0;
    bool left = true;
    for (int step = 1; left; ++step) {
        STOA_TRY(const db::WriteOutcome some,
                 services.write(account, receipt.step(std::to_string(step)),
                                [&](db::WriteTx& tx) { return purge_some(services, tx); }));
        total += std::stoll(some.answer);
        left = some.answer.ends_with('+');
    }
    const auto ended = services.write(account, receipt, [](db::WriteTx& tx) -> Result<std::string> {
        accounts::AccountChanges changes;
        changes.demo = false;
        STOA_CHECK(accounts::update_account(tx, changes));
        return std::string();
    });
    if (!ended) return ended.error();
    return total;
}

}  // namespace stoa::app::demo
