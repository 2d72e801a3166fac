#include "base/hasher.hpp"

#include <openssl/evp.h>

#include <stdexcept>

#include "base/crypto.hpp"

namespace stoa {
namespace {

struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// OpenSSL fails here only without memory, or where the administrator forbids MD5 (FIPS).
void must(int done) {
    if (done != 1) throw std::runtime_error("OpenSSL cannot compute the digest.");
}

}  // namespace

struct Hasher::State {
    const EVP_MD* kind;
    std::unique_ptr<EVP_MD_CTX, Free> context;

    void start() const { must(EVP_DigestInit_ex(context.get(), kind, nullptr)); }
};

Hasher::Hasher(Kind kind)
    : state_(new State{kind == Kind::md5 ? EVP_md5() : EVP_sha256(), {EVP_MD_CTX_new(), Free{}}}) {
    state_->start();
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) {
    must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Hasher::finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    must(EVP_DigestFinal_ex(state_->context.get(), digest, &bytes));
    state_->start();
    return {reinterpret_cast<const char*>(digest), bytes};
}

std::string Hasher::finish_hex() {
    return to_hex(finish());
}

}  // namespace stoa
