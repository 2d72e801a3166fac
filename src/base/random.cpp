#include "base/random.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/sodium_ready.hpp"

namespace stoa {

std::string random_bytes(std::size_t n) {
    sodium_ready();
    std::string out(n, '\0');
    randombytes_buf(out.data(), n);
    return out;
}

std::string random_alnum(std::size_t n) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // Bytes from here up would make the first letters likelier, so they are thrown away.
    static constexpr unsigned kUniformEnd = 256 / kAlphabet.size() * kAlphabet.size();
    sodium_ready();
    std::string out;
    out.reserve(n);
    std::array<unsigned char, 64> pool;
    while (out.size() < n) {
        const std::size_t wanted = std::min(pool.size(), n - out.size() + 2);
        randombytes_buf(pool.data(), wanted);
        for (std::size_t i = 0; i < wanted && out.size() < n; ++i) {
            if (pool[i] < kUniformEnd) out += kAlphabet[pool[i] % kAlphabet.size()];
        }
    }
    return out;
}

std::string uuid_v4() {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string bytes = random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // version 4
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // variant 1
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace stoa
