#include "push/history.hpp"

#include "base/limits.hpp"

namespace stoa::push {
namespace {

std::size_t bytes_of(const Entry& entry) {
    std::size_t bytes = sizeof(Entry) + entry.frame->size();
    for (const std::string& route : entry.routes)
        bytes += sizeof(std::string) + route.size();
    return bytes;
}

}  // namespace

void History::begin(Position top) {
    entries_.clear();
    bytes_ = 0;
    top_ = top;
}

void History::add(EntryPtr entry, std::int64_t now_us) {
    top_ = entry->position;
    bytes_ += bytes_of(*entry);
    entries_.push_back({std::move(entry), now_us});
    while (entries_.size() > limits::push_history_messages_max || bytes_ > limits::push_history_bytes_max)
        drop_first();
    age(now_us);
}

void History::age(std::int64_t now_us) {
    const std::int64_t oldest_us = now_us - limits::push_history_lifetime_s * 1'000'000;
    while (!entries_.empty() && entries_.front().at_us < oldest_us)
        drop_first();
    if (entries_.empty()) entries_.shrink_to_fit();
}

void History::drop_first() {
    bytes_ -= bytes_of(*entries_.front().entry);
    entries_.pop_front();
}

bool History::reaches(Position after) const {
    return after.ms == top_.ms && after.number <= top_.number && top_.number - after.number <= entries_.size();
}

bool History::read_after(Position after, const std::function<void(const EntryPtr&)>& sink) const {
    if (!reaches(after)) return false;
    const std::uint64_t missing = top_.number - after.number;
    for (std::size_t i = entries_.size() - missing; i < entries_.size(); ++i)
        sink(entries_[i].entry);
    return true;
}

}  // namespace stoa::push
