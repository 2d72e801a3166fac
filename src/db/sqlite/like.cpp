#include "db/sqlite/like.hpp"

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/utf8.hpp"

namespace stoa::db::sqlite {
namespace {

constexpr char kAnyOne = '\xff';  // never part of UTF-8

/// Simple case folding (https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt) of the scripts we promise,
/// one character to one character: ß is not ss.
constexpr char32_t fold(char32_t c) {
    const auto in = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    const auto if_even = [c] { return c % 2 == 0 ? c + 1 : c; };
    const auto if_odd = [c] { return c % 2 == 1 ? c + 1 : c; };
    if (in(0xC0, 0xDE)) return c == 0xD7 ? c : c + 32;
    if (c == 0xB5) return 0x3BC;
    if (c == 0x130) return U'i';
    if (c == 0x178) return 0xFF;
    if (c == 0x17F) return U's';
    if (in(0x100, 0x12F) || in(0x132, 0x137) || in(0x14A, 0x177)) return if_even();
    if (in(0x139, 0x148) || in(0x179, 0x17E)) return if_odd();
    if (c == 0x386) return 0x3AC;
    if (in(0x388, 0x38A)) return c + 37;
    if (c == 0x38C) return 0x3CC;
    if (in(0x38E, 0x38F)) return c + 63;
    if (in(0x391, 0x3AB)) return c == 0x3A2 ? c : c + 32;
    if (c == 0x3C2) return 0x3C3;  // final sigma
    if (in(0x400, 0x40F)) return c + 80;
    if (in(0x410, 0x42F)) return c + 32;
    if (c == 0x4C0) return 0x4CF;
    if (in(0x4C1, 0x4CE)) return if_odd();
    if (in(0x460, 0x481) || in(0x48A, 0x4BF) || in(0x4D0, 0x52F)) return if_even();
    if (c == 0x1E9E) return 0xDF;
    if (in(0x1E00, 0x1E95) || in(0x1EA0, 0x1EFF)) return if_even();
    return c;
}

/// All two-byte characters: the hot part of a text that is not English.
constexpr auto kFoldTwoBytes = [] {
    std::array<std::uint16_t, 0x800> table{};
    for (char32_t c = 0x80; c < 0x800; ++c)
        table[c] = static_cast<std::uint16_t>(fold(c));
    return table;
}();

constexpr char to_small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

void append_utf8(char32_t c, std::string& out) {
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        out.push_back(static_cast<char>(0xC0 | (c >> 6)));
        out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    } else {
        out.push_back(static_cast<char>(0xE0 | (c >> 12)));
        out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
        out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
}

/// Eight ASCII bytes at once; false and nothing done when one is not ASCII.
bool fold_eight(const char* from, char* to) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    if ((word & (ones * 0x80)) != 0) return false;
    const std::uint64_t from_a = word + ones * (0x80 - 'A');
    const std::uint64_t above_z = word + ones * (0x7F - 'Z');
    const std::uint64_t capitals = (from_a & ~above_z & (ones * 0x80)) >> 2;
    word |= capitals;
    std::memcpy(to, &word, sizeof word);
    return true;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

const char* next_character(const char* at, const char* end) {
    ++at;
    while (at != end && is_continuation(*at))
        ++at;
    return at;
}

void like_function(sqlite3_context* context, int count, sqlite3_value** arguments) {
    for (int i = 0; i < count; ++i) {
        if (sqlite3_value_type(arguments[i]) == SQLITE_NULL) return;  // NULL like anything is NULL
    }
    if (sqlite3_value_type(arguments[1]) == SQLITE_BLOB) return sqlite3_result_int(context, 0);
    const auto text_of = [](sqlite3_value* value) {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
        return std::string_view(bytes != nullptr ? bytes : "", static_cast<std::size_t>(sqlite3_value_bytes(value)));
    };
    char escape = 0;
    if (count == 3) {
        const auto text = text_of(arguments[2]);
        if (text.size() != 1) return sqlite3_result_error(context, "ESCAPE must be one ASCII character", -1);
        escape = text[0];
    }
    // The pattern is a constant of the statement: SQLite keeps what we make of it from row to row.
    const auto* pattern = static_cast<const LikePattern*>(sqlite3_get_auxdata(context, 0));
    if (pattern != nullptr && pattern->escape() == escape) {
        return sqlite3_result_int(context, pattern->matches(text_of(arguments[1])) ? 1 : 0);
    }
    auto made = std::make_unique<LikePattern>(text_of(arguments[0]), escape);
    sqlite3_result_int(context, made->matches(text_of(arguments[1])) ? 1 : 0);
    sqlite3_set_auxdata(context, 0, made.release(), [](void* p) { delete static_cast<LikePattern*>(p); });
}

}  // namespace

void register_like(sqlite3* handle) {
    constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    sqlite3_create_function(handle, "like", 2, flags, nullptr, like_function, nullptr, nullptr);
    sqlite3_create_function(handle, "like", 3, flags, nullptr, like_function, nullptr, nullptr);
}

void fold_case(std::string_view text, std::string& folded) {
    folded.clear();
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        char eight[8];
        while (end - at >= 8 && fold_eight(at, eight)) {
            folded.append(eight, 8);
            at += 8;
        }
        if (at == end) return;
        const auto lead = static_cast<unsigned char>(*at);
        const auto length = lead < 0x80 ? 1 : utf8_sequence_bytes({at, static_cast<std::size_t>(end - at)});
        if (length == 2) {
            append_utf8(kFoldTwoBytes[static_cast<std::size_t>((lead & 0x1F) << 6 | (at[1] & 0x3F))], folded);
        } else if (length == 3) {
            append_utf8(fold(static_cast<char32_t>((lead & 0x0F) << 12 | (at[1] & 0x3F) << 6 | (at[2] & 0x3F))),
                        folded);
        } else if (length == 4) {
            folded.append(at, 4);
        } else {
            folded.push_back(to_small(*at));
        }
        at += length == 0 ? 1 : length;
    }
}

LikePattern::LikePattern(std::string_view pattern, char escape) : pieces_(1), escape_(escape) {
    std::string raw;  // plain text since the last wildcard
    const auto flush = [&] {
        std::string folded;
        fold_case(raw, folded);
        pieces_.back().bytes += folded;
        for (const char c : folded)
            pieces_.back().characters += is_continuation(c) ? 0 : 1;
        raw.clear();
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (escape != 0 && c == escape && i + 1 < pattern.size()) {
            raw.push_back(pattern[++i]);
        } else if (c == '%') {
            flush();
            pieces_.emplace_back();
        } else if (c == '_') {
            flush();
            pieces_.back().bytes.push_back(kAnyOne);
            pieces_.back().plain = false;
            ++pieces_.back().characters;
        } else {
            raw.push_back(c);
        }
    }
    flush();
}

bool LikePattern::matches(std::string_view text) const {
    thread_local std::string folded;
    fold_case(text, folded);
    const char* at = folded.data();
    const char* end = at + folded.size();
    const bool found = [&] {
        at = match_at(pieces_.front(), at, end);
        if (pieces_.size() == 1 || at == nullptr) return at == end;
        end = match_before(pieces_.back(), at, end);
        if (end == nullptr) return false;
        for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
            at = find_after(pieces_[i], at, end);
            if (at == nullptr) return false;
        }
        return true;
    }();
    if (folded.capacity() > 64 * 1024) std::string().swap(folded);  // one long text must not stay in every thread
    return found;
}

/// The end of the piece if it stands at `at`, else null.
const char* LikePattern::match_at(const Piece& piece, const char* at, const char* end) {
    if (piece.plain) {
        const auto size = piece.bytes.size();
        if (static_cast<std::size_t>(end - at) < size || std::memcmp(at, piece.bytes.data(), size) != 0) return nullptr;
        return at + size;
    }
    for (const char c : piece.bytes) {
        if (at == end) return nullptr;
        if (c == kAnyOne) {
            at = next_character(at, end);
        } else if (*at++ != c) {
            return nullptr;
        }
    }
    return at;
}

/// The begin of the piece if it ends at `end` and begins at or after `begin`, else null.
const char* LikePattern::match_before(const Piece& piece, const char* begin, const char* end) {
    const char* at = end;
    for (int i = 0; i < piece.characters; ++i) {
        do {
            if (at == begin) return nullptr;
            --at;
        } while (is_continuation(*at));
    }
    return match_at(piece, at, end) == end ? at : nullptr;
}

/// The end of the first occurrence at or after `at`, else null.
const char* LikePattern::find_after(const Piece& piece, const char* at, const char* end) {
    if (piece.plain) {
        const auto* found = static_cast<const char*>(
            memmem(at, static_cast<std::size_t>(end - at), piece.bytes.data(), piece.bytes.size()));
        return found == nullptr ? nullptr : found + piece.bytes.size();
    }
    for (; at != end; at = next_character(at, end)) {
        if (const char* after = match_at(piece, at, end)) return after;
    }
    return nullptr;
}

}  // namespace stoa::db::sqlite
