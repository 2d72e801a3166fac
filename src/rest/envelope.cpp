#include "rest/envelope.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace stoa::rest {
namespace {

constexpr std::int64_t kOperatingShownUs = 100'000;  ///< less than 0.1 s is shown as 0
constexpr std::int64_t kOperatingWindowS = 600;

char* put_seconds(char* at, std::int64_t us) {
    us = std::max<std::int64_t>(us, 0);
    at = std::to_chars(at, at + 20, us / 1'000'000).ptr;
    *at++ = '.';
    std::int64_t rest = us % 1'000'000;
    for (int i = 5; i >= 0; --i) {
        at[i] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    }
    return at + 6;
}

char* put(char* at, std::string_view text) {
    return std::copy(text.begin(), text.end(), at);
}

/// The second's text in the zone. Answers come many to the second, so the last one is kept per thread.
std::string_view date_text(UnixSeconds second, const TimeZone& zone) {
    struct Last {
        UnixSeconds second = -1;
        std::string zone;
        std::string text;
    };
    thread_local Last last;
    if (last.second != second || last.zone != zone.name()) {
        last.text.clear();
        append_iso(last.text, second, zone);
        last.zone = zone.name();
        last.second = second;
    }
    return last.text;
}

}  // namespace

void append_seconds(std::string& out, std::int64_t us) {
    char buffer[32];
    out.append(buffer, static_cast<std::size_t>(put_seconds(buffer, us) - buffer));
}

void append_time(std::string& out, const CallTime& time, const TimeZone& zone) {
    char buffer[400];  // keys 128, six numbers of at most 27, two dates of at most 25
    char* at = put(buffer, "{\"start\":");
    at = put_seconds(at, time.start_us);
    at = put(at, ",\"finish\":");
    at = put_seconds(at, time.finish_us);
    at = put(at, ",\"duration\":");
    at = put_seconds(at, time.finish_us - time.start_us);
    at = put(at, ",\"processing\":");
    at = put_seconds(at, time.processing_us);
    at = put(at, ",\"date_start\":\"");
    at = put(at, date_text(time.start_us / 1'000'000, zone));
    at = put(at, "\",\"date_finish\":\"");
    at = put(at, date_text(time.finish_us / 1'000'000, zone));
    at = put(at, "\",\"operating_reset_at\":");
    at = std::to_chars(at, at + 20, time.finish_us / 1'000'000 + kOperatingWindowS).ptr;
    at = put(at, ",\"operating\":");
    at = time.operating_us < kOperatingShownUs ? put(at, "0") : put_seconds(at, time.operating_us);
    *at++ = '}';
    out.append(buffer, static_cast<std::size_t>(at - buffer));
}

}  // namespace stoa::rest
