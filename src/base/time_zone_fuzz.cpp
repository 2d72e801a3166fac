// Any bytes as a TZif file: no crash, and offsets stay within a day.
#include <cstdlib>

#include "base/time_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa;
    const auto zone = TimeZone::parse("fuzz", {reinterpret_cast<const char*>(data), size});
    if (!zone) return 0;
    for (const UnixSeconds t : {INT64_MIN / 2, -2'208'988'800L, 0L, 1'795'330'800L, 4'102'444'800L, INT64_MAX / 2}) {
        std::string out;
        append_iso(out, t, *zone);
        if (out.size() != 25) std::abort();
    }
    zone->from_local(1'795'330'800);
    return 0;
}
