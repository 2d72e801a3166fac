#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::json {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=XX";

std::string read(std::string_view body, std::string_view type = kType) {
    const auto value = parse_multipart(body, type);
    return value ? to_json(*value) : std::string(to_string(value.error().code));
}

std::string part(std::string_view disposition, std::string_view content) {
    return "--XX\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" + std::string(content) +
           "\r\n";
}

TEST(Multipart, fields_nest_as_in_forms) {
    EXPECT_EQ(read(part("name=\"a[b]\"", "1") + part("name=\"a[c][]\"", "x & y") + "--XX--\r\n"),
              R"({"a":{"b":"1","c":["x & y"]}})");
    EXPECT_EQ(read("--XX--"), "{}");
}

TEST(Multipart, a_file_is_its_name_and_base64) {
    const std::string bytes("\0\xFF\r\n--X\r\n", 9);
    const std::string body =
        "--XX\r\ncontent-disposition: form-data; name=f; filename=\"a.bin\"\r\nContent-Type: x/y\r\n\r\n" + bytes +
        "\r\n--XX--";
    EXPECT_EQ(read(body), "{\"f\":[\"a.bin\",\"" + base64_encode(bytes) + "\"]}");
}

TEST(Multipart, file_names_lose_their_folders_and_escapes) {
    const auto name_of = [](std::string_view disposition) {
        const auto value = parse_multipart(part(disposition, "x") + "--XX--", kType);
        return value ? value->find("f")->array()[0].string() : "error";
    };
    EXPECT_EQ(name_of("name=\"f\"; filename=\"C:\\folder\\a.txt\""), "a.txt");
    EXPECT_EQ(name_of("name=\"f\"; filename=\"../../etc/passwd\""), "passwd");
    EXPECT_EQ(name_of("name=\"f\"; filename=\"a\\\"b%22c;d.txt\""), "a\"b\"c;d.txt");
    EXPECT_EQ(name_of("name=\"f\"; filename=\"50%25.txt\""), "50%25.txt");
    EXPECT_EQ(name_of("name=\"f\"; filename=\"x\"; filename*=UTF-8''%e2%82%ac+a.txt"), "\xE2\x82\xAC+a.txt");
    EXPECT_EQ(name_of("name=\"f\"; filename*=utf-8'en'a%2Fb.txt"), "b.txt");
    EXPECT_EQ(name_of("name=\"f\"; filename=\"\xFF\""), "error");
}

TEST(Multipart, an_empty_file_input_is_no_parameter) {
    EXPECT_EQ(read(part("name=\"f\"; filename=\"\"", "") + part("name=\"a\"", "1") + "--XX--"), R"({"a":"1"})");
    EXPECT_EQ(read(part("name=\"f\"; filename=\"empty.txt\"", "") + "--XX--"), R"({"f":["empty.txt",""]})");
}

TEST(Multipart, preamble_epilogue_and_padding_are_skipped) {
    EXPECT_EQ(read("hello\r\n" + part("name=\"a\"", "1") + "--XX-- \r\nbye\r\n--XX"), R"({"a":"1"})");
    EXPECT_EQ(read("--XX \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX--"), R"({"a":"1"})");
}

TEST(Multipart, the_boundary_may_be_quoted_and_has_a_length_limit) {
    const std::string body = part("name=\"a\"", "1") + "--XX--";
    EXPECT_EQ(read(body, "multipart/form-data; charset=utf-8; Boundary=\"XX\""), R"({"a":"1"})");
    EXPECT_EQ(read(body, "multipart/form-data"), "invalid_argument");
    EXPECT_EQ(read(body, "multipart/form-data; boundary="), "invalid_argument");
    const std::string b70(70, 'b');
    EXPECT_EQ(read("--" + b70 + "--", "multipart/form-data; boundary=" + b70), "{}");
    EXPECT_EQ(read("--" + b70 + "b--", "multipart/form-data; boundary=" + b70 + "b"), "invalid_argument");
}

TEST(Multipart, malformed_bodies_are_refused) {
    for (const std::string& body :
         {std::string(), std::string("--XX"), std::string("--XX\r\n"), std::string("--XXY\r\n\r\n\r\n--XX--"),
          std::string("no boundary"), part("name=\"a\"", "1"), std::string("--XX\r\n\r\nno name\r\n--XX--"),
          std::string("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n--XX--"),
          part("filename=\"a\"", "1") + "--XX--"}) {
        EXPECT_EQ(read(body), "invalid_argument") << body;
    }
}

TEST(Multipart, text_must_be_utf8_without_nul_but_files_need_not) {
    EXPECT_EQ(read(part("name=\"a\"", std::string_view("x\0", 2)) + "--XX--"), "invalid_argument");
    EXPECT_EQ(read(part("name=\"a\"", "\xFF") + "--XX--"), "invalid_argument");
    EXPECT_EQ(read(part("name=\"a\"; filename=\"b\"", "\xFF") + "--XX--"), R"({"a":["b","/w=="]})");
}

TEST(Multipart, part_headers_are_limited) {
    const auto body = [](std::size_t bytes) {
        std::string head = "Content-Disposition: form-data; name=\"a\"\r\nX: ";
        head += std::string(bytes - head.size(), 'x');
        return "--XX\r\n" + head + "\r\n\r\n1\r\n--XX--";
    };
    EXPECT_EQ(read(body(8 * 1024)), R"({"a":"1"})");
    EXPECT_EQ(read(body(8 * 1024 + 1)), "too_large");
}

TEST(Multipart, the_number_of_parameters_is_limited_exactly) {
    std::string body;
    for (std::size_t i = 0; i < limits::parameters_max; ++i)
        body += part("name=\"k" + std::to_string(i) + "\"", "");
    EXPECT_TRUE(parse_multipart(body + "--XX--", kType));
    EXPECT_EQ(read(body + part("name=\"a\"", "") + "--XX--"), "too_large");
}

}  // namespace
}  // namespace stoa::json
