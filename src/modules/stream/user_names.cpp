#include "modules/stream/user_names.hpp"

#include "modules/stream/names.hpp"

namespace stoa::stream {

Result<std::map<UserId, std::string>> user_names(model::Records& records, const std::set<UserId>& users) {
    std::map<UserId, std::string> names;
    if (users.empty()) return names;
    model::Query query;
    query.where = db::Condition::in("id", {users.begin(), users.end()});
    query.limit = static_cast<std::int64_t>(users.size());
    STOA_TRY(const std::vector<model::Record> rows,
             records.as_system().list(records.services().registry.entity(kUser), query));
    for (const model::Record& row : rows) {
        std::string name = row.text("NAME");
        if (const std::string last = row.text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
        names[row.id()] = std::move(name);
    }
    return names;
}

}  // namespace stoa::stream
