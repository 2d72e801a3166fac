#include "net/tls_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>

namespace stoa::net {
namespace {

struct Free {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(BIO* p) const { BIO_free(p); }
};

std::unique_ptr<X509, Free> parse(const std::string& pem) {
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return std::unique_ptr<X509, Free>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "tls_certificate_test_XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }
    void write(const std::string& name, const std::string& text) const { std::ofstream(path_ + "/" + name) << text; }

  private:
    std::string path_;
};

TEST(TlsCertificate, NamesEveryHostAndAddress) {
    const auto pem = make_self_signed({"portal.example", "127.0.0.1", "::1", "*.portal.example"}, 10);
    ASSERT_TRUE(pem.ok());
    const auto certificate = parse(pem->certificate);
    ASSERT_TRUE(certificate);
    EXPECT_EQ(X509_check_host(certificate.get(), "portal.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(certificate.get(), "a.portal.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(certificate.get(), "other.test", 0, 0, nullptr), 0);
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), "10.0.0.1", 0), 0);
    EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(certificate.get())), 0);
    EXPECT_GT(X509_cmp_current_time(X509_get0_notAfter(certificate.get())), 0);
}

TEST(TlsCertificate, RefusesNamesThatAreNone) {
    EXPECT_FALSE(make_self_signed({}, 10).ok());
    EXPECT_FALSE(make_self_signed({""}, 10).ok());
    EXPECT_FALSE(make_self_signed({"a,IP:1.2.3.4"}, 10).ok());
    EXPECT_FALSE(make_self_signed({"a b"}, 10).ok());
}

TEST(TlsCertificate, IsMadeOnceAndTheKeyIsPrivate) {
    const TemporaryFolder folder;
    const auto first = load_or_make_certificate(folder.path(), {"localhost"});
    ASSERT_TRUE(first.ok()) << first.error().message;
    const auto second = load_or_make_certificate(folder.path(), {"localhost"});
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(first->certificate, second->certificate);
    EXPECT_EQ(first->private_key, second->private_key);
    struct stat key {};
    ASSERT_EQ(::stat((folder.path() + "/tls.key").c_str(), &key), 0);
    EXPECT_EQ(key.st_mode & 0777, 0600u);
}

TEST(TlsCertificate, IsMadeAnewWhenExpired) {
    const TemporaryFolder folder;
    const auto old = make_self_signed({"localhost"}, -1);
    ASSERT_TRUE(old.ok());
    folder.write("tls.crt", old->certificate);
    folder.write("tls.key", old->private_key);
    const auto made = load_or_make_certificate(folder.path(), {"localhost"});
    ASSERT_TRUE(made.ok());
    EXPECT_NE(made->certificate, old->certificate);
    EXPECT_GT(X509_cmp_current_time(X509_get0_notAfter(parse(made->certificate).get())), 0);
}

TEST(TlsCertificate, OverwritesNothingItDoesNotUnderstand) {
    const TemporaryFolder folder;
    folder.write("tls.crt", "not a certificate");
    EXPECT_EQ(load_or_make_certificate(folder.path(), {"localhost"}).error().code, Errc::invalid_argument);
    folder.write("tls.key", "not a key");
    EXPECT_EQ(load_or_make_certificate(folder.path(), {"localhost"}).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace stoa::net
