#include "rest/events/hand_over.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "rest/events/change_hints.hpp"
#include "rest/events/event_names.hpp"
#include "rest/events/target_url.hpp"

namespace stoa::rest {
namespace {

using db::Condition;
using model::Record;

constexpr std::int64_t kHandlersMax = 10'000;
constexpr std::int64_t kNoticePauseS = 1;

class HandOver {
  public:
    HandOver(model::Records records, const model::ModelServices& services, const DeliveryClaims& claims)
        : records_(std::move(records)),
          claims_(claims),
          registry_(services.registry),
          now_(services.clock.now()),
          handlers_(registry_.entity("rest.event_handler")),
          deliveries_(registry_.entity("rest.event_delivery")),
          queue_(registry_.entity("rest.offline_event")) {}

    Status run(const std::vector<model::Event>& events) {
        STOA_CHECK(load_handlers(events));
        if (bound_.empty()) return {};
        for (const model::Event& event : events)
            STOA_CHECK(take(event));
        return give_notice();
    }
    std::vector<NewDelivery> take_made() { return std::move(made_); }

  private:
    Status load_handlers(const std::vector<model::Event>& events) {
        std::set<std::string> names;
        for (const model::Event& event : events)
            names.insert(event.name);
        names.insert(std::string(offline_notice));
        model::Query query;
        query.where = Condition::in("event", std::vector<db::Value>(names.begin(), names.end()));
        query.limit = kHandlersMax;
        STOA_TRY(bound_, records_.list(handlers_, query));
        return {};
    }

    /// The data without the mark that the event is for one application; nullopt when it is not for this one.
    static std::optional<std::string> data_for(const json::Value& data, const std::string& client) {
        const json::Value* only = data.find(client_key);
        if (only && only->as_text().value_or("") != client) return std::nullopt;
        json::Value shown = data;
        if (only) shown.object().erase(client_key);
        return json::to_json(shown);
    }

    Status take(const model::Event& event) {
        std::optional<json::Value> data;
        for (const Record& handler : bound_) {
            if (handler.text("EVENT") != event.name || event.name == offline_notice) continue;
            if (!data) {
                auto parsed = json::parse(event.data_json.empty() ? "{}" : event.data_json);
                if (!parsed) {
                    log::error("event_data_unreadable", {{"account", event.account},
                                                         {"event", event.name},
                                                         {"action", "report this as a bug; the event is dropped"}});
                    return {};
                }
                data = std::move(*parsed);
            }
            const auto text = data_for(*data, handler.text("CLIENT_ID"));
            if (!text) continue;
            STOA_CHECK(give(handler, event, *text));
        }
        return {};
    }

    /// What can never be written is dropped, so that it does not hold up the events behind it.
    Status give(const Record& handler, const model::Event& event, const std::string& data) {
        const std::size_t made = made_.size();
        const Status status = records_.write_tx().nested([&]() -> Status {
            return handler.integer("OFFLINE") != 0 ? queue(handler, event, data) : deliver(handler, event, data);
        });
        if (status || !is_lasting(status.error().code)) return status;
        made_.resize(made);
        log::error("event_dropped", {{"account", event.account},
                                     {"event", event.name},
                                     {"handler", handler.id()},
                                     {"error", std::string_view(status.error().message)},
                                     {"action", "report this as a bug"}});
        return {};
    }

    static bool is_lasting(Errc code) {
        return code == Errc::invalid_argument || code == Errc::too_large || code == Errc::not_found ||
               code == Errc::already_exists || code == Errc::conflict || code == Errc::forbidden;
    }

    Status deliver(const Record& handler, const model::Event& event, const std::string& data) {
        const std::int64_t fixed_user = handler.integer("AUTH_TYPE");
        return add_delivery(handler, event.name, data, fixed_user > 0 ? fixed_user : event.user,
                            event.created_us / 1'000'000, now_);
    }

    Status add_delivery(const Record& handler, const std::string& event, const std::string& data, UserId user,
                        UnixSeconds at, UnixSeconds due) {
        model::Changes changes(deliveries_);
        changes.set("HANDLER_ID", handler.id());
        changes.set("CLIENT_ID", handler.text("CLIENT_ID"));
        changes.set("HANDLER", handler.text("HANDLER"));
        changes.set("EVENT", event);
        changes.set("DATA", data);
        changes.set("AUTH_USER", user);
        changes.set("EVENT_AT", at);
        changes.set("NEXT_AT", due);
        claims_.put(changes, due);
        STOA_TRY(const RecordId id, records_.add(std::move(changes)));
        made_.push_back({id, target_host(handler.text("HANDLER")).value_or(""), due});
        return {};
    }

    /// One row per application, source and content: what happens again before it is fetched only moves the time.
    Status queue(const Record& handler, const model::Event& event, const std::string& data) {
        const std::string client = handler.text("CLIENT_ID");
        const std::string connector = handler.text("AUTH_CONNECTOR");
        const std::string message = sha256_hex(event.name + "\n" + data).substr(0, 32);
        noticed_.insert(client);
        model::Query same;
        same.where = Condition::all({Condition::equals("client_id", client), Condition::equals("message_id", message),
                                     Condition::equals("auth_connector", connector),
                                     Condition::equals("process_id", std::string()),
                                     Condition::equals("error", std::int64_t{0})});
        same.limit = 1;
        STOA_TRY(const auto waiting, records_.list(queue_, same));
        model::Changes changes(queue_);
        changes.set("TIMESTAMP_X", event.created_us / 1'000'000);
        if (!waiting.empty()) return records_.update(waiting.front().id(), std::move(changes));
        STOA_TRY(const bool room, has_room());
        if (!room) return {};
        changes.set("CLIENT_ID", client);
        changes.set("AUTH_CONNECTOR", connector);
        changes.set("EVENT_NAME", event.name);
        changes.set("EVENT_DATA", data);
        changes.set("EVENT_ADDITIONAL", event.user > 0 ? "{\"user_id\":" + std::to_string(event.user) + "}" : "");
        changes.set("MESSAGE_ID", message);
        changes.set("PROCESS_ID", std::string());
        changes.set("ERROR", std::int64_t{0});
        STOA_TRY(const RecordId id, records_.add(std::move(changes)));
        (void)id;
        ++*queued_;
        return {};
    }

    Result<bool> has_room() {
        if (!queued_) {
            STOA_TRY(queued_, records_.count(queue_, Condition::always()));
        }
        if (*queued_ < limits::offline_events_per_account_max) return true;
        log::warn("offline_queue_full", {{"account", records_.actor().account},
                                         {"action", "let the application fetch or unbind its offline events"}});
        return false;
    }

    /// ONOFFLINEEVENT to the online handlers of applications whose queue grew; at most one per minTimeout seconds.
    Status give_notice() {
        for (const Record& handler : bound_) {
            if (handler.text("EVENT") != offline_notice || handler.integer("OFFLINE") != 0) continue;
            if (!noticed_.contains(handler.text("CLIENT_ID"))) continue;
            const UnixSeconds last = handler.integer("NOTIFIED_AT");
            if (last > now_) continue;  // one is on its way
            const UnixSeconds due = std::max(now_, last + pause_of(handler));
            STOA_CHECK(
                add_delivery(handler, std::string(offline_notice), "[]", handler.integer("AUTH_TYPE"), now_, due));
            model::Changes changes(handlers_);
            changes.set("NOTIFIED_AT", due);
            STOA_CHECK(records_.update(handler.id(), std::move(changes)));
        }
        return {};
    }

    static std::int64_t pause_of(const Record& handler) {
        const auto options = json::parse(handler.text("OPTIONS"));
        const json::Value* pause = options ? options->find_any_case("minTimeout") : nullptr;
        const std::int64_t seconds = pause ? pause->as_integer().value_or(kNoticePauseS) : kNoticePauseS;
        return std::clamp<std::int64_t>(seconds, 0, 86'400);
    }

    model::Records records_;
    const DeliveryClaims& claims_;
    const model::Registry& registry_;
    const UnixSeconds now_;
    const model::Entity& handlers_;
    const model::Entity& deliveries_;
    const model::Entity& queue_;
    std::vector<Record> bound_;
    std::vector<NewDelivery> made_;
    std::set<std::string> noticed_;
    std::optional<std::int64_t> queued_;
};

/// Removes the events, so that whoever is first has them all.
Status take_out(db::WriteTx& tx, model::Outbox& outbox, const std::vector<model::Event>& events) {
    // One hand-over per account at a time: this row is locked until the end, and what is read then is up to date.
    STOA_TRY(const std::int64_t turn, tx.next_id("event_hand_over"));
    (void)turn;
    std::vector<std::int64_t> ids;
    for (const model::Event& event : events)
        ids.push_back(event.id);
    STOA_TRY(const std::int64_t removed, outbox.remove(tx, ids));
    if (removed == static_cast<std::int64_t>(ids.size())) return {};
    return Error{Errc::conflict, "Another process has handed these events over."};
}

}  // namespace

Result<std::vector<NewDelivery>> hand_over(db::WriteTx& tx, const model::ModelServices& services,
                                           const DeliveryClaims& claims, const std::vector<model::Event>& events) {
    STOA_CHECK(take_out(tx, services.outbox, events));
    auto metadata = services.metadata.load(tx);
    if (!metadata && metadata.error().code == Errc::not_found) return std::vector<NewDelivery>();  // nobody is left
    if (!metadata) return std::move(metadata).error();
    HandOver work(model::Records(services, tx, model::Actor::make_system(tx.account()), std::move(*metadata)), services,
                  claims);
    for (const model::Push& hint : change_hints(services.registry, events))
        STOA_CHECK(services.pushes.append(tx, hint));
    STOA_CHECK(work.run(events));
    return work.take_made();
}

}  // namespace stoa::rest
