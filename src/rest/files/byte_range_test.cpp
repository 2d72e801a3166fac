#include "rest/files/byte_range.hpp"

#include <gtest/gtest.h>

namespace stoa::rest {
namespace {

using Kind = WantedRange::Kind;

void expect(std::string_view header, Kind kind, std::uint64_t begin = 0, std::uint64_t end = 10) {
    const WantedRange range = parse_range(header, 10);
    EXPECT_EQ(range.kind, kind) << header;
    if (kind == Kind::unsatisfiable) return;
    EXPECT_EQ(range.begin, begin) << header;
    EXPECT_EQ(range.end, end) << header;
}

TEST(ByteRange, one_part_of_the_file_in_all_its_forms) {
    expect("bytes=0-0", Kind::part, 0, 1);
    expect("bytes=2-5", Kind::part, 2, 6);
    expect("bytes=2-", Kind::part, 2, 10);
    expect("bytes=9-9", Kind::part, 9, 10);
    expect("bytes=5-99999", Kind::part, 5, 10);
    expect("bytes=5-18446744073709551615", Kind::part, 5, 10);
    expect("bytes=-3", Kind::part, 7, 10);
    expect("bytes=-99", Kind::part, 0, 10);
}

TEST(ByteRange, what_lies_behind_the_end_cannot_be_had) {
    expect("bytes=10-", Kind::unsatisfiable);
    expect("bytes=10-20", Kind::unsatisfiable);
    expect("bytes=-0", Kind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=0-", 0).kind, Kind::unsatisfiable);
    EXPECT_EQ(parse_range("bytes=-5", 0).kind, Kind::unsatisfiable);
}

TEST(ByteRange, what_is_no_single_range_means_the_whole) {
    for (const char* header : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "items=0-1",
                               "bytes=1", "bytes= 1-2", "bytes=1-2x", "bytes=99999999999999999999-", "bytes=--1"}) {
        expect(header, Kind::all);
    }
}

}  // namespace
}  // namespace stoa::rest
