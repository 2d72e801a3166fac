#include "rest/events/event_service.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <map>
#include <set>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "model/due_rows.hpp"
#include "rest/events/deliver.hpp"
#include "rest/events/hand_over.hpp"

namespace stoa::rest {
namespace {

constexpr std::int64_t kEventsPerRound = 256;
constexpr std::size_t kAccountsPerRound = 64;
constexpr std::int64_t kIdleLookUs = 30'000'000;   ///< a look without being woken: events of other processes
constexpr std::int64_t kLeftBehindUs = 3'000'000;  ///< older events of other processes are looked for; it lives or not
constexpr int kPauseAfterErrorMs = 1'000;
constexpr std::int64_t kReleaseUs = 2'000'000;  ///< for giving up claims when the program ends

std::int64_t monotonic_of(UnixSeconds due, const Clock& clock) {
    return system_clock().monotonic_us() + std::max<std::int64_t>(0, due - clock.now()) * 1'000'000;
}

}  // namespace

EventService::EventService(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                           EventOptions options)
    : services_(services),
      database_(database),
      authenticator_(authenticator),
      options_(std::move(options)),
      claims_(options_, services.model.clock),
      accounts_(std::make_shared<model::AccountQueue>()),
      queue_(options_.queue_max, options_.per_host_max) {
    services_.model.outbox.set_waker([queue = accounts_](AccountId account) { queue->add(account); });
}

EventService::~EventService() {
    stop();
}

void EventService::start() {
    take_up_stored();
    dispatcher_ = std::thread([this] { dispatch_loop(); });
    pthread_setname_np(dispatcher_.native_handle(), "events");
    for (int i = 0; i < std::max(options_.workers, 1); ++i) {
        workers_.emplace_back([this] { work_loop(); });
        pthread_setname_np(workers_.back().native_handle(), "event-call");
    }
}

void EventService::stop() {
    accounts_->stop();
    queue_.close();
    if (dispatcher_.joinable()) dispatcher_.join();
    for (std::thread& worker : workers_)
        worker.join();
    if (!workers_.empty()) give_up_claims();
    workers_.clear();
}

void EventService::dispatch_loop() {
    const std::int64_t sweep_us = options_.sweep_ms * 1'000LL;
    std::int64_t next_sweep_us = system_clock().monotonic_us() + sweep_us;
    std::int64_t left_before_us = INT64_MAX;  // the first look takes everything
    int pause_ms = options_.linger_ms;
    while (accounts_->wait(pause_ms, sweep_us)) {
        const std::int64_t now_us = system_clock().monotonic_us();
        if (now_us >= next_sweep_us) {
            next_sweep_us = now_us + sweep_us;
            left_before_us = system_clock().now_us() - kLeftBehindUs;
            take_up_stored();
        }
        const auto more = dispatch_once(left_before_us);
        pause_ms = options_.linger_ms;
        if (!more) {
            log::error("event_dispatch_failed", {{"error", std::string_view(more.error().message)},
                                                 {"action", "check the database; events wait in the outbox"}});
            pause_ms = kPauseAfterErrorMs;
        }
        left_before_us = 0;
        if (more && *more) next_sweep_us = 0;
    }
}

Result<std::vector<model::Event>> EventService::take_events(std::int64_t left_before_us, bool& more) {
    model::Outbox& outbox = services_.model.outbox;
    std::vector<model::Event> events;
    const std::vector<AccountId> accounts = accounts_->take(kAccountsPerRound);
    for (const AccountId account : accounts) {
        auto own = outbox.take_of(account, kEventsPerRound);
        if (!own) {
            for (const AccountId each : accounts)
                accounts_->add(each);
            return std::move(own).error();
        }
        if (own->size() == static_cast<std::size_t>(kEventsPerRound)) accounts_->add(account);
        std::move(own->begin(), own->end(), std::back_inserter(events));
    }
    if (left_before_us == 0) return events;
    STOA_TRY(auto left, outbox.take(kEventsPerRound, left_before_us));
    more = left.size() == static_cast<std::size_t>(kEventsPerRound);
    for (model::Event& event : left) {
        if (more) accounts_->add(event.account);
        if (std::find(accounts.begin(), accounts.end(), event.account) == accounts.end()) {
            events.push_back(std::move(event));
        }
    }
    return events;
}

Result<bool> EventService::dispatch_once(std::int64_t left_before_us) {
    bool more = false;
    STOA_TRY(std::vector<model::Event> events, take_events(left_before_us, more));
    std::map<AccountId, std::vector<model::Event>> by_account;
    for (model::Event& event : events)
        by_account[event.account].push_back(std::move(event));

    struct Part {
        AccountId account;
        std::size_t events;
        std::vector<NewDelivery> made;
        std::promise<Status> done;
    };
    std::vector<std::shared_ptr<Part>> parts;
    for (auto& [account, own] : by_account) {  // asked for together, so that they share a commit
        auto part = std::make_shared<Part>();
        part->account = account;
        part->events = own.size();
        parts.push_back(part);
        database_.write(
            {.account = account},
            [this, part, batch = std::move(own)](db::WriteTx& tx) -> Result<std::string> {
                STOA_TRY(part->made, hand_over(tx, services_.model, claims_, batch));
                return std::string();
            },
            [part](Result<db::WriteOutcome> outcome) {
                part->done.set_value(outcome ? Status() : Status(outcome.error()));
            });
    }
    static Counter& dispatched = counter("stoa_outbox_events_total", "Events taken from the outbox.");
    Status first_problem;
    for (const auto& part : parts) {
        const Status status = part->done.get_future().get();
        if (!status) {
            accounts_->add(part->account);
            const bool taken = status.error().code == Errc::conflict;  // by another process: look what is left
            if (!taken && first_problem) first_problem = status;
            continue;
        }
        dispatched.add(part->events);
        for (NewDelivery& made : part->made) {
            queue_.push({part->account, made.id, std::move(made.host), monotonic_of(made.due, services_.model.clock)});
        }
    }
    STOA_CHECK(first_problem);
    return more;
}

void EventService::take_up_stored() {
    const auto rows = model::due_rows(database_, services_.model.registry.entity("rest.event_delivery"), "NEXT_AT",
                                      static_cast<std::int64_t>(options_.queue_max), claims_.free_rows());
    if (!rows) {
        log::error("event_deliveries_unread", {{"error", std::string_view(rows.error().message)},
                                               {"action", "check the database; restart to deliver waiting events"}});
        return;
    }
    for (const model::DueRow& row : *rows) {
        queue_.push({row.account, row.id, "", monotonic_of(row.due, services_.model.clock)});
    }
}

/// So that other processes deliver at once what this one leaves. What the time does not suffice for waits for its
/// lease.
void EventService::give_up_claims() {
    const model::Entity& entity = services_.model.registry.entity("rest.event_delivery");
    const std::int64_t until_us = system_clock().monotonic_us() + kReleaseUs;
    const auto rows = model::due_rows(database_, entity, "NEXT_AT", static_cast<std::int64_t>(options_.queue_max),
                                      claims_.free_rows());
    if (!rows) return;
    std::set<AccountId> accounts;
    for (const model::DueRow& row : *rows)
        accounts.insert(row.account);
    for (const AccountId account : accounts) {
        if (system_clock().monotonic_us() >= until_us) return;
        const auto release = [&](db::WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(claims_.release(tx, entity));
            return std::string();
        };
        if (!database_.write_and_wait({.account = account, .timeout_ms = 500}, release)) return;
    }
}

void EventService::work_loop() {
    const Deliverer deliverer(services_, database_, authenticator_, options_, claims_);
    while (true) {
        auto due = queue_.pop(kIdleLookUs);
        if (!due) {
            if (accounts_->stopped()) return;
            continue;
        }
        auto again = deliverer.run(*due);
        queue_.finished(*due);
        if (again) queue_.push(std::move(*again));
        if (queue_.take_overflow()) take_up_stored();
    }
}

}  // namespace stoa::rest
