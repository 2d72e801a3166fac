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

/// Some of the newest; `left` tells whether there may be more. What somebody removed already, or went with its parent,
/// does not count.
Status purge_some(const accounts::Services& services, db::WriteTx& tx, std::int64_t& removed, bool& left) {
    removed = 0;
    STOA_TRY(const std::vector<Noted> noted, newest_noted(tx));
    left = noted.size() == static_cast<std::size_t>(kRecordsPerTransaction);
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    for (const Noted& record : noted) {
        const model::Entity* entity = records.services().registry.find(record.entity);
        if (!entity) return internal_error("demo data: there is no entity " + record.entity);
        const Status gone = records.remove(*entity, record.id);
        if (!gone && gone.error().code != Errc::not_found) return gone;
        if (gone) ++removed;
    }
    if (!noted.empty()) {
        STOA_TRY(const std::int64_t forgotten,
                 tx.remove("demo_records",
                           db::Condition::compare("position", db::Condition::Op::ge, noted.back().position)));
        (void)forgotten;
    }
    return {};
}

}  // namespace

Result<std::int64_t> purge(Portal& portal, AccountId account) {
    const accounts::Services& services = portal.accounts();
    std::int64_t total = 0;
    for (bool left = true; left;) {
        std::int64_t removed = 0;
        STOA_CHECK(services.write(account, [&](db::WriteTx& tx) { return purge_some(services, tx, removed, left); }));
        total += removed;
    }
    STOA_CHECK(services.write(account, [](db::WriteTx& tx) {
        accounts::AccountChanges changes;
        changes.demo = false;
        return accounts::update_account(tx, changes);
    }));
    return total;
}

}  // namespace stoa::app::demo
