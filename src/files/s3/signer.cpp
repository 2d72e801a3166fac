#include "files/s3/signer.hpp"

#include <algorithm>
#include <cctype>

#include "base/crypto.hpp"
#include "base/time_format.hpp"
#include "json/url.hpp"

namespace stoa::files::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

void append_padded(std::string& out, std::int64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    out.append(digits - std::min(digits, text.size()), '0').append(text);
}

/// "20130524T000000Z"
std::string amz_date(UnixSeconds at) {
    constexpr std::int64_t kDay = 86'400;
    const std::int64_t days = at / kDay - (at % kDay < 0 ? 1 : 0);
    const std::int64_t second = at - days * kDay;
    const CivilDate date = days_to_date(days);
    std::string out;
    append_padded(out, date.year, 4);
    append_padded(out, date.month, 2);
    append_padded(out, date.day, 2);
    out += 'T';
    append_padded(out, second / 3600, 2);
    append_padded(out, second / 60 % 60, 2);
    append_padded(out, second % 60, 2);
    return out + 'Z';
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::string scope(const Key& key, const std::string& date) {
    return date.substr(0, 8) + "/" + key.region + "/s3/aws4_request";
}

std::string signature(const Key& key, const std::string& date, const std::string& canonical_request) {
    std::string signing = "AWS4" + key.secret_key;
    for (const std::string& step : {date.substr(0, 8), key.region, std::string("s3"), std::string("aws4_request")})
        signing = hmac_sha256(signing, step);
    std::string text(kAlgorithm);
    text += "\n" + date + "\n" + scope(key, date) + "\n" + sha256_hex(canonical_request);
    return to_hex(hmac_sha256(signing, text));
}

/// Lower-case names, sorted; and the names alone as "a;b;c".
struct SignedHeaders {
    std::string lines;
    std::string names;
};

SignedHeaders signed_headers(const Signable& request, const std::vector<net::Header>& headers) {
    std::vector<std::pair<std::string, std::string>> sorted{{"host", request.host}};
    for (const net::Header& header : headers)
        sorted.emplace_back(lower(header.name), header.value);
    std::sort(sorted.begin(), sorted.end());
    SignedHeaders out;
    for (const auto& [name, value] : sorted) {
        out.lines.append(name).append(":").append(value).append("\n");
        if (!out.names.empty()) out.names += ';';
        out.names += name;
    }
    return out;
}

std::string canonical(const Signable& request, const Query& query, const SignedHeaders& headers,
                      std::string_view payload) {
    std::string out = request.method + "\n" + encoded_path(request.path) + "\n" + encoded_query(query) + "\n";
    return out.append(headers.lines).append("\n").append(headers.names).append("\n").append(payload);
}

}  // namespace

std::vector<net::Header> sign(const Key& key, const Signable& request) {
    const std::string date = amz_date(request.at);
    std::vector<net::Header> headers = request.headers;
    headers.push_back({"x-amz-content-sha256", request.payload_sha256});
    headers.push_back({"x-amz-date", date});
    const SignedHeaders names = signed_headers(request, headers);
    std::string authorization(kAlgorithm);
    authorization +=
        " Credential=" + key.access_key + "/" + scope(key, date) + ",SignedHeaders=" + names.names +
        ",Signature=" + signature(key, date, canonical(request, request.query, names, request.payload_sha256));
    headers.push_back({"Authorization", std::move(authorization)});
    return headers;
}

std::string presign(const Key& key, const Signable& request, int lifetime_s) {
    const std::string date = amz_date(request.at);
    const SignedHeaders names = signed_headers(request, {});
    Query query = request.query;
    query.emplace_back("X-Amz-Algorithm", kAlgorithm);
    query.emplace_back("X-Amz-Credential", key.access_key + "/" + scope(key, date));
    query.emplace_back("X-Amz-Date", date);
    query.emplace_back("X-Amz-Expires", std::to_string(lifetime_s));
    query.emplace_back("X-Amz-SignedHeaders", names.names);
    const std::string proof = signature(key, date, canonical(request, query, names, "UNSIGNED-PAYLOAD"));
    return encoded_path(request.path) + "?" + encoded_query(query) + "&X-Amz-Signature=" + proof;
}

std::string encoded_query(const Query& query) {
    std::vector<std::pair<std::string, std::string>> encoded;
    for (const auto& [name, value] : query)
        encoded.emplace_back(json::url_encode(name), json::url_encode(value));
    std::sort(encoded.begin(), encoded.end());  // by code point, after encoding
    std::string out;
    for (const auto& [name, value] : encoded) {
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(value);
    }
    return out;
}

std::string encoded_path(std::string_view path) {
    std::string out;
    for (std::size_t from = 0; from < path.size();) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        out += json::url_encode(path.substr(from, slash - from));
        if (slash < path.size()) out += '/';
        from = slash + 1;
    }
    return out;
}

}  // namespace stoa::files::s3
