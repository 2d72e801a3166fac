#include "base/crypto.hpp"

#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <semaphore>
#include <thread>

#include "base/random.hpp"
#include "base/sodium_ready.hpp"

namespace stoa {
namespace {

constexpr unsigned long long kPasswordPasses = 2;
constexpr std::size_t kPasswordMemoryBytes = 19 * 1024 * 1024;

const unsigned char* bytes_of(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* bytes_of(std::string& s) {
    return reinterpret_cast<unsigned char*>(s.data());
}

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrlSafe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kSkip = 64;
constexpr std::uint8_t kPad = 65;
constexpr std::uint8_t kForeign = 255;

constexpr std::array<std::uint8_t, 256> decode_table(const char* alphabet) {
    std::array<std::uint8_t, 256> table{};
    table.fill(kForeign);
    for (std::uint8_t i = 0; i < 64; ++i)
        table[static_cast<unsigned char>(alphabet[i])] = i;
    for (const char c : {' ', '\t', '\r', '\n'})
        table[static_cast<unsigned char>(c)] = kSkip;
    table['='] = kPad;
    return table;
}

std::string encode64(std::string_view in, const char* alphabet, bool pad) {
    std::string out((in.size() + 2) / 3 * 4, '=');
    const unsigned char* p = bytes_of(in);
    char* q = out.data();
    std::size_t left = in.size();
    for (; left >= 3; left -= 3, p += 3) {
        const std::uint32_t v = std::uint32_t{p[0]} << 16 | std::uint32_t{p[1]} << 8 | p[2];
        *q++ = alphabet[v >> 18];
        *q++ = alphabet[v >> 12 & 63];
        *q++ = alphabet[v >> 6 & 63];
        *q++ = alphabet[v & 63];
    }
    if (left > 0) {
        const std::uint32_t v = std::uint32_t{p[0]} << 16 | (left == 2 ? std::uint32_t{p[1]} << 8 : 0);
        *q++ = alphabet[v >> 18];
        *q++ = alphabet[v >> 12 & 63];
        if (left == 2) *q++ = alphabet[v >> 6 & 63];
        if (!pad) out.resize(static_cast<std::size_t>(q - out.data()));
    }
    return out;
}

Result<std::string> decode64(std::string_view in, const std::array<std::uint8_t, 256>& table) {
    std::string out;
    out.resize(in.size() / 4 * 3 + 3);
    unsigned char* q = bytes_of(out);
    std::uint32_t bits = 0;
    int have = 0;  // characters waiting in `bits`, 0..3
    int pads = 0;
    for (const char c : in) {
        const std::uint8_t v = table[static_cast<unsigned char>(c)];
        if (v < kSkip) {
            if (pads > 0) return invalid("The base64 text goes on after its padding.");
            bits = bits << 6 | v;
            if (++have < 4) continue;
            *q++ = static_cast<unsigned char>(bits >> 16);
            *q++ = static_cast<unsigned char>(bits >> 8);
            *q++ = static_cast<unsigned char>(bits);
            bits = 0;
            have = 0;
        } else if (v == kPad) {
            if (++pads > 2) return invalid("The base64 text has too much padding.");
        } else if (v == kForeign) {
            return invalid("The text is not base64.");
        }
    }
    if (have == 1 || (pads > 0 && have + pads != 4)) return invalid("The base64 text is cut short.");
    if (have >= 2) *q++ = static_cast<unsigned char>(bits >> (have == 2 ? 4 : 10));
    if (have == 3) *q++ = static_cast<unsigned char>(bits >> 2);
    out.resize(static_cast<std::size_t>(q - bytes_of(out)));
    return out;
}

/// argon2 takes 19 MiB and a core: one per core at a time.
class PasswordTurn {
  public:
    PasswordTurn() { semaphore().acquire(); }
    ~PasswordTurn() { semaphore().release(); }
    PasswordTurn(const PasswordTurn&) = delete;
    PasswordTurn& operator=(const PasswordTurn&) = delete;

  private:
    static std::counting_semaphore<>& semaphore() {
        static std::counting_semaphore<> turns(std::max(1U, std::thread::hardware_concurrency()));
        return turns;
    }
};

std::string secret_key(std::string_view key) {
    return sha256(std::string("stoa secret v1\n").append(key));
}

}  // namespace

void sodium_ready() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) std::abort();
}

std::string sha256(std::string_view data) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(data), data.size(), bytes_of(out));
    return out;
}

std::string sha256_hex(std::string_view data) {
    return to_hex(sha256(data));
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
    sodium_ready();
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes_of(data), data.size());
    std::string out(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_final(&state, bytes_of(out));
    return out;
}

std::string to_hex(std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

std::string base64_encode(std::string_view bytes) {
    return encode64(bytes, kStandard, true);
}
std::string base64url_encode(std::string_view bytes) {
    return encode64(bytes, kUrlSafe, false);
}

Result<std::string> base64_decode(std::string_view text) {
    static constexpr auto kTable = decode_table(kStandard);
    return decode64(text, kTable);
}

Result<std::string> base64url_decode(std::string_view text) {
    static constexpr auto kTable = decode_table(kUrlSafe);
    return decode64(text, kTable);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string hash_password(std::string_view password) {
    sodium_ready();
    const PasswordTurn turn;
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), kPasswordPasses, kPasswordMemoryBytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        throw std::bad_alloc();
    }
    return out.data();
}

bool verify_password(std::string_view hash, std::string_view password) {
    sodium_ready();
    if (hash.size() >= crypto_pwhash_STRBYTES) return false;
    const PasswordTurn turn;
    const std::string terminated(hash);
    return crypto_pwhash_str_verify(terminated.c_str(), password.data(), password.size()) == 0;
}

std::string encrypt_secret(std::string_view key, std::string_view plain) {
    std::string out = random_bytes(crypto_secretbox_NONCEBYTES);
    out.resize(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.size());
    unsigned char* nonce = bytes_of(out);
    crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, bytes_of(plain), plain.size(), nonce,
                          bytes_of(std::string_view(secret_key(key))));
    return out;
}

Result<std::string> decrypt_secret(std::string_view key, std::string_view sealed) {
    constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (sealed.size() < kOverhead) return invalid("The secret is cut short.");
    sodium_ready();
    std::string out(sealed.size() - kOverhead, '\0');
    const unsigned char* nonce = bytes_of(sealed);
    if (crypto_secretbox_open_easy(bytes_of(out), nonce + crypto_secretbox_NONCEBYTES,
                                   sealed.size() - crypto_secretbox_NONCEBYTES, nonce,
                                   bytes_of(std::string_view(secret_key(key)))) != 0) {
        return invalid("The secret was sealed with another key, or it is damaged.");
    }
    return out;
}

}  // namespace stoa
