#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace stoa {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080U;

std::uint64_t load8(const char* p) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    return v;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

std::size_t utf8_sequence_bytes(std::string_view text) {
    if (text.empty()) return 0;
    const auto a = static_cast<unsigned char>(text[0]);
    if (a < 0x80) return 1;
    if (a < 0xC2) return 0;  // a continuation, or an overlong two
    if (a < 0xE0) return text.size() >= 2 && is_continuation(text[1]) ? 2 : 0;
    if (text.size() < 3) return 0;
    const auto b = static_cast<unsigned char>(text[1]);
    if (a < 0xF0) {
        const unsigned char low = a == 0xE0 ? 0xA0 : 0x80;   // below: overlong
        const unsigned char high = a == 0xED ? 0x9F : 0xBF;  // above: surrogates
        return b >= low && b <= high && is_continuation(text[2]) ? 3 : 0;
    }
    if (a > 0xF4 || text.size() < 4) return 0;
    const unsigned char low = a == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = a == 0xF4 ? 0x8F : 0xBF;  // above: past U+10FFFF
    return b >= low && b <= high && is_continuation(text[2]) && is_continuation(text[3]) ? 4 : 0;
}

bool is_valid_utf8(std::string_view text) {
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p != end) {
        if (end - p >= 8 && (load8(p) & kHighBits) == 0) {
            p += 8;
            continue;
        }
        if (static_cast<signed char>(*p) >= 0) {
            ++p;
            continue;
        }
        // Runs of two-byte letters (Cyrillic, Greek) are the common case.
        const auto a = static_cast<unsigned char>(*p);
        if (a >= 0xC2 && a < 0xE0 && end - p >= 2 && is_continuation(p[1])) {
            p += 2;
            continue;
        }
        const std::size_t n = utf8_sequence_bytes({p, static_cast<std::size_t>(end - p)});
        if (n == 0) return false;
        p += n;
    }
    return true;
}

std::size_t utf8_length(std::string_view text) {
    std::size_t n = 0;
    for (const char c : text)
        n += !is_continuation(c);
    return n;
}

std::string_view utf8_prefix(std::string_view text, std::size_t code_points) {
    if (text.size() <= code_points) return text;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_continuation(text[i])) continue;
        if (seen++ == code_points) return text.substr(0, i);
    }
    return text;
}

bool has_nul(std::string_view text) {
    return !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
}

std::string to_upper_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = upper(c);
    return out;
}

std::string to_lower_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = lower(c);
    return out;
}

bool equals_any_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

}  // namespace stoa
