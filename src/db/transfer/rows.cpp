#include "db/transfer/rows.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/utf8.hpp"

namespace stoa::db::transfer {
namespace {

using Kind = ColumnShape::Kind;

enum Tag : char { kNull = 0, kInteger = 1, kReal = 2, kText = 3 };

void append_varint(std::string& out, std::uint64_t number) {
    while (number >= 0x80) {
        out.push_back(static_cast<char>(number | 0x80));
        number >>= 7;
    }
    out.push_back(static_cast<char>(number));
}

bool take_varint(std::string_view& bytes, std::uint64_t& number) {
    number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (bytes.empty()) return false;
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= std::uint64_t{byte & 0x7FU} << shift;
        if ((byte & 0x80U) == 0) return shift < 63 || byte <= 1;
    }
    return false;
}

std::uint64_t zigzag(std::int64_t number) {
    return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
std::int64_t unzigzag(std::uint64_t number) {
    return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

/// MurmurHash3 x64 128 (public domain, Austin Appleby): quick, and well enough mixed for sums of rows.
struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

std::uint64_t finish(std::uint64_t k) {
    k = (k ^ (k >> 33)) * 0xff51afd7ed558ccdULL;
    k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return k ^ (k >> 33);
}

Hash128 hash128(std::string_view bytes) {
    constexpr std::uint64_t c1 = 0x87c37b91114253d5ULL;
    constexpr std::uint64_t c2 = 0x4cf5ad432745937fULL;
    std::uint64_t h1 = 0;
    std::uint64_t h2 = 0;
    std::size_t at = 0;
    for (; at + 16 <= bytes.size(); at += 16) {
        std::uint64_t k1 = 0;
        std::uint64_t k2 = 0;
        std::memcpy(&k1, bytes.data() + at, 8);
        std::memcpy(&k2, bytes.data() + at + 8, 8);
        h1 ^= std::rotl(k1 * c1, 31) * c2;
        h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
        h2 ^= std::rotl(k2 * c2, 33) * c1;
        h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
    }
    std::uint64_t tail[2] = {0, 0};
    std::memcpy(tail, bytes.data() + at, bytes.size() - at);
    h1 ^= std::rotl(tail[0] * c1, 31) * c2;
    h2 ^= std::rotl(tail[1] * c2, 33) * c1;
    h1 ^= bytes.size();
    h2 ^= bytes.size();
    h1 += h2;
    h2 += h1;
    h1 = finish(h1);
    h2 = finish(h2);
    h1 += h2;
    return {h1, h2 + h1};
}

Error unfit(const TableShape& table, const ColumnShape& column, const char* what) {
    return invalid("The table " + table.name + " has a row whose " + column.name + " " + what +
                   ": correct it, then try again.");
}

}  // namespace

Status normalize(const TableShape& table, RowValues& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        Value& value = row[i];
        const ColumnShape& column = table.columns[i];
        if (is_null(value)) continue;
        if (column.kind == Kind::integer) {
            if (!std::holds_alternative<std::int64_t>(value)) return unfit(table, column, "is not a whole number");
        } else if (column.kind == Kind::real) {
            if (const auto* integer = std::get_if<std::int64_t>(&value)) value = static_cast<double>(*integer);
            auto* real = std::get_if<double>(&value);
            if (real == nullptr || !std::isfinite(*real)) return unfit(table, column, "is not a number");
            if (*real == 0) *real = 0;  // engines do not keep the sign of zero alike
        } else {
            if (const auto* integer = std::get_if<std::int64_t>(&value)) value = std::to_string(*integer);
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr || !is_valid_utf8(*text)) return unfit(table, column, "is not UTF-8 text");
            if (column.characters_max > 0 && text->size() > static_cast<std::size_t>(column.characters_max) &&
                utf8_length(*text) > static_cast<std::size_t>(column.characters_max)) {
                return unfit(table, column, "is longer than its column allows");
            }
        }
    }
    return {};
}

void append_row(std::string& out, const RowValues& row) {
    for (const Value& value : row) {
        if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            out.push_back(kInteger);
            append_varint(out, zigzag(*integer));
        } else if (const auto* real = std::get_if<double>(&value)) {
            out.push_back(kReal);
            const auto bits = std::bit_cast<std::uint64_t>(*real);
            for (int shift = 0; shift < 64; shift += 8)
                out.push_back(static_cast<char>(bits >> shift));
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            out.push_back(kText);
            append_varint(out, text->size());
            out.append(*text);
        } else {
            out.push_back(kNull);
        }
    }
}

Result<RowValues> take_row(std::string_view& bytes, std::size_t columns) {
    const auto damaged = [] { return invalid("A row of the backup cannot be read."); };
    RowValues row;
    row.reserve(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        if (bytes.empty()) return damaged();
        const char tag = bytes.front();
        bytes.remove_prefix(1);
        std::uint64_t number = 0;
        if (tag == kNull) {
            row.emplace_back();
        } else if (tag == kInteger) {
            if (!take_varint(bytes, number)) return damaged();
            row.emplace_back(unzigzag(number));
        } else if (tag == kReal) {
            if (bytes.size() < 8) return damaged();
            for (std::size_t at = 0; at < 8; ++at)
                number |= std::uint64_t{static_cast<unsigned char>(bytes[at])} << (8 * at);
            bytes.remove_prefix(8);
            row.emplace_back(std::bit_cast<double>(number));
        } else if (tag == kText) {
            if (!take_varint(bytes, number) || number > bytes.size()) return damaged();
            row.emplace_back(std::string(bytes.substr(0, number)));
            bytes.remove_prefix(number);
        } else {
            return damaged();
        }
    }
    return row;
}

void TableDigest::change(const RowValues& row, bool add) {
    thread_local std::string bytes;
    bytes.clear();
    append_row(bytes, row);
    const Hash128 hash = hash128(bytes);
    // A sum over 128 bits, so that rows can be taken out again.
    if (add) {
        ++rows;
        low += hash.low;
        high += hash.high + (low < hash.low ? 1 : 0);
    } else {
        --rows;
        high -= hash.high + (low < hash.low ? 1 : 0);
        low -= hash.low;
    }
}

std::string TableDigest::hex() const {
    std::string out;
    for (const std::uint64_t half : {high, low}) {
        for (int shift = 60; shift >= 0; shift -= 4)
            out.push_back("0123456789abcdef"[(half >> shift) & 15U]);
    }
    return out;
}

}  // namespace stoa::db::transfer
