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

Status check_telling(std::span<const Telling> what, const StreamLimits& limits) {
    if (what.size() > limits::bus_tellings_max) {
        return Error{Errc::too_large,
                     "At most " + std::to_string(limits::bus_tellings_max) + " entries are told at once.", "what"};
    }
    for (const Telling& one : what) {
        STOA_CHECK(check_append(one.log, one.payload, limits));
        if (!is_channel_name(log_channel(one.log))) return invalid("This is no name of a log.", "log");
        if (!one.once.empty() && !is_channel_name(one.once)) return invalid("This is no key.", "once");
    }
    return {};
}

std::string log_channel(std::string_view log) {
    return "log:" + std::string(log);
}

std::optional<LogMessage> read_log_message(std::string_view heard) {
    const auto first = heard.find(' ');
    const auto second = first == std::string_view::npos ? first : heard.find(' ', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    return LogMessage{heard.substr(0, first), heard.substr(first + 1, second - first - 1), heard.substr(second + 1)};
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
    put(stream_at(stream, now_us), last_, payload, limits, now_us);
    return last_.text();
}

MemoryStreams::Stream& MemoryStreams::stream_at(std::string_view name, std::int64_t now_us) {
    auto found = streams_.find(name);
    if (found == streams_.end()) {
        if (streams_.size() >= kStreamsMax) make_room(now_us);
        found = streams_.emplace(std::string(name), Stream()).first;
    }
    if (found->second.ends_us <= now_us) found->second.entries.clear();
    return found->second;
}

void MemoryStreams::put(Stream& stream, StreamId id, std::string_view payload, const StreamLimits& limits,
                        std::int64_t now_us) {
    stream.ends_us = now_us + std::int64_t{limits.lifetime_s} * 1'000'000;
    stream.entries.emplace_back(id, std::string(payload));
    while (stream.entries.size() > limits.length)
        stream.entries.pop_front();
}

bool MemoryStreams::is_new_key(const std::string& key, std::int64_t now_us) {
    while (!key_order_.empty() && (keys_.size() >= kKeysMax || keys_[key_order_.front()] <= now_us)) {
        keys_.erase(key_order_.front());
        key_order_.pop_front();
    }
    if (!keys_.emplace(key, now_us + limits::bus_once_s * 1'000'000LL).second) return false;
    key_order_.push_back(key);
    return true;
}

Result<MemoryStreams::LogEntry> MemoryStreams::tell(const Telling& what, const StreamLimits& limits) {
    const std::int64_t now_us = system_clock().monotonic_us();
    const auto now_ms = static_cast<std::uint64_t>(system_clock().now_us() / 1'000);
    const MutexLock lock(mutex_);
    if (!what.once.empty() && !is_new_key(what.once, now_us)) return LogEntry();
    Stream& stream = stream_at(what.log, now_us);
    LogEntry out;
    StreamId id{now_ms, 1};
    if (!stream.entries.empty()) {
        const StreamId before = stream.entries.back().first;
        id = {before.ms, before.number + 1};
        out.previous = before.text();
    }
    put(stream, id, what.payload, limits, now_us);
    out.id = id.text();
    return out;
}

Result<std::string> MemoryStreams::last_id(std::string_view stream) {
    if (!is_channel_name(stream)) return invalid("This is no name of a stream.", "stream");
    const MutexLock lock(mutex_);
    const auto found = streams_.find(stream);
    const bool there = found != streams_.end() && found->second.ends_us > system_clock().monotonic_us();
    return there && !found->second.entries.empty() ? found->second.entries.back().first.text() : std::string();
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
