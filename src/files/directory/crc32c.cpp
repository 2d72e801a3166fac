#include "files/directory/crc32c.hpp"

#include <array>
#include <cstring>

namespace stoa::files {
namespace {

using Table = std::array<std::uint32_t, 256>;

constexpr std::uint32_t kPolynomial = 0x82F63B78;  ///< reversed

/// Eight bytes at a time: table n says what a byte does to the sum n bytes later.
constexpr std::array<Table, 8> make_tables() {
    std::array<Table, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit)
            sum = (sum >> 1) ^ ((sum & 1) != 0 ? kPolynomial : 0);
        tables[0][byte] = sum;
    }
    for (std::size_t n = 1; n < 8; ++n) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[n - 1][byte];
            tables[n][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}
constexpr std::array<Table, 8> kTables = make_tables();

std::uint64_t load_little_endian(const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) value = __builtin_bswap64(value);
    return value;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t sum = ~0U;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t word = load_little_endian(bytes.data()) ^ sum;
        sum = 0;
        for (std::size_t n = 8; n-- > 0; word >>= 8)
            sum ^= kTables[n][word & 0xFF];
    }
    for (const char c : bytes)
        sum = (sum >> 8) ^ kTables[0][(sum ^ static_cast<unsigned char>(c)) & 0xFF];
    return ~sum;
}

}  // namespace stoa::files
