#pragma once
// Deliverer: makes one call to an application's handler and writes down how it went. One worker thread each; blocks for
// the call and for the write.

#include <optional>

#include "api/call.hpp"
#include "api/identity.hpp"
#include "db/database.hpp"
#include "model/record.hpp"
#include "rest/events/delivery_claims.hpp"
#include "rest/events/delivery_queue.hpp"
#include "rest/events/event_options.hpp"

namespace stoa::rest {

class Deliverer {
  public:
    Deliverer(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
              const EventOptions& options, const DeliveryClaims& claims)
        : services_(services), database_(database), authenticator_(authenticator), options_(options), claims_(claims) {}

    /// What to queue again: the next attempt, or the same one when its host was not known yet. Nothing when it is done,
    /// or another process's.
    std::optional<DueDelivery> run(const DueDelivery& due) const;

  private:
    struct Loaded {
        model::Record record;
        std::shared_ptr<const model::Metadata> metadata;
    };
    enum class Verdict : std::uint8_t { delivered, again, dead };
    struct Outcome {
        Verdict verdict = Verdict::delivered;
        std::string problem;
    };

    Result<std::optional<Loaded>> load(const DueDelivery& due) const;
    Result<bool> claim(const DueDelivery& due) const;
    DueDelivery after_trouble(const DueDelivery& due, const Error& error) const;
    Outcome call(const Loaded& loaded) const;
    Outcome judge(const Result<net::ClientResponse>& response) const;
    Status note(const DueDelivery& due, const Outcome& outcome, int attempts, UnixSeconds next_at) const;
    std::int64_t pause_ms(int attempts) const;

    const api::Services& services_;
    db::Database& database_;
    api::Authenticator& authenticator_;
    const EventOptions& options_;
    const DeliveryClaims& claims_;
};

}  // namespace stoa::rest
