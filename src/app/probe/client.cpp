#include "app/probe/client.hpp"

#include <chrono>
#include <thread>

#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr const char* kValueField = "SOURCE_DESCRIPTION";
constexpr std::size_t kQuoteBytesMax = 200;

std::string id_parameters(RecordId id) {
    std::string out;
    json::Writer(out).begin_object().field("id", id).end_object();
    return out;
}

std::string text_of(const json::Value& record, std::string_view name) {
    const json::Value* value = record.find(name);
    return value ? value->as_text().value_or("") : std::string();
}

std::string wrong_record(const json::Value& record, RecordId id, const std::string& title, const std::string& value) {
    if (text_of(record, "ID") != std::to_string(id)) return "it has the id " + text_of(record, "ID");
    if (text_of(record, "TITLE") != title) return "its title is '" + text_of(record, "TITLE") + "'";
    if (text_of(record, kValueField) != value) {
        return "its value is '" + text_of(record, kValueField) + "', written was '" + value + "'";
    }
    return {};
}

}  // namespace

void Client::work_until(const std::atomic<bool>& stopped) {
    for (int round = 0; !stopped; ++round) {
        const std::string title = job_.run + " " + std::to_string(job_.number) + "-" + std::to_string(round);
        const std::size_t entry = ledger_.creating(title, "first");
        const RecordId id = create(entry, title, "first");
        pause();
        if (id > 0 && !stopped) {
            read(id, title, "first");
            pause();
            find_in_list(id, title);
            pause();
            if (update(entry, id, "second")) {
                pause();
                read(id, title, "second");
            }
            pause();
        }
        if (!job_.cookie.empty() && !stopped) {
            ask_page();
            pause();
        }
    }
}

bool Client::expect(std::string_view what, const Caller::Answer& answer, const Check& check) {
    Fault fault;
    fault.what = what;
    if (!answer.response) {
        fault.why = answer.response.error().message;
    } else {
        fault.status = answer.response->status;
        fault.request_id = answer.header("X-Request-Id");
        const std::string& text = answer.response->body;
        const auto body = json::parse(text);
        if (fault.status != 200) {
            fault.why = text.substr(0, kQuoteBytesMax);
        } else if (!body) {
            fault.why = "no JSON: " + text.substr(0, kQuoteBytesMax);
        } else {
            fault.why = check(*body);
            if (fault.why.empty()) {
                measures_.answered(answer.took_us);
                return true;
            }
        }
    }
    const bool logout = !job_.cookie.empty() && what.starts_with('/') &&
                        (fault.status == 401 || fault.status == 403 || (fault.status >= 300 && fault.status < 400));
    measures_.failed(answer.took_us, std::move(fault), logout);
    return false;
}

RecordId Client::create(std::size_t entry, const std::string& title, const std::string& value) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("fields").begin_object();
    out.field("TITLE", title).field(kValueField, value).field("ORIGINATOR_ID", job_.run);
    out.end_object().end_object();
    RecordId id = 0;
    expect("crm.lead.add", caller_.call("crm.lead.add", std::move(parameters), next_key()),
           [&](const json::Value& body) -> std::string {
               const json::Value* result = body.find("result");
               id = result ? result->as_integer().value_or(0) : 0;
               return id > 0 ? "" : "there is no id in it";
           });
    if (id > 0) ledger_.created(entry, id);
    return id;
}

bool Client::read(RecordId id, const std::string& title, const std::string& value) {
    return expect("crm.lead.get", caller_.call("crm.lead.get", id_parameters(id), {}),
                  [&](const json::Value& body) -> std::string {
                      const json::Value* record = body.find("result");
                      return record ? wrong_record(*record, id, title, value) : "there is no record in it";
                  });
}

bool Client::find_in_list(RecordId id, const std::string& title) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("filter").begin_object().field("=TITLE", title).end_object();
    out.key("select").begin_array().text("ID").end_array().field("start", -1).end_object();
    return expect("crm.lead.list", caller_.call("crm.lead.list", std::move(parameters), {}),
                  [&](const json::Value& body) -> std::string {
                      const json::Value* result = body.find("result");
                      const auto rows = result ? result->items() : std::vector<const json::Value*>();
                      if (rows.size() != 1) return "it has " + std::to_string(rows.size()) + " records instead of one";
                      return text_of(*rows.front(), "ID") == std::to_string(id) ? "" : "it has another id";
                  });
}

bool Client::update(std::size_t entry, RecordId id, const std::string& value) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("id", id).key("fields").begin_object().field(kValueField, value).end_object();
    out.end_object();
    ledger_.updating(entry, value);
    const bool done = expect("crm.lead.update", caller_.call("crm.lead.update", std::move(parameters), next_key()),
                             [](const json::Value& body) -> std::string {
                                 const json::Value* result = body.find("result");
                                 return result && result->as_bool().value_or(false) ? "" : "it does not say true";
                             });
    if (done) ledger_.updated(entry);
    return done;
}

void Client::ask_page() {
    constexpr std::string_view kPath = "/api/session";
    expect(kPath, caller_.page(kPath, job_.cookie),
           [](const json::Value& body) -> std::string { return body.find("user") ? "" : "nobody is logged in"; });
}

void Client::pause() const {
    if (job_.pause_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(job_.pause_ms));
}

}  // namespace stoa::app::probe
