#include "net/tls_certificate.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/file_util.hpp"

namespace stoa::net {
namespace {

constexpr std::size_t kPemBytesMax = 1024 * 1024;
constexpr int kSelfSignedDays = 825;  // the longest that clients accept

struct Free {
    void operator()(BIO* p) const { BIO_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

bool is_ip(const std::string& text) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

/// A comma or colon in a name would be read as OpenSSL's extension syntax.
bool is_host_name(const std::string& text) {
    constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*";
    return !text.empty() && text.size() <= 253 && text.find_first_not_of(kAllowed) == text.npos;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& alternative_names, int days) {
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* common_name = reinterpret_cast<const unsigned char*>("Stoa");
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -300) &&  // clocks that are a little late
           X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nullptr) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_subject_alt_name, alternative_names) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           X509_sign(certificate, key, EVP_sha256()) != 0;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

Bio memory_bio(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Expired counts as not valid; a text without a certificate is an error.
Result<bool> is_valid_now(const std::string& pem) {
    const Bio bio = memory_bio(pem);
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!certificate) return invalid("tls.crt holds no certificate. Put one there or remove tls.crt and tls.key.");
    return X509_cmp_current_time(X509_get0_notAfter(certificate.get())) > 0;
}

}  // namespace

Result<CertificatePem> make_self_signed(const std::vector<std::string>& names, int days) {
    std::string alternative_names;
    for (const std::string& name : names) {
        const bool ip = is_ip(name);
        if (!ip && !is_host_name(name)) return invalid("Not a host name or IP address: " + name);
        alternative_names.append(alternative_names.empty() ? "" : ",").append(ip ? "IP:" : "DNS:").append(name);
    }
    if (names.empty()) return invalid("A certificate needs at least one name.");

    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    const bool made = key && certificate && fill(certificate.get(), key.get(), alternative_names, days);
    const Bio certificate_text(BIO_new(BIO_s_mem()));
    const Bio key_text(BIO_new(BIO_s_secmem()));
    const bool written =
        made && PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1 &&
        PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
    ERR_clear_error();
    if (!written) return internal_error("OpenSSL cannot make a certificate.");
    return CertificatePem{text_of(certificate_text.get()), text_of(key_text.get())};
}

Result<CertificatePem> load_or_make_certificate(const std::string& folder, const std::vector<std::string>& names) {
    const std::string certificate_path = folder + "/tls.crt";
    const std::string key_path = folder + "/tls.key";
    auto certificate = read_file(certificate_path, kPemBytesMax);
    auto key = read_file(key_path, kPemBytesMax);
    if (certificate.ok() && key.ok()) {
        STOA_TRY(const bool valid, is_valid_now(*certificate));
        if (valid) return CertificatePem{std::move(*certificate), std::move(*key)};
    } else if (!certificate.ok() && certificate.error().code != Errc::not_found) {
        return std::move(certificate).error();
    } else if (!key.ok() && key.error().code != Errc::not_found) {
        return std::move(key).error();
    } else if (certificate.ok() != key.ok() && certificate.ok()) {
        return invalid("tls.crt is there but its tls.key is missing. Add it, or remove tls.crt.");
    }
    STOA_TRY(auto made, make_self_signed(names, kSelfSignedDays));
    // The key first: after a crash in between, the certificate is absent or expired and both are made again.
    STOA_CHECK(write_file_atomic(key_path, made.private_key, 0600));
    STOA_CHECK(write_file_atomic(certificate_path, made.certificate, 0644));
    return made;
}

}  // namespace stoa::net
