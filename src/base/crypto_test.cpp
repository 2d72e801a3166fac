#include "base/crypto.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace stoa {
namespace {

TEST(Crypto, sha256_matches_the_standard) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, hmac_matches_rfc_4231) {
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Crypto, base64_matches_rfc_4648) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foo"), "Zm9v");
    EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
    EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
}

TEST(Crypto, base64_reads_back_every_length) {
    for (std::size_t n = 0; n < 100; ++n) {
        const std::string bytes = random_bytes(n);
        EXPECT_EQ(base64_decode(base64_encode(bytes)).value(), bytes);
        EXPECT_EQ(base64url_decode(base64url_encode(bytes)).value(), bytes);
    }
}

TEST(Crypto, base64_takes_line_breaks_and_missing_padding) {
    EXPECT_EQ(base64_decode("Zm9v\r\nYg==\n").value(), "foob");
    EXPECT_EQ(base64_decode("Zm9vYg").value(), "foob");
    EXPECT_EQ(base64_decode("Zm9vYmE").value(), "fooba");
}

TEST(Crypto, base64_refuses_what_is_not_base64) {
    for (const char* text : {"Z", "Zm9vY", "Zg=", "Zg===", "Z===", "=", "Zg==Zg==", "Zm9*", "Zm9v-_", "data:x"}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
    EXPECT_FALSE(base64url_decode("+/8"));
}

TEST(Crypto, comparison_tells_equal_from_unequal) {
    EXPECT_TRUE(equal_constant_time("", ""));
    EXPECT_TRUE(equal_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_constant_time("abc", "abcd"));
}

TEST(Crypto, a_password_matches_only_its_own_hash) {
    const std::string hash = hash_password("correct horse");
    EXPECT_EQ(hash.rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0U) << hash;
    EXPECT_TRUE(verify_password(hash, "correct horse"));
    EXPECT_FALSE(verify_password(hash, "correct horse "));
    EXPECT_FALSE(verify_password("", "correct horse"));
    EXPECT_FALSE(verify_password("not a hash", "correct horse"));
    EXPECT_FALSE(verify_password(std::string(4096, '$'), "correct horse"));
}

TEST(Crypto, a_secret_opens_with_its_key_only) {
    const std::string sealed = encrypt_secret("key", "token");
    EXPECT_EQ(sealed.size(), 5U + 40U);
    EXPECT_NE(sealed, encrypt_secret("key", "token"));
    EXPECT_EQ(decrypt_secret("key", sealed).value(), "token");
    EXPECT_EQ(decrypt_secret("key", encrypt_secret("key", "")).value(), "");
    EXPECT_FALSE(decrypt_secret("other", sealed));
    EXPECT_FALSE(decrypt_secret("key", sealed.substr(0, 39)));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(decrypt_secret("key", changed)) << i;
    }
}

}  // namespace
}  // namespace stoa
