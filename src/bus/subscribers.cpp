#include "bus/subscribers.hpp"

#include <algorithm>
#include <exception>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace stoa::bus {
namespace {

/// The one place where exceptions of handlers end.
void run(SubscriberEntry& entry, const std::function<void()>& handler) {
    const std::lock_guard lock(entry.running);
    if (entry.removed) return;
    try {
        handler();
    } catch (const std::exception& problem) {
        log::error("bus_handler_failed", {{"channel", std::string_view(entry.channel)},
                                          {"error", std::string_view(problem.what())},
                                          {"action", "report this as a bug"}});
    }
}

}  // namespace

Subscription& Subscription::operator=(Subscription&& other) noexcept {
    if (this == &other) return *this;
    end();
    subscribers_ = std::move(other.subscribers_);
    entry_ = std::move(other.entry_);
    return *this;
}

Subscription::~Subscription() {
    end();
}

void Subscription::end() {
    if (entry_) subscribers_->remove(entry_);
    entry_.reset();
    subscribers_.reset();
}

bool is_channel_name(std::string_view name) {
    return !name.empty() && name.size() <= limits::bus_channel_bytes_max &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void Subscribers::on_change(std::function<void(const std::string& channel)> changed) {
    const MutexLock lock(mutex_);
    changed_ = std::move(changed);
}

Result<Subscribers::Entry> Subscribers::add(std::string channel, Subscriber subscriber) {
    if (!is_channel_name(channel)) return invalid("This is no name of a channel.", "channel");
    auto entry = std::make_shared<SubscriberEntry>();
    entry->channel = std::move(channel);
    entry->subscriber = std::move(subscriber);
    const MutexLock lock(mutex_);
    if (entries_.size() >= limits::bus_subscriptions_max) {
        return Error{Errc::busy, "There are too many subscriptions.", {}, {}, 1};
    }
    entries_.emplace(entry->channel, entry);
    if (changed_) changed_(entry->channel);
    return entry;
}

void Subscribers::remove(const Entry& entry) {
    {
        const MutexLock lock(mutex_);
        const auto [begin, end] = entries_.equal_range(entry->channel);
        const auto found = std::find_if(begin, end, [&entry](const auto& item) { return item.second == entry; });
        if (found != end) entries_.erase(found);
        if (!entries_.contains(entry->channel) && changed_) changed_(entry->channel);
    }
    const std::lock_guard lock(entry->running);
    entry->removed = true;
}

std::vector<std::string> Subscribers::channels() const {
    const MutexLock lock(mutex_);
    std::vector<std::string> out;
    for (auto item = entries_.begin(); item != entries_.end(); item = entries_.upper_bound(item->first))
        out.push_back(item->first);
    return out;
}

bool Subscribers::listens(const std::string& channel) const {
    const MutexLock lock(mutex_);
    return entries_.contains(channel);
}

std::vector<Subscribers::Entry> Subscribers::of(const std::string& channel) const {
    const MutexLock lock(mutex_);
    std::vector<Entry> out;
    if (closed_) return out;
    const auto [begin, end] = entries_.equal_range(channel);
    for (auto item = begin; item != end; ++item)
        out.push_back(item->second);
    return out;
}

void Subscribers::deliver(const std::string& channel, std::string_view payload, bool own) {
    received_.add();
    for (const Entry& entry : of(channel)) {
        if (own && entry->subscriber.hear == Hear::others) continue;
        run(*entry, [&] { entry->subscriber.on_message(payload); });
    }
}

void Subscribers::went_live(const std::string& channel) {
    std::vector<Entry> news = of(channel);
    {
        const MutexLock lock(mutex_);
        std::erase_if(news, [](const Entry& entry) { return entry->live; });
        for (const Entry& entry : news)
            entry->live = true;
    }
    tell_gap(news);
}

void Subscribers::lost() {
    const MutexLock lock(mutex_);
    for (const auto& [channel, entry] : entries_)
        entry->live = false;
}

void Subscribers::gap(const std::string& channel) {
    tell_gap(of(channel));
}

void Subscribers::tell_gap(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        gaps_.add();
        if (entry->subscriber.on_gap) run(*entry, entry->subscriber.on_gap);
    }
}

void Subscribers::close() {
    std::vector<Entry> all;
    {
        const MutexLock lock(mutex_);
        closed_ = true;
        changed_ = nullptr;
        for (const auto& [channel, entry] : entries_)
            all.push_back(entry);
    }
    for (const Entry& entry : all) {
        const std::lock_guard lock(entry->running);
        entry->removed = true;
    }
}

}  // namespace stoa::bus
