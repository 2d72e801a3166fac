// Any text: no crash, and a time that is read can be printed and read again.
#include <cstdlib>

#include "base/time_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa;
    static const auto zone = find_time_zone("Europe/Berlin").value();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto date = parse_date(text);
    const auto time = parse_datetime(text, *zone);
    if (date.ok() != time.ok()) std::abort();
    // Offsets of local mean time have seconds, which the text cannot carry.
    if (time && *time > -2'000'000'000 && *time < 253'402'000'000) {
        std::string printed;
        append_iso(printed, *time, *zone);
        if (parse_datetime(printed, *utc_time_zone()).value() != *time) std::abort();
    }
    if (date) {
        std::string printed;
        append_date(printed, *date);
        if (parse_date(printed).value() != *date) std::abort();
    }
    return 0;
}
