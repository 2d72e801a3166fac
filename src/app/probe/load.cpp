#include "app/probe/load.hpp"

#include <algorithm>

#include "app/probe/answers.hpp"
#include "app/probe/login.hpp"
#include "app/probe/remains.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"

namespace stoa::app::probe {
namespace {

double since_s(std::int64_t begin_us) {
    return static_cast<double>(system_clock().monotonic_us() - begin_us) / 1e6;
}

template <class Stored>
std::vector<RecordId> ids_of(const std::vector<Stored>& stored) {
    std::vector<RecordId> ids;
    for (const Stored& one : stored)
        ids.push_back(one.id);
    return ids;
}

}  // namespace

Load::Load(Target target, const LoadOptions& options)
    : target_(std::move(target)), options_(options), run_("probe-" + to_hex(random_bytes(6))), boards_(run_) {}

Load::~Load() {
    stop();
}

Result<std::unique_ptr<Load>> Load::start(const Target& target, const LoadOptions& options) {
    std::unique_ptr<Load> load(new Load(target, options));
    STOA_CHECK(run_in_network(target.network, [&] { return load->log_in(); }));
    load->begin_us_ = system_clock().monotonic_us();
    for (int i = 0; i < options.clients; ++i) {
        Asker::Job job{load->run_, load->cookie_, i, options.pause_ms};
        load->clients_.push_back(
            std::make_unique<Client>(load->target_, options.caller, std::move(job), load->measures_, load->boards_));
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
    STOA_CHECK(look_up_webhook(caller));
    if (target_.login_link.empty()) return {};
    STOA_TRY(cookie_, use_link(caller, target_.login_link, target_.accept_invitation ? random_alnum(20) : ""));
    return {};
}

void Load::stop() {
    stopped_ = true;
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

/// Counters are tasks, for which a webhook may have no right.
Status Load::look_up_webhook(Caller& caller) {
    const auto scopes = caller.call("scope", "{}", {});
    if (!scopes.response) return scopes.response.error();
    STOA_TRY(const json::Value scope, json::parse(scopes.response->body));
    const auto names = rows_of(scope);
    if (std::none_of(names.begin(), names.end(), [](const auto* name) { return name->as_text() == "task"; })) return {};
    const auto profile = caller.call("profile", "{}", {});
    if (!profile.response) return profile.response.error();
    STOA_TRY(const json::Value body, json::parse(profile.response->body));
    if (const json::Value* user = body.find("result")) boards_.counting_user = number_of(*user, "ID");
    return {};
}

Result<LoadReport> Load::finish() {
    LoadReport report;
    report.seconds = since_s(begin_us_);
    stop();
    STOA_CHECK(run_in_network(target_.network, [&] { return judge(report); }));
    report.summary = measures_.summary();
    report.session = !cookie_.empty();
    report.counted = boards_.counting_user > 0;
    return report;
}

Status Load::judge(LoadReport& report) {
    Remains remains(target_, run_);
    STOA_TRY(const auto leads, remains.leads());
    STOA_TRY(const auto deals, remains.deals());
    std::vector<StoredCounter> tasks;
    if (boards_.counting_user > 0) {
        STOA_TRY(tasks, remains.counters());
    }

    std::vector<Ledger::Entry> promised;
    for (const auto& client : clients_) {
        const auto& entries = client->ledger().entries();
        promised.insert(promised.end(), entries.begin(), entries.end());
        report.records += client->ledger().acknowledged();
    }
    compare(promised, leads, report.verdict);
    const auto counters = boards_.counters.histories();
    for (const CounterHistory& counter : counters)
        report.increments += counter.acknowledged();
    report.counters = counters.size();
    compare(counters, tasks, report.verdict);
    const auto pairs = boards_.pairs.histories();
    for (const PairHistory& pair : pairs)
        report.transfers += pair.acknowledged();
    report.pairs = pairs.size();
    compare(pairs, deals, report.verdict);

    if (options_.keep) return {};
    remains.remove("crm.lead.delete?id=", ids_of(leads));
    remains.remove("crm.deal.delete?id=", ids_of(deals));
    remains.remove("tasks.task.delete?taskId=", ids_of(tasks));
    return {};
}

}  // namespace stoa::app::probe
