#include "cache/redis/flights.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stoa::cache::redis {

void Flights::send(std::uint64_t number, std::vector<Publish> publishes) {
    Flight flight;
    flight.number = number;
    flight.publishes = std::move(publishes);
    flights_.push_back(std::move(flight));
}

void Flights::answered(const std::vector<Holder>& holders, std::int64_t not_before_us, std::int64_t now_us) {
    Flight& flight = flights_.back();
    flight.answered = true;
    flight.answered_us = now_us;
    flight.not_before_us = not_before_us;
    std::unordered_map<std::string, std::uint64_t> listed;
    for (const Holder& holder : holders) {
        const auto said = acknowledged_.find(holder.id);
        if (said != acknowledged_.end()) listed.insert(*said);
        if (said == acknowledged_.end() || said->second < flight.number) flight.waits_for.push_back(holder);
    }
    acknowledged_ = std::move(listed);
}

std::vector<Publish> Flights::take_refused() {
    if (!waits_for_store()) return {};
    std::vector<Publish> out = std::move(flights_.back().publishes);
    flights_.pop_back();
    return out;
}

std::vector<Publish> Flights::let_go() {
    std::vector<Publish> out;
    if (!waits_for_store()) return out;
    for (Publish& publish : flights_.back().publishes) {
        if (publish.done) out.push_back({publish.account, publish.token, std::exchange(publish.done, nullptr)});
    }
    return out;
}

std::vector<Publish> Flights::take_all() {
    std::vector<Publish> out;
    for (Flight& flight : flights_)
        std::move(flight.publishes.begin(), flight.publishes.end(), std::back_inserter(out));
    flights_.clear();
    return out;
}

void Flights::acknowledged(const std::string& member, std::uint64_t number) {
    std::uint64_t& known = acknowledged_[member];
    known = std::max(known, number);
    for (Flight& flight : flights_) {
        if (flight.number > number) break;
        std::erase_if(flight.waits_for, [&](const Holder& holder) { return holder.id == member; });
    }
}

Flights::Finished Flights::take_finished(std::int64_t now_us) {
    Finished out;
    std::erase_if(flights_, [&](Flight& flight) {
        if (!flight.answered) return false;
        std::erase_if(flight.waits_for, [now_us](const Holder& holder) { return holder.ends_us <= now_us; });
        if (!flight.waits_for.empty() || flight.not_before_us > now_us) return false;
        std::move(flight.publishes.begin(), flight.publishes.end(), std::back_inserter(out.publishes));
        out.waited_us.push_back(now_us - flight.answered_us);
        return true;
    });
    return out;
}

std::int64_t Flights::next_us() const {
    std::int64_t next_us = 0;
    for (const Flight& flight : flights_) {
        if (!flight.answered) continue;
        std::int64_t ends_us = flight.not_before_us;
        for (const Holder& holder : flight.waits_for)
            ends_us = std::max(ends_us, holder.ends_us);
        if (next_us == 0 || ends_us < next_us) next_us = ends_us;
    }
    return next_us;
}

}  // namespace stoa::cache::redis
