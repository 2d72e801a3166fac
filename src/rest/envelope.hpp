#pragma once
// The `time` block of an answer, written by hand because every answer has one. Any thread.

#include <cstdint>
#include <string>

#include "base/time_format.hpp"

namespace stoa::rest {

/// All in microseconds; start and finish by the wall clock.
struct CallTime {
    std::int64_t start_us = 0;
    std::int64_t finish_us = 0;
    std::int64_t processing_us = 0;  ///< inside the handler
    std::int64_t operating_us = 0;   ///< of this method and credential in the last ten minutes
};

/// {"start":…,"finish":…,"duration":…,"processing":…,"date_start":…,"date_finish":…,"operating_reset_at":…,"operating":…}
void append_time(std::string& out, const CallTime& time, const TimeZone& zone);

/// 1500000 → "1.500000".
void append_seconds(std::string& out, std::int64_t us);

}  // namespace stoa::rest
