#include "push/publish_rates.hpp"

#include <algorithm>
#include <functional>

#include "base/metrics.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

/// How long until one more is taken; 0: now.
std::int64_t wait_us(std::int64_t full_at_us, int per_s, std::int64_t now_us) {
    const std::int64_t each_us = kSecondUs / per_s;
    return std::max<std::int64_t>(0, full_at_us - now_us - (per_s - 1) * each_us);
}

void count(std::int64_t& full_at_us, int per_s, std::int64_t now_us) {
    full_at_us = std::max(full_at_us, now_us) + kSecondUs / per_s;
}

Error refused(const char* whose, const std::string& message, std::int64_t after_us) {
    counter("stoa_push_refused_total", "Messages of clients that were refused, by whose limit was reached.",
            {{"limit", whose}})
        .add();
    const auto after_s = static_cast<int>((after_us + kSecondUs - 1) / kSecondUs);
    return {Errc::busy, message, {}, "QUERY_LIMIT_EXCEEDED", std::max(1, after_s)};
}

}  // namespace

std::size_t PublishRates::SenderHash::operator()(const Sender& sender) const {
    const std::size_t who = std::hash<std::int64_t>()(sender.account * 1'000'003 + sender.user);
    return who ^ std::hash<std::string>()(sender.app) << 1;
}

Status PublishRates::take(const Session& session, std::int64_t now_us) {
    if (limits_.sender_per_s == 0 && limits_.account_per_s == 0) return {};
    const MutexLock lock(mutex_);
    Sender sender{session.account, session.user, session.app};
    const auto known = senders_.find(sender);
    if (known == senders_.end() && senders_.size() >= limits::push_senders_max) {
        return refused("senders", "Too many clients send at the moment.", kSecondUs);
    }
    FullAt& of_account = accounts_[session.account];
    const auto of_sender = known != senders_.end() ? known : senders_.emplace(std::move(sender), 0).first;
    if (limits_.sender_per_s != 0) {
        if (const std::int64_t after_us = wait_us(of_sender->second, limits_.sender_per_s, now_us); after_us > 0) {
            return refused(
                "sender",
                "At most " + std::to_string(limits_.sender_per_s) + " messages a second are taken from one sender.",
                after_us);
        }
    }
    if (limits_.account_per_s != 0) {
        if (const std::int64_t after_us = wait_us(of_account, limits_.account_per_s, now_us); after_us > 0) {
            return refused("account",
                           "At most " + std::to_string(limits_.account_per_s) +
                               " messages a second are taken from the clients of one account.",
                           after_us);
        }
        count(of_account, limits_.account_per_s, now_us);
    }
    if (limits_.sender_per_s != 0) count(of_sender->second, limits_.sender_per_s, now_us);
    return {};
}

void PublishRates::age(std::int64_t now_us) {
    const MutexLock lock(mutex_);
    std::erase_if(senders_, [&](const auto& one) { return one.second <= now_us; });
    std::erase_if(accounts_, [&](const auto& one) { return one.second <= now_us; });
}

std::size_t PublishRates::senders() const {
    const MutexLock lock(mutex_);
    return senders_.size();
}

}  // namespace stoa::push
