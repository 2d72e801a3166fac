#include "app/probe/load.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kReadBackTries = 20;
constexpr int kReadBackPauseMs = 500;
constexpr int kPagesMax = 20'000;
constexpr std::size_t kRemovedAtOnce = 50;

double since_s(std::int64_t begin_us) {
    return static_cast<double>(system_clock().monotonic_us() - begin_us) / 1e6;
}

/// The session's cookie as the browser sends it back.
std::string cookie_of(const net::ClientResponse& response) {
    for (const net::Header& header : response.headers) {
        if (header.name.size() == 10 && (header.name[0] | 0x20) == 's' && (header.name[4] | 0x20) == 'c')
            return header.value.substr(0, header.value.find(';'));
    }
    return {};
}

std::string page_parameters(const std::string& run, RecordId after) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("filter").begin_object();
    out.field("=ORIGINATOR_ID", run).field(">ID", after).end_object();
    out.key("select").begin_array().text("ID").text("TITLE").text("SOURCE_DESCRIPTION").end_array();
    out.key("order").begin_object().field("ID", "ASC").end_object().field("start", -1).end_object();
    return parameters;
}

}  // namespace

Load::Load(Target target, const LoadOptions& options)
    : target_(std::move(target)), options_(options), run_("probe-" + to_hex(random_bytes(6))) {}

Load::~Load() {
    stop();
}

Result<std::unique_ptr<Load>> Load::start(const Target& target, const LoadOptions& options) {
    std::unique_ptr<Load> load(new Load(target, options));
    STOA_CHECK(run_in_network(target.network, [&] { return load->log_in(); }));
    load->begin_us_ = system_clock().monotonic_us();
    for (int i = 0; i < options.clients; ++i) {
        Client::Job job{load->run_, load->cookie_, i, options.pause_ms};
        load->clients_.push_back(
            std::make_unique<Client>(load->target_, options.caller, std::move(job), load->measures_));
        load->threads_.emplace_back([raw = load.get(), client = load->clients_.back().get()] {
            if (!enter_network(raw->target_.network)) return;  // worked a moment ago
            client->work_until(raw->stopped_);
        });
    }
    return load;
}

Status Load::log_in() {
    Measures ignored;
    Caller caller(target_, {5'000, 10'000}, ignored);
    const auto reached = caller.call("server.time", "{}", {});
    if (!reached.response) return reached.response.error();
    if (reached.response->status != 200) {
        return Error{Errc::unavailable, "The portal answers " + std::to_string(reached.response->status) +
                                            " to its webhook: " + reached.response->body.substr(0, 200)};
    }
    if (target_.login_link.empty()) return {};
    const std::string token = target_.login_link.substr(target_.login_link.rfind('/') + 1);
    auto answer = caller.page("/link/" + token, {});
    if (answer.response && answer.response->status != 303 && target_.accept_invitation) {
        answer = caller.post("/api/link/" + token, R"({"name":"Load","lastName":"Test","password":")" +
                                                       random_alnum(20) + R"(","language":"en","timeZone":"UTC"})");
    }
    if (!answer.response) return answer.response.error();
    cookie_ = cookie_of(*answer.response);
    if (cookie_.empty()) {
        return Error{Errc::unauthorized, "The login link was used already. Make another: stoa user login-link --admin"};
    }
    return {};
}

void Load::stop() {
    stopped_ = true;
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

Result<LoadReport> Load::finish() {
    LoadReport report;
    report.seconds = since_s(begin_us_);
    stop();
    std::vector<Ledger::Entry> promised;
    for (const auto& client : clients_) {
        const auto& entries = client->ledger().entries();
        promised.insert(promised.end(), entries.begin(), entries.end());
        report.records += client->ledger().acknowledged();
    }
    std::vector<StoredRecord> stored;
    STOA_CHECK(run_in_network(target_.network, [&]() -> Status {
        STOA_TRY(stored, read_back());
        if (!options_.keep) clean_up(stored);
        return {};
    }));
    report.verdict = compare(promised, stored);
    report.summary = measures_.summary();
    report.session = !cookie_.empty();
    return report;
}

Result<std::vector<StoredRecord>> Load::read_back() {
    Measures ignored;
    Caller caller(target_, {}, ignored);
    std::vector<StoredRecord> stored;
    int tries = 0;
    for (int page = 0; page < kPagesMax;) {
        const auto answer =
            caller.call("crm.lead.list", page_parameters(run_, stored.empty() ? 0 : stored.back().id), {});
        if (!answer.response || answer.response->status != 200) {
            if (++tries < kReadBackTries) {
                std::this_thread::sleep_for(std::chrono::milliseconds(kReadBackPauseMs));
                continue;
            }
            return Error{Errc::unavailable, "What was written cannot be read back: the portal does not answer."};
        }
        STOA_TRY(const json::Value body, json::parse(answer.response->body));
        const json::Value* result = body.find("result");
        const auto rows = result ? result->items() : std::vector<const json::Value*>();
        if (rows.empty()) return stored;
        for (const json::Value* row : rows) {
            const auto text = [&](std::string_view name) {
                const json::Value* value = row->find(name);
                return value ? value->as_text().value_or("") : std::string();
            };
            const json::Value* id = row->find("ID");
            stored.push_back({id ? id->as_integer().value_or(0) : 0, text("TITLE"), text("SOURCE_DESCRIPTION")});
        }
        ++page;
    }
    return stored;
}

/// Nobody wants to find them in the portal. What cannot be removed stays, and says so.
void Load::clean_up(const std::vector<StoredRecord>& stored) {
    Measures ignored;
    Caller caller(target_, {}, ignored);
    for (std::size_t from = 0; from < stored.size(); from += kRemovedAtOnce) {
        std::string parameters;
        json::Writer out(parameters);
        out.begin_object().key("cmd").begin_array();
        for (std::size_t i = from; i < std::min(stored.size(), from + kRemovedAtOnce); ++i)
            out.text("crm.lead.delete?id=" + std::to_string(stored[i].id));
        out.end_array().end_object();
        const auto answer = caller.call("batch", std::move(parameters), {});
        if (answer.response && answer.response->status == 200) continue;
        log::warn("probe_records_left", {{"ORIGINATOR_ID", std::string_view(run_)}});
        return;
    }
}

std::string to_json(const LoadReport& report) {
    const Summary& s = report.summary;
    std::string text;
    json::Writer out(text);
    out.begin_object();
    out.field("requests", s.requests).field("failed", s.failed);
    out.field("lost", report.verdict.lost).field("doubled", report.verdict.doubled).field("logouts", s.logouts);
    out.field("client_retries", s.client_retries);
    out.field("stall_ms", s.stall_ms).field("p50_ms", s.p50_ms).field("p99_ms", s.p99_ms);
    out.field("records", static_cast<std::int64_t>(report.records)).field("seconds", report.seconds);
    out.field("session", report.session);
    out.key("errors").begin_array();
    for (const Fault& fault : s.faults) {
        out.begin_object().field("what", fault.what).field("status", fault.status);
        out.field("request_id", fault.request_id).field("why", fault.why).field("after_s", fault.after_s).end_object();
    }
    for (const std::string& detail : report.verdict.details)
        out.begin_object().field("what", "stored").field("why", detail).end_object();
    out.end_array().end_object();
    return text;
}

std::string to_text(const LoadReport& report) {
    const Summary& s = report.summary;
    const auto number = [](double value) { return std::to_string(static_cast<std::int64_t>(value + 0.5)); };
    std::string text = number(report.seconds) + " s: " + std::to_string(s.requests) + " requests, " +
                       std::to_string(s.failed) + " failed; " + std::to_string(report.records) + " records, " +
                       std::to_string(report.verdict.lost) + " lost, " + std::to_string(report.verdict.doubled) +
                       " doubled; " + (report.session ? std::to_string(s.logouts) : std::string("no session, 0")) +
                       " logouts; " + std::to_string(s.client_retries) + " sent again by clients; longest " +
                       number(s.stall_ms) + " ms, half within " + number(s.p50_ms) + " ms, 99 % within " +
                       number(s.p99_ms) + " ms";
    for (const Fault& fault : s.faults) {
        text += "\n  " + fault.what + ": " + (fault.status > 0 ? std::to_string(fault.status) + " " : std::string()) +
                fault.why + (fault.request_id.empty() ? "" : " (request " + fault.request_id + ")");
    }
    for (const std::string& detail : report.verdict.details)
        text += "\n  " + detail;
    return text;
}

}  // namespace stoa::app::probe
