// Any text: no crash, and what is read prints to something that reads the same.
#include <cstdlib>

#include "base/decimal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace stoa;
    if (size == 0) return 0;
    const int scale = data[0] % (decimal_scale_max + 1);
    const auto value = parse_decimal({reinterpret_cast<const char*>(data) + 1, size - 1}, scale);
    if (!value) return 0;
    std::string printed;
    append_decimal(printed, *value, scale);
    if (parse_decimal(printed, scale).value() != *value) std::abort();
    return 0;
}
