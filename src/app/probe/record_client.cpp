#include "app/probe/record_client.hpp"

#include "app/probe/answers.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr const char* kValueField = "SOURCE_DESCRIPTION";
constexpr std::size_t kLookBack = 7;  ///< rounds; by then other processes and replicas had their say

}  // namespace

void RecordClient::round() {
    const Asker::Job& job = asker_.job();
    const std::size_t entry =
        ledger_.creating(job.run + " " + std::to_string(job.number) + "-" + std::to_string(ledger_.entries().size()));
    if (!create(entry)) return;
    read(entry);
    find_in_list(entry);
    // By id or in a list: either must know it.
    if (update(entry)) entry % 2 == 0 ? read(entry) : find_in_list(entry);
    if (entry % 2 == 0 || entry < kLookBack) return;
    const std::size_t older = entry - kLookBack;
    if (ledger_.entry(older).id == 0) return;
    if (!ledger_.entry(older).versions.in_doubt() && entry % 4 == 1) update(older);
    entry % 4 == 1 ? find_in_list(older) : read(older);
}

bool RecordClient::create(std::size_t entry) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("fields").begin_object();
    out.field("TITLE", ledger_.entry(entry).title).field(kValueField, "1").field("ORIGINATOR_ID", asker_.job().run);
    out.end_object().end_object();
    RecordId id = 0;
    const bool done = asker_.write("crm.lead.add", std::move(parameters), [&](const json::Value& body) -> std::string {
        id = number_of(body, "result");
        return id > 0 ? "" : "there is no id in it";
    });
    if (done) ledger_.created(entry, id);
    return done;
}

void RecordClient::read(std::size_t entry) {
    const Ledger::Entry& known = ledger_.entry(entry);
    std::string parameters;
    json::Writer(parameters).begin_object().field("id", known.id).end_object();
    asker_.read("crm.lead.get", std::move(parameters), [&](const json::Value& body) -> std::string {
        const json::Value* record = body.find("result");
        if (!record) return "there is no record in it";
        if (number_of(*record, "ID") != known.id) return "it has the id " + text_of(*record, "ID");
        if (text_of(*record, "TITLE") != known.title) return "its title is '" + text_of(*record, "TITLE") + "'";
        return ledger_.read(entry, text_of(*record, kValueField));
    });
}

void RecordClient::find_in_list(std::size_t entry) {
    const Ledger::Entry& known = ledger_.entry(entry);
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("filter").begin_object().field("=TITLE", known.title).end_object();
    out.key("select").begin_array().text("ID").text(kValueField).end_array().field("start", -1).end_object();
    asker_.read("crm.lead.list", std::move(parameters), [&](const json::Value& body) -> std::string {
        const auto rows = rows_of(body);
        if (rows.size() != 1) return "it has " + std::to_string(rows.size()) + " records instead of one";
        if (number_of(*rows.front(), "ID") != known.id) return "it has another id";
        return ledger_.read(entry, text_of(*rows.front(), kValueField));
    });
}

bool RecordClient::update(std::size_t entry) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("id", ledger_.entry(entry).id).key("fields").begin_object();
    out.field(kValueField, std::to_string(ledger_.updating(entry))).end_object().end_object();
    const bool done =
        asker_.write("crm.lead.update", std::move(parameters), [](const json::Value& body) -> std::string {
            const json::Value* result = body.find("result");
            return result && result->as_bool().value_or(false) ? "" : "it does not say true";
        });
    if (done) ledger_.updated(entry);
    return done;
}

}  // namespace stoa::app::probe
