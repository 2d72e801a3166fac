#include "net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace stoa::net {
namespace {

struct Range {
    std::uint32_t network;
    int bits;
};
constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}
constexpr Range kNotPublic[] = {
    {v4(0, 0, 0, 0), 8},      {v4(10, 0, 0, 0), 8},     {v4(100, 64, 0, 0), 10}, {v4(127, 0, 0, 0), 8},
    {v4(169, 254, 0, 0), 16}, {v4(172, 16, 0, 0), 12},  {v4(192, 0, 0, 0), 24},  {v4(192, 0, 2, 0), 24},
    {v4(192, 88, 99, 0), 24}, {v4(192, 168, 0, 0), 16}, {v4(198, 18, 0, 0), 15}, {v4(198, 51, 100, 0), 24},
    {v4(203, 0, 113, 0), 24}, {v4(224, 0, 0, 0), 4},    {v4(240, 0, 0, 0), 4},
};

bool is_public_v4(std::uint32_t address) {
    for (const Range& range : kNotPublic) {
        if ((address ^ range.network) >> (32 - range.bits) == 0) return false;
    }
    return true;
}

std::uint32_t v4_at(const unsigned char* bytes) {
    return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool is_public_v6(const unsigned char* a) {
    static constexpr unsigned char kNat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (std::memcmp(a, kNat64, sizeof kNat64) == 0) return is_public_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) return is_public_v4(v4_at(a + 2));  // 6to4
    if ((a[0] & 0xe0) != 0x20)
        return false;  // all public unicast is in 2000::/3: mapped, ULA, local, multicast are not
    if (a[0] == 0x20 && a[1] == 0x01 && (a[2] & 0xfe) == 0) return false;    // 2001::/23, Teredo and others
    return !(a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8);  // documentation
}

}  // namespace

bool is_public_address(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4_address;
        std::memcpy(&v4_address, &address, sizeof v4_address);
        return is_public_v4(ntohl(v4_address.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6_address;
        std::memcpy(&v6_address, &address, sizeof v6_address);
        const unsigned char* bytes = v6_address.sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6_address.sin6_addr)) return is_public_v4(v4_at(bytes + 12));
        return is_public_v6(bytes);
    }
    return false;
}

bool is_public_address(std::string_view literal) {
    const std::string text(literal);
    sockaddr_in v4_address{};
    if (::inet_pton(AF_INET, text.c_str(), &v4_address.sin_addr) == 1) {
        return is_public_v4(ntohl(v4_address.sin_addr.s_addr));
    }
    sockaddr_in6 v6_address{};
    v6_address.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, text.c_str(), &v6_address.sin6_addr) != 1) return false;
    return is_public_address(reinterpret_cast<const sockaddr&>(v6_address));
}

}  // namespace stoa::net
