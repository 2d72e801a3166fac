// The examples that AWS publishes, with their signatures:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

#include "files/s3/signer.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace stoa::files::s3 {
namespace {

const Key kKey{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};
constexpr UnixSeconds kAt = 1'369'353'600;  // 2013-05-24T00:00:00Z

Signable example(std::string method, std::string path) {
    Signable request;
    request.method = std::move(method);
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = std::move(path);
    request.payload_sha256 = sha256_hex("");
    request.at = kAt;
    return request;
}

std::string authorization(const Signable& request) {
    for (const net::Header& header : sign(kKey, request)) {
        if (header.name == "Authorization") return header.value;
    }
    return "";
}

std::string expected(const std::string& names, const std::string& signature) {
    return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
           names + ",Signature=" + signature;
}

TEST(S3Signer, signs_the_example_get_object) {
    Signable request = example("GET", "/test.txt");
    request.headers = {{"Range", "bytes=0-9"}};
    EXPECT_EQ(authorization(request), expected("host;range;x-amz-content-sha256;x-amz-date",
                                               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(S3Signer, signs_the_example_put_object) {
    Signable request = example("PUT", "/test$file.text");
    request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    request.payload_sha256 = sha256_hex("Welcome to Amazon S3.");
    EXPECT_EQ(authorization(request), expected("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                                               "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(S3Signer, signs_the_example_get_bucket_lifecycle) {
    Signable request = example("GET", "/");
    request.query = {{"lifecycle", ""}};
    EXPECT_EQ(authorization(request), expected("host;x-amz-content-sha256;x-amz-date",
                                               "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(S3Signer, signs_the_example_list_objects_whatever_the_order_of_its_query) {
    Signable request = example("GET", "/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};
    EXPECT_EQ(authorization(request), expected("host;x-amz-content-sha256;x-amz-date",
                                               "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(S3Signer, presigns_the_example_get_object) {
    EXPECT_EQ(
        presign(kKey, example("GET", "/test.txt"), 86'400),
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2F"
        "s3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
        "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(S3Signer, encodes_paths_and_queries_as_they_are_signed) {
    EXPECT_EQ(encoded_path("/a b/ä+c~d"), "/a%20b/%C3%A4%2Bc~d");
    EXPECT_EQ(encoded_path("/"), "/");
    EXPECT_EQ(encoded_path("/a/"), "/a/");
    EXPECT_EQ(encoded_query({{"b", "2/3"}, {"a", "x y"}, {"A", ""}, {"a", "w"}}), "A=&a=w&a=x%20y&b=2%2F3");
}

}  // namespace
}  // namespace stoa::files::s3
