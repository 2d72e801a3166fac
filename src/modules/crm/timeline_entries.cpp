#include "modules/crm/timeline_entries.hpp"

namespace stoa::crm {

Status add_timeline_entry(model::Records& records, const TimelineEntry& entry) {
    const auto text_or_null = [](const std::string& text) { return text.empty() ? db::Value() : db::Value(text); };
    model::Changes row(records.services().registry.entity("crm.timeline.entry"));
    row.set("ENTITY_TYPE_ID", std::int64_t{entry.type_id});
    row.set("ENTITY_ID", entry.id);
    row.set("KIND", std::string(entry.kind));
    const UserId author = entry.author > 0 ? entry.author : records.actor().user;
    if (author > 0) row.set("AUTHOR_ID", author);
    if (entry.at > 0) row.set("CREATED", entry.at);
    row.set("OLD_VALUE", text_or_null(entry.old_value));
    row.set("NEW_VALUE", text_or_null(entry.new_value));
    auto added = records.as_system().add(std::move(row));
    return added ? Status() : Status(added.error());
}

}  // namespace stoa::crm
