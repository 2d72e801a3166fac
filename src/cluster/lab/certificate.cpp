#include "cluster/lab/certificate.hpp"

#include "base/file_util.hpp"
#include "cluster/lab/command.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr std::size_t kPemBytesMax = 64 * 1024;
constexpr int kTimeoutMs = 20'000;

Status openssl(std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    STOA_CHECK(run_well({std::move(words), {}, {}, kTimeoutMs}));
    return {};
}

}  // namespace

Status make_certificates(const std::string& dir, const std::string& certificate_file, const std::string& address) {
    const std::string ca = dir + "/ca.pem", ca_key = dir + "/ca.key";
    const std::string request = dir + "/server.csr", key = dir + "/server.key", names = dir + "/server.ext";
    STOA_CHECK(openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        ca_key, "-out", ca, "-days", "3650", "-subj", "/CN=Stoa lab CA", "-addext",
                        "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"}));
    STOA_CHECK(openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                        request, "-subj", "/CN=" + address}));
    STOA_CHECK(write_file_atomic(names, "subjectAltName=IP:" + address +
                                            ",DNS:portal.lab\n"
                                            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                            "extendedKeyUsage=serverAuth\n"));
    const std::string chain = dir + "/server.pem";
    STOA_CHECK(openssl({"x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", chain,
                        "-days", "3650", "-sha256", "-extfile", names}));
    STOA_TRY(const std::string chain_text, read_file(chain, kPemBytesMax));
    STOA_TRY(const std::string key_text, read_file(key, kPemBytesMax));
    return write_file_atomic(certificate_file, chain_text + key_text, 0600);
}

}  // namespace stoa::cluster::lab
