#include "rest/events/event_service.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "model/due_rows.hpp"
#include "rest/events/deliver.hpp"
#include "rest/events/hand_over.hpp"

namespace stoa::rest {
namespace {

constexpr std::int64_t kEventsPerRound = 256;
constexpr std::int64_t kIdleLookUs = 30'000'000;  ///< a look without being woken: events of other processes
constexpr int kPauseAfterErrorMs = 1'000;

std::int64_t monotonic_of(UnixSeconds due, const Clock& clock) {
    return system_clock().monotonic_us() + std::max<std::int64_t>(0, due - clock.now()) * 1'000'000;
}

}  // namespace

void EventService::Wake::ask() {
    if (asked.exchange(true)) return;
    const MutexLock lock(mutex);
    pending = true;
    changed.notify_all();
}

bool EventService::Wake::wait(int linger_ms) {
    {
        const MutexLock lock(mutex);
        if (!pending && !stopping) changed.wait_us(mutex, kIdleLookUs);
        if (stopping) return false;
        pending = false;
    }
    // Writers come in groups: what commits meanwhile shares the transaction.
    std::this_thread::sleep_for(std::chrono::milliseconds(linger_ms));
    asked = false;
    return true;
}

EventService::EventService(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                           EventOptions options)
    : services_(services),
      database_(database),
      authenticator_(authenticator),
      options_(std::move(options)),
      wake_(std::make_shared<Wake>()),
      queue_(options_.queue_max, options_.per_host_max) {
    services_.model.outbox.set_waker([wake = wake_] { wake->ask(); });
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
    {
        const MutexLock lock(wake_->mutex);
        wake_->stopping = true;
        wake_->changed.notify_all();
    }
    queue_.close();
    if (dispatcher_.joinable()) dispatcher_.join();
    for (std::thread& worker : workers_)
        worker.join();
    workers_.clear();
}

void EventService::dispatch_loop() {
    int pause_ms = options_.linger_ms;
    while (wake_->wait(pause_ms)) {
        const auto more = dispatch_once();
        pause_ms = options_.linger_ms;
        if (!more) {
            log::error("event_dispatch_failed", {{"error", std::string_view(more.error().message)},
                                                 {"action", "check the database; events wait in the outbox"}});
            pause_ms = kPauseAfterErrorMs;
        }
        if (!more || *more) wake_->ask();
    }
}

Result<bool> EventService::dispatch_once() {
    STOA_TRY(std::vector<model::Event> events, services_.model.outbox.take(kEventsPerRound));
    const bool more = events.size() >= static_cast<std::size_t>(kEventsPerRound);
    std::map<AccountId, std::vector<model::Event>> by_account;
    for (model::Event& event : events)
        by_account[event.account].push_back(std::move(event));

    struct Part {
        AccountId account;
        std::vector<NewDelivery> made;
        std::promise<Status> done;
    };
    std::vector<std::shared_ptr<Part>> parts;
    for (auto& [account, own] : by_account) {  // asked for together, so that they share a commit
        auto part = std::make_shared<Part>();
        part->account = account;
        parts.push_back(part);
        database_.write(
            {.account = account},
            [this, part, batch = std::move(own)](db::WriteTx& tx) -> Result<std::string> {
                STOA_TRY(part->made, hand_over(tx, services_.model, batch));
                return std::string();
            },
            [part](Result<db::WriteOutcome> outcome) {
                part->done.set_value(outcome ? Status() : Status(outcome.error()));
            });
    }
    Status first_problem;
    for (const auto& part : parts) {
        const Status status = part->done.get_future().get();
        if (!status) {
            if (first_problem) first_problem = status;
            continue;
        }
        for (NewDelivery& made : part->made) {
            queue_.push({part->account, made.id, std::move(made.host), monotonic_of(made.due, services_.model.clock)});
        }
    }
    static Counter& dispatched = counter("stoa_outbox_events_total", "Events taken from the outbox.");
    dispatched.add(events.size());
    STOA_CHECK(first_problem);
    return more;
}

void EventService::take_up_stored() {
    const auto rows = model::due_rows(database_, services_.model.registry.entity("rest.event_delivery"), "NEXT_AT",
                                      static_cast<std::int64_t>(options_.queue_max));
    if (!rows) {
        log::error("event_deliveries_unread", {{"error", std::string_view(rows.error().message)},
                                               {"action", "check the database; restart to deliver waiting events"}});
        return;
    }
    for (const model::DueRow& row : *rows) {
        queue_.push({row.account, row.id, "", monotonic_of(row.due, services_.model.clock)});
    }
}

void EventService::work_loop() {
    const Deliverer deliverer(services_, database_, authenticator_, options_);
    while (true) {
        auto due = queue_.pop(kIdleLookUs);
        if (!due) {
            const MutexLock lock(wake_->mutex);
            if (wake_->stopping) return;
            continue;
        }
        auto again = deliverer.run(*due);
        queue_.finished(*due);
        if (again) queue_.push(std::move(*again));
        if (queue_.take_overflow()) take_up_stored();
    }
}

}  // namespace stoa::rest
