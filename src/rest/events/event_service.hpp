#pragma once
// EventService: brings committed events to the applications that bound them (mechanism 5).
//
// One dispatcher thread, woken by the outbox after commits, hands events over to delivery rows in one transaction per
// account and batch; worker threads call the handlers. A handler gets each event at least once: the row is removed
// after its answer 2xx, so a crash between the two repeats the call with the same X-Stoa-Delivery. Answers 408, 429,
// 5xx and no answer are repeated with growing pauses, at most attempts_max times; other answers end the delivery at
// once. What ended without success is kept a week in rest_event_deliveries (NEXT_AT empty, LAST_ERROR says why).
//
// Several processes on one database: each hands over the events of accounts that it wrote to itself, and every few
// seconds what others left lying; the database decides who has an event (hand_over.hpp) and a delivery
// (delivery_claims.hpp). What a process that died had claimed is delivered by another after about 30 s.

#include <memory>
#include <thread>
#include <vector>

#include "api/call.hpp"
#include "api/identity.hpp"
#include "db/database.hpp"
#include "model/account_queue.hpp"
#include "model/outbox.hpp"
#include "rest/events/delivery_claims.hpp"
#include "rest/events/delivery_queue.hpp"
#include "rest/events/event_options.hpp"

namespace stoa::rest {

class EventService {
  public:
    EventService(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                 EventOptions options);
    ~EventService();  ///< stop()s
    EventService(const EventService&) = delete;
    EventService& operator=(const EventService&) = delete;

    /// After the migration of the tables. Takes up what an earlier run left.
    void start();
    /// Ends running calls' wait at their deadline; what is not delivered stays in the store. Repeats are fine.
    void stop();

  private:
    void dispatch_loop();
    /// Hands over what was asked for, and what was made before that moment, whoever made it. True when there is more of
    /// the latter.
    Result<bool> dispatch_once(std::int64_t left_before_us);
    Result<std::vector<model::Event>> take_events(std::int64_t left_before_us, bool& more);
    void work_loop();
    void take_up_stored();
    void give_up_claims();

    const api::Services& services_;
    db::Database& database_;
    api::Authenticator& authenticator_;
    const EventOptions options_;
    const DeliveryClaims claims_;
    std::shared_ptr<model::AccountQueue> accounts_;  ///< shared with the outbox's waker, which may outlive the service
    DeliveryQueue queue_;
    std::thread dispatcher_;
    std::vector<std::thread> workers_;
};

}  // namespace stoa::rest
