#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace stoa {
namespace {

TEST(Random, alnum_has_the_length_and_the_alphabet_asked_for) {
    for (const std::size_t n : {0U, 1U, 32U, 1000U}) {
        const std::string text = random_alnum(n);
        EXPECT_EQ(text.size(), n);
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c); }));
    }
}

TEST(Random, alnum_is_uniform) {
    std::array<int, 256> seen{};
    for (const char c : random_alnum(620'000))
        ++seen[static_cast<unsigned char>(c)];
    for (int c = 0; c < 256; ++c) {
        if (!std::isalnum(c)) continue;
        EXPECT_NEAR(seen[static_cast<std::size_t>(c)], 10'000, 800) << c;  // 8 standard deviations
    }
}

TEST(Random, uuids_are_version_4_and_differ) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = uuid_v4();
        ASSERT_EQ(id.size(), 36U);
        EXPECT_EQ(id[8], '-');
        EXPECT_EQ(id[13], '-');
        EXPECT_EQ(id[14], '4');
        EXPECT_EQ(id[18], '-');
        EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
        EXPECT_EQ(id[23], '-');
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(Random, bytes_have_the_length_asked_for) {
    EXPECT_EQ(random_bytes(0).size(), 0U);
    EXPECT_EQ(random_bytes(33).size(), 33U);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

}  // namespace
}  // namespace stoa
