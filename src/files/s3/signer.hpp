#pragma once
// AWS Signature Version 4 for S3: headers for requests, and addresses that carry their own permission. Pure functions,
// any thread. Secrets appear in no output.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "net/http_client.hpp"

namespace stoa::files::s3 {

struct Key {
    std::string access_key;
    std::string secret_key;
    std::string region;
};

using Query = std::vector<std::pair<std::string, std::string>>;  ///< names and values, not encoded

/// A request as far as its signature goes.
struct Signable {
    std::string method;
    std::string host;  ///< as in the Host header, with a port that is not the scheme's own
    std::string path;  ///< begins with a slash, not encoded
    Query query;
    std::vector<net::Header> headers;  ///< all of them get signed; without Host
    std::string payload_sha256;        ///< hexadecimal
    UnixSeconds at = 0;
};

/// The headers of the request with x-amz-date, x-amz-content-sha256 and Authorization added.
std::vector<net::Header> sign(const Key& key, const Signable& request);

/// Path and query of an address that works for lifetime_s from request.at on, for anybody who has it. The payload hash
/// and headers of the request play no part.
std::string presign(const Key& key, const Signable& request, int lifetime_s);

/// Encoded, sorted, as it is signed and must be sent.
std::string encoded_query(const Query& query);
std::string encoded_path(std::string_view path);

}  // namespace stoa::files::s3
