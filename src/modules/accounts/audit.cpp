#include "modules/accounts/audit.hpp"

#include "base/utf8.hpp"

namespace stoa::accounts {

namespace {

db::Value text_or_null(std::string_view text, std::size_t characters) {
    if (text.empty() || !is_valid_utf8(text) || has_nul(text)) return {};
    return std::string(utf8_prefix(text, characters));
}

}  // namespace

Status write_audit(const Services& services, db::WriteTx& tx, const AuditEntry& entry, const Client& client) {
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    return write_audit(records, entry, client);
}

Status write_audit(model::Records& records, const AuditEntry& entry, const Client& client) {
    const model::Entity& log = records.services().registry.entity("main.eventlog");
    model::Changes changes(log);
    changes.set("SEVERITY", std::string(entry.severity));
    changes.set("AUDIT_TYPE_ID", std::string(entry.type));
    changes.set("MODULE_ID", std::string("main"));
    changes.set("ITEM_ID", text_or_null(entry.item, 255));
    changes.set("REMOTE_ADDR", text_or_null(client.remote_address, 64));
    changes.set("USER_AGENT", text_or_null(client.user_agent, 255));
    changes.set("REQUEST_URI", text_or_null(client.request_uri, 255));
    changes.set("SITE_ID", std::string("s1"));
    changes.set("USER_ID", entry.user);
    changes.set("GUEST_ID", std::int64_t{0});
    changes.set("DESCRIPTION", text_or_null(entry.description_json, 4096));
    STOA_TRY(const RecordId id, records.as_system().add(std::move(changes)));
    (void)id;
    return {};
}

}  // namespace stoa::accounts
