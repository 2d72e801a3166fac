#include "rest/events/deliver.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "model/records.hpp"
#include "rest/events/delivery_form.hpp"
#include "rest/events/target_url.hpp"

namespace stoa::rest {
namespace {

using db::Condition;

constexpr std::int64_t kDeadKeptS = 7 * 86'400;
constexpr std::int64_t kDeadRemovedAtOnce = 100;
constexpr int kRetryStoreMs = 5'000;
constexpr std::size_t kProblemCharacters = 200;

Counter& deliveries(const char* result) {
    return counter("stoa_event_deliveries_total", "Calls of event handlers by result.", {{"result", result}});
}

model::Records system_records(const api::Services& services, db::WriteTx& tx,
                              std::shared_ptr<const model::Metadata> metadata) {
    return model::Records(services.model, tx, model::Actor::make_system(tx.account()), std::move(metadata));
}

/// Forgets old failures; a bounded number at a time.
Status remove_old(model::Records& records, const model::Entity& entity, UnixSeconds now) {
    model::Query query;
    query.where = Condition::all(
        {Condition::is_null("next_at"), Condition::compare("event_at", Condition::Op::lt, now - kDeadKeptS)});
    query.limit = kDeadRemovedAtOnce;
    STOA_TRY(const auto old, records.list(entity, query));
    for (const model::Record& record : old)
        STOA_CHECK(records.remove(entity, record.id()));
    return {};
}

}  // namespace

std::optional<DueDelivery> Deliverer::run(const DueDelivery& due) const {
    auto loaded = load(due);
    if (!loaded) return after_trouble(due, loaded.error());
    if (!*loaded) return std::nullopt;  // unbound meanwhile, or done
    const model::Record& record = (*loaded)->record;
    if (due.host.empty()) {
        DueDelivery again = due;
        again.host = target_host(record.text("HANDLER")).value_or("?");
        return again;
    }
    if (!claims_.holds(record)) {
        const auto claimed = claim(due);
        if (!claimed) return after_trouble(due, claimed.error());
        if (!*claimed) return std::nullopt;
    }
    const int attempts = static_cast<int>(record.integer("ATTEMPTS")) + 1;
    Outcome outcome = call(**loaded);
    if (outcome.verdict == Verdict::again && attempts >= options_.attempts_max) outcome.verdict = Verdict::dead;

    const std::int64_t pause = pause_ms(attempts);
    const Status noted = note(due, outcome, attempts, services_.model.clock.now() + (pause + 999) / 1'000);
    if (!noted) {
        log::warn("event_delivery_unnoted", {{"account", due.account},
                                             {"delivery", due.id},
                                             {"error", std::string_view(noted.error().message)},
                                             {"action", "check the database; the handler may be called twice"}});
    }
    if (noted && outcome.verdict != Verdict::again) return std::nullopt;
    DueDelivery again = due;
    again.at_us = system_clock().monotonic_us() + pause * 1'000;
    return again;
}

DueDelivery Deliverer::after_trouble(const DueDelivery& due, const Error& error) const {
    log::warn("event_delivery_unread", {{"account", due.account},
                                        {"delivery", due.id},
                                        {"error", std::string_view(error.message)},
                                        {"action", "check the database; it is tried again"}});
    DueDelivery again = due;
    again.at_us = system_clock().monotonic_us() + std::int64_t{kRetryStoreMs} * 1'000;
    return again;
}

Result<bool> Deliverer::claim(const DueDelivery& due) const {
    const model::Entity& entity = services_.model.registry.entity("rest.event_delivery");
    bool taken = false;
    auto written = database_.write_and_wait({.account = due.account}, [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(taken, claims_.take(tx, entity, due.id));
        return std::string();
    });
    if (!written) return written.error();
    return taken;
}

Result<std::optional<Deliverer::Loaded>> Deliverer::load(const DueDelivery& due) const {
    std::optional<Loaded> loaded;
    const model::Entity& entity = services_.model.registry.entity("rest.event_delivery");
    const Status status = database_.read(due.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(auto metadata, services_.model.metadata.load(tx));
        model::Records records(services_.model, tx, model::Actor::make_system(due.account), metadata);
        auto record = records.get(entity, due.id);
        if (!record) return record.error().code == Errc::not_found ? Status() : Status(record.error());
        if (!record->is_null("NEXT_AT")) loaded = Loaded{std::move(*record), std::move(metadata)};
        return {};
    });
    STOA_CHECK(status);
    return loaded;
}

Deliverer::Outcome Deliverer::call(const Loaded& loaded) const {
    const model::Record& record = loaded.record;
    const model::AccountInfo& account = loaded.metadata->account;
    EventCall event;
    auto auth = authenticator_.issue_event_auth(account.id, record.text("CLIENT_ID"), record.integer("AUTH_USER"));
    if (!auth) {
        const bool gone = auth.error().code == Errc::not_found || auth.error().code == Errc::unauthorized;
        return {gone ? Verdict::dead : Verdict::again, auth.error().message};
    }
    event.auth = std::move(*auth);
    event.event = record.text("EVENT");
    event.handler = record.integer("HANDLER_ID");
    event.at = record.integer("EVENT_AT");
    if (auto data = json::parse(record.text("DATA"))) event.data = std::move(*data);

    net::ClientRequest request;
    request.method = "POST";
    request.url = record.text("HANDLER");
    request.body = delivery_form(event, account, services_.model.clock.now());
    request.timeout_ms = options_.call_timeout_ms;
    request.allow_private_targets = options_.allow_private_targets;
    request.verify_tls = options_.verify_tls;
    request.headers = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"User-Agent", "Stoa"},
        {"X-Stoa-Delivery", account.member_id + "-" + std::to_string(record.id())},
        {"X-Stoa-Signature", delivery_signature(request.body, event.auth.application_token)},
    };
    return judge(options_.transport(request));
}

Deliverer::Outcome Deliverer::judge(const Result<net::ClientResponse>& response) const {
    if (!response) {
        const Errc code = response.error().code;
        const bool hopeless = code == Errc::invalid_argument || code == Errc::forbidden;
        return {hopeless ? Verdict::dead : Verdict::again, response.error().message};
    }
    const int status = response->status;
    if (status >= 200 && status < 300) return {};
    const bool later = status == 408 || status == 429 || status >= 500;
    return {later ? Verdict::again : Verdict::dead, "HTTP " + std::to_string(status)};
}

Status Deliverer::note(const DueDelivery& due, const Outcome& outcome, int attempts, UnixSeconds next_at) const {
    const model::Entity& entity = services_.model.registry.entity("rest.event_delivery");
    const auto save = [&](db::WriteTx& tx) -> Result<std::string> {
        STOA_TRY(auto metadata, services_.model.metadata.load(tx));
        model::Records records = system_records(services_, tx, std::move(metadata));
        const auto record = records.get(entity, due.id);
        if (!record && record.error().code == Errc::not_found) return std::string();
        if (!record) return record.error();
        if (outcome.verdict == Verdict::delivered) {
            STOA_CHECK(records.remove(entity, due.id));
            return std::string();
        }
        if (!claims_.is_mine(*record)) return std::string();  // this call took too long: it is another's now
        model::Changes changes(entity);
        if (outcome.verdict == Verdict::again) claims_.put(changes, next_at);
        changes.set("ATTEMPTS", std::int64_t{attempts});
        changes.set("NEXT_AT", outcome.verdict == Verdict::again ? db::Value(next_at) : db::Value());
        changes.set("LAST_ERROR", std::string(utf8_prefix(outcome.problem, kProblemCharacters)));
        STOA_CHECK(records.update(due.id, std::move(changes)));
        if (outcome.verdict == Verdict::dead) STOA_CHECK(remove_old(records, entity, services_.model.clock.now()));
        return std::string();
    };
    const auto written = database_.write_and_wait({.account = due.account}, save);
    switch (outcome.verdict) {
        case Verdict::delivered:
            deliveries("delivered").add();
            break;
        case Verdict::again:
            deliveries("again").add();
            break;
        case Verdict::dead:
            deliveries("dead").add();
            log::warn("event_undeliverable", {{"account", due.account},
                                              {"delivery", due.id},
                                              {"host", due.host},
                                              {"problem", std::string_view(outcome.problem)},
                                              {"action", "the application's owner should repair its handler"}});
            break;
    }
    if (!written) return written.error();
    return {};
}

std::int64_t Deliverer::pause_ms(int attempts) const {
    const std::int64_t doubled = std::int64_t{options_.retry_first_ms} << std::min(attempts - 1, 20);
    return std::min<std::int64_t>(doubled, options_.retry_longest_ms);
}

}  // namespace stoa::rest
