#include "bus/memory_streams.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "bus/subscribers.hpp"

namespace stoa::bus {

Status check_append(std::string_view stream, std::string_view payload, const StreamLimits& limits) {
    if (!is_channel_name(stream)) return invalid("This is no name of a stream.", "stream");
    if (payload.size() > limits::bus_message_bytes_max) {
        return Error{Errc::too_large, "The entry is too large for a stream.", "payload"};
    }
    if (limits.length < 1 || limits.length > limits::bus_stream_length_max) {
        return invalid("A stream keeps 1 to " + std::to_string(limits::bus_stream_length_max) + " entries.", "length");
    }
    if (limits.lifetime_s < 1 || limits.lifetime_s > limits::cache_lifetime_s_max) {
        return invalid("A stream lives 1 to " + std::to_string(limits::cache_lifetime_s_max) + " seconds.",
                       "lifetime_s");
    }
    return {};
}

Status check_read(std::string_view stream, std::string_view after_id, std::size_t count) {
    if (!is_channel_name(stream)) return invalid("This is no name of a stream.", "stream");
    if (!after_id.empty() && !StreamId::parse(after_id)) return invalid("This is no id of an entry.", "after_id");
    if (count < 1 || count > limits::bus_stream_read_max) {
        return invalid("1 to " + std::to_string(limits::bus_stream_read_max) + " entries are read at once.", "count");
    }
    return {};
}

Result<std::string> MemoryStreams::append(std::string_view stream, std::string_view payload,
                                          const StreamLimits& limits) {
    STOA_CHECK(check_append(stream, payload, limits));
    const std::int64_t now_us = system_clock().monotonic_us();
    const auto now_ms = static_cast<std::uint64_t>(system_clock().now_us() / 1'000);
    const MutexLock lock(mutex_);
    last_ = now_ms > last_.ms ? StreamId{now_ms, 0} : StreamId{last_.ms, last_.number + 1};
    auto found = streams_.find(stream);
    if (found == streams_.end()) {
        if (streams_.size() >= kStreamsMax) make_room(now_us);
        found = streams_.emplace(std::string(stream), Stream()).first;
    }
    Stream& kept = found->second;
    if (kept.ends_us <= now_us) kept.entries.clear();
    kept.ends_us = now_us + std::int64_t{limits.lifetime_s} * 1'000'000;
    kept.entries.emplace_back(last_, std::string(payload));
    while (kept.entries.size() > limits.length)
        kept.entries.pop_front();
    return last_.text();
}

void MemoryStreams::make_room(std::int64_t now_us) {
    std::erase_if(streams_, [now_us](const auto& item) { return item.second.ends_us <= now_us; });
    if (streams_.size() < kStreamsMax) return;
    streams_.erase(std::min_element(streams_.begin(), streams_.end(), [](const auto& a, const auto& b) {
        return a.second.entries.back().first < b.second.entries.back().first;
    }));
}

Result<StreamRead> MemoryStreams::read_after(std::string_view stream, std::string_view after_id, std::size_t count) {
    STOA_CHECK(check_read(stream, after_id, count));
    StreamRead out;
    out.complete = after_id.empty();
    const MutexLock lock(mutex_);
    const auto found = streams_.find(stream);
    if (found == streams_.end() || found->second.ends_us <= system_clock().monotonic_us()) return out;
    const auto& entries = found->second.entries;
    auto entry = entries.begin();
    if (!after_id.empty()) {
        const StreamId after = *StreamId::parse(after_id);
        out.complete = nothing_missed(after, entries.front().first, entries.back().first);
        entry = std::upper_bound(entries.begin(), entries.end(), after,
                                 [](const StreamId& id, const auto& item) { return id < item.first; });
    }
    for (; entry != entries.end() && out.entries.size() < count; ++entry)
        out.entries.push_back({entry->first.text(), entry->second});
    return out;
}

}  // namespace stoa::bus
