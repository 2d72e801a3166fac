#include "modules/notify/cleanup.hpp"

#include <algorithm>
#include <map>

#include "base/limits.hpp"
#include "model/due_rows.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"

namespace stoa::notify {

Result<std::int64_t> remove_old(db::Database& database, const model::Registry& registry, UnixSeconds now,
                                std::int64_t limit) {
    const model::Entity& entity = registry.entity(kNotification);
    limit = std::min<std::int64_t>(limit, limits::in_list_max);
    STOA_TRY(const auto rows, model::due_rows(database, entity, "DATE_CREATE", limit));
    std::map<AccountId, std::vector<db::Value>> by_account;
    for (const model::DueRow& row : rows) {
        if (row.due > now - limits::notify_lifetime_s) break;
        by_account[row.account].emplace_back(row.id);
    }
    std::int64_t removed = 0;
    for (const auto& [account, ids] : by_account) {
        std::int64_t gone = 0;
        const auto written = database.write_and_wait({.account = account}, [&](db::WriteTx& tx) -> Result<std::string> {
            STOA_TRY(gone, tx.remove(entity.table, db::Condition::in("id", ids)));
            return std::string();
        });
        if (!written) return written.error();
        removed += gone;
    }
    return removed;
}

}  // namespace stoa::notify
