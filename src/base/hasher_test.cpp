#include "base/hasher.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "base/crypto.hpp"

namespace stoa {
namespace {

TEST(Hasher, gives_the_same_digest_whatever_the_pieces) {
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += static_cast<char>(i * 7);
    for (const std::size_t piece : {1UL, 63UL, 64UL, 65UL, 4096UL, 20'000UL}) {
        Hasher hasher(Hasher::Kind::sha256);
        for (std::size_t at = 0; at < text.size(); at += piece)
            hasher.update(std::string_view(text).substr(at, piece));
        EXPECT_EQ(hasher.finish_hex(), sha256_hex(text));
    }
}

TEST(Hasher, starts_anew_after_its_end_and_after_a_move) {
    Hasher hasher(Hasher::Kind::md5);
    hasher.update("message ");
    Hasher moved = std::move(hasher);
    moved.update("digest");
    EXPECT_EQ(moved.finish_hex(), "f96b697d7cb7938d525a2f31aaf161d0");  // RFC 1321, A.5
    EXPECT_EQ(moved.finish_hex(), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(moved.finish().size(), 16U);
}

}  // namespace
}  // namespace stoa
