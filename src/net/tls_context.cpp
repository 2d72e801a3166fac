#include "net/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace stoa::net {
namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;

Bio memory_bio(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool use_certificate_chain(SSL_CTX* context, const std::string& pem) {
    const Bio bio = memory_bio(pem);
    const std::unique_ptr<X509, Free> leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            return false;
        }
    }
    return true;
}

bool use_private_key(SSL_CTX* context, const std::string& pem) {
    const Bio bio = memory_bio(pem);
    // The empty password keeps OpenSSL from asking on the terminal for an encrypted key.
    const std::unique_ptr<EVP_PKEY, Free> key(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
    return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                    unsigned int in_length, void*) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, kOurs, sizeof kOurs - 1, in, in_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void TlsDeleter::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}
void TlsDeleter::operator()(ssl_st* session) const {
    SSL_free(session);
}

Result<TlsContext> make_server_context(const std::string& certificate_pem, const std::string& private_key_pem) {
    TlsContext context(SSL_CTX_new(TLS_server_method()));
    if (!context) return internal_error("OpenSSL cannot make a TLS context.");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Idle connections give their buffers back; writes may be partial and come again from another buffer.
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Resumption by tickets only: nothing is remembered per client. Their keys live in this process's memory.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);

    const bool usable =
        use_certificate_chain(context.get(), certificate_pem) && use_private_key(context.get(), private_key_pem);
    ERR_clear_error();  // includes "no more certificates", the normal end of a chain
    if (!usable)
        return invalid("The TLS certificate or its private key cannot be read, or they do not belong together.");
    return context;
}

TlsSession make_server_session(ssl_ctx_st& context, int fd) {
    TlsSession session(SSL_new(&context));
    if (!session || SSL_set_fd(session.get(), fd) != 1) return nullptr;
    SSL_set_accept_state(session.get());
    return session;
}

}  // namespace stoa::net
