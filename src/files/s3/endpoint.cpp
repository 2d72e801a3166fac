#include "files/s3/endpoint.hpp"

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"

namespace stoa::files::s3 {
namespace {

constexpr int kStallMsMax = 60'000;

Error wrong(const std::string& what) {
    return invalid("The address of the S3 store is wrong: " + what + ".", "files.url");
}

std::string authority_of(const EngineUrl::Host& host, const std::string& scheme) {
    const std::string name = host.name.find(':') == host.name.npos ? host.name : "[" + host.name + "]";
    const std::uint16_t own = scheme == "https" ? 443 : 80;
    return host.port == 0 || host.port == own ? name : name + ":" + std::to_string(host.port);
}

bool is_name(std::string_view text, std::string_view also) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != also.npos;
    });
}

Status read_place(const EngineUrl& url, Endpoint& to) {
    const std::size_t slash = std::min(url.path.find('/'), url.path.size());
    to.bucket = url.path.substr(0, slash);
    if (to.bucket.size() < 3 || to.bucket.size() > 63 || !is_name(to.bucket, ".-_")) {
        return wrong("behind the host comes a bucket of 3 to 63 letters, digits, - and .");
    }
    to.prefix = slash < url.path.size() ? url.path.substr(slash + 1) : "";
    while (!to.prefix.empty() && to.prefix.back() == '/')
        to.prefix.pop_back();
    if (to.prefix.empty()) return {};
    const bool clean = is_name(to.prefix, "._-/") && to.prefix.find("//") == to.prefix.npos &&
                       to.prefix.front() != '/' && to.prefix.size() <= limits::file_key_bytes_max &&
                       ("/" + to.prefix + "/").find("/./") == std::string::npos &&
                       ("/" + to.prefix + "/").find("/../") == std::string::npos;
    if (!clean) return wrong("its prefix may hold letters, digits, . _ - and / only");
    to.prefix += '/';
    return {};
}

Status read_public(const std::string& text, Endpoint& to) {
    to.public_scheme = to.scheme;
    to.public_authority = to.authorities.front();
    if (text.empty()) return {};
    const std::size_t end = text.find("://");
    to.public_scheme = text.substr(0, end);
    if (end == text.npos || (to.public_scheme != "http" && to.public_scheme != "https")) {
        return wrong("public= is an address such as https://files.example.org");
    }
    to.public_authority = text.substr(end + 3);
    while (!to.public_authority.empty() && to.public_authority.back() == '/')
        to.public_authority.pop_back();
    return is_name(to.public_authority, ".-:[]") ? Status() : wrong("public= holds more than a host");
}

Status read_parameters(const EngineUrl& url, Endpoint& to) {
    for (const auto& [name, value] : url.parameters) {
        if (name != "region" && name != "public" && name != "ca_file" && name != "stall_ms") {
            return wrong("it has no parameter " + name + "; there are region, public, ca_file and stall_ms");
        }
    }
    to.key.region = url.parameter("region", "us-east-1");
    if (!is_name(to.key.region, "-_")) return wrong("a region is a name such as eu-central-1");
    to.ca_file = url.parameter("ca_file");
    const std::string stall = url.parameter("stall_ms", std::to_string(limits::file_stall_ms));
    const auto [end, error] = std::from_chars(stall.data(), stall.data() + stall.size(), to.stall_ms);
    if (error != std::errc{} || end != stall.data() + stall.size() || to.stall_ms < 100 || to.stall_ms > kStallMsMax) {
        return wrong("stall_ms is a number of milliseconds from 100 to " + std::to_string(kStallMsMax));
    }
    return read_public(url.parameter("public"), to);
}

}  // namespace

std::string Endpoint::path_of(const Blob& blob) const {
    return "/" + bucket + "/" + prefix + std::to_string(blob.account) + "/" + blob.key;
}

Result<Endpoint> endpoint_of(const EngineUrl& url) {
    Endpoint out;
    if (url.scheme != "s3+http" && url.scheme != "s3+https") return wrong("it begins with s3+https: or s3+http:");
    out.scheme = url.scheme.substr(3);
    for (const EngineUrl::Host& host : url.hosts)
        out.authorities.push_back(authority_of(host, out.scheme));
    if (out.authorities.empty()) return wrong("it names no host");
    if (url.user.empty()) return wrong("the access key stands before the host, as in s3+https://KEY@host/bucket");
    if (url.password.empty()) {
        return invalid("The S3 store needs a secret key: put it into a file and name that in files.secret_key_file.",
                       "files.secret_key_file");
    }
    out.key.access_key = url.user;
    out.key.secret_key = url.password;
    STOA_CHECK(read_place(url, out));
    STOA_CHECK(read_parameters(url, out));
    return out;
}

}  // namespace stoa::files::s3
