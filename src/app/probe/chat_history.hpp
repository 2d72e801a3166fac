#pragma once
// What two people in a chat were promised and what they got: every message is in the dialog once, both heard it once,
// and in the order in which its author sent it. Pure functions over plain histories.
//
// What somebody hears is cut into lives. A life ends when the server says that something is missing which cannot be
// told any more (`recovered: false`): the dialog is then read anew from where it was certain. Within a life nothing is
// told twice. Of what was known before, and of what the reading brought, a new life may tell once more: a client knows
// those messages by their numbers.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "app/probe/verdict.hpp"
#include "base/ids.hpp"

namespace stoa::app::probe {

/// Moments are those of the monotonic clock.
struct SentMessage {
    std::string client_id;  ///< unique
    std::int64_t sent_us = 0;
    RecordId id = 0;  ///< 0: was never acknowledged, it may be there or not
    std::int64_t acknowledged_us = 0;
};

struct StoredMessage {
    RecordId id = 0;
    std::string client_id;
};

struct HeardMessage {
    RecordId id = 0;
    std::string client_id;
    std::int64_t at_us = 0;
};

struct HeardLife {
    std::vector<HeardMessage> read;  ///< anew, when it began; oldest first
    std::vector<HeardMessage> heard;
};

/// A dialog of two; index 0 is the one of them, 1 the other.
struct ChatHistory {
    std::string name;
    std::array<std::vector<SentMessage>, 2> sent;
    std::vector<StoredMessage> stored;  ///< all since the beginning, oldest first
    std::array<std::vector<HeardLife>, 2> lives;
};

void compare(const ChatHistory& history, Verdict& verdict);

/// From when to when somebody lacked something.
struct Span {
    std::int64_t begin_us = 0, end_us = 0;
};

/// Of every acknowledged message that `reader` got to know later than `late_us` after that: how long it was late.
std::vector<Span> late_spans(const ChatHistory& history, std::size_t reader, std::int64_t late_us);
/// Times in µs from sending a message to the other one's hearing of it; of those sent in that span.
std::vector<std::uint32_t> ways_us(const ChatHistory& history, const Span& sent);

/// When what began at `broken_us` was over: nobody lacked anything for `calm_us` from then on. Spans that begin at
/// `until_us` or later belong to something else.
std::int64_t resumed_us(std::int64_t broken_us, std::int64_t until_us, std::vector<Span> spans, std::int64_t calm_us);

}  // namespace stoa::app::probe
