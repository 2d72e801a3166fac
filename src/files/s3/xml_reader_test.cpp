#include "files/s3/xml_reader.hpp"

#include <gtest/gtest.h>

#include "files/s3/answers.hpp"

namespace stoa::files::s3 {
namespace {

std::string flat(std::string_view xml) {
    const auto elements = read_xml(xml);
    if (!elements) return "error: " + elements.error().message;
    std::string out;
    for (const auto& [path, text] : *elements)
        out.append(path).append("=").append(text).append(";");
    return out;
}

TEST(S3Xml, reads_elements_after_their_children) {
    EXPECT_EQ(flat("<a><b>1</b><b>2</b></a>"), "a/b=1;a/b=2;a=;");
    EXPECT_EQ(flat("<?xml version='1.0'?>\n<!-- x --><n:a xmlns:n=\"u>\" ><b/>t</n:a >\n"), "a/b=;a=t;");
    EXPECT_EQ(flat("<a>x&lt;&#65;&#x42;&amp;&quot;&apos;&gt;&#xe4;</a>"), "a=x<AB&\"'>\xC3\xA4;");
    EXPECT_EQ(flat("<a><![CDATA[<&]]></a>"), "a=<&;");
    EXPECT_EQ(flat("\xEF\xBB\xBF<a/>"), "a=;");
}

TEST(S3Xml, refuses_what_is_none) {
    for (const char* xml : {"",
                            " ",
                            "x",
                            "<",
                            "<a",
                            "<a>",
                            "<a></b>",
                            "</a>",
                            "<a/><b/>",
                            "<a/>x",
                            "<>x</>",
                            "<a b></a>",
                            "<a b=c/>",
                            "<a b=\"></a>",
                            "<a>&none;</a>",
                            "<a>&#0;</a>",
                            "<a>&#xD800;</a>",
                            "<a>&#x110000;</a>",
                            "<a>& b</a>",
                            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                            "<a><![CDATA[x</a>",
                            "<!-- <a/>",
                            "{\"a\": 1}",
                            "<html><body><p>502 Bad Gateway<br></body></html>"}) {
        EXPECT_FALSE(read_xml(xml).ok()) << xml;
    }
}

TEST(S3Xml, takes_levels_and_elements_at_the_limit_and_refuses_one_more) {
    const auto nested = [](int levels) {
        std::string xml;
        for (int i = 0; i < levels; ++i)
            xml += "<a>";
        for (int i = 0; i < levels; ++i)
            xml += "</a>";
        return xml;
    };
    EXPECT_TRUE(read_xml(nested(16)).ok());
    EXPECT_EQ(read_xml(nested(17)).error().code, Errc::too_large);
    const auto many = [](int elements) {
        std::string xml = "<r>";
        for (int i = 1; i < elements; ++i)
            xml += "<a/>";
        return xml + "</r>";
    };
    EXPECT_EQ(read_xml(many(20'000))->size(), 20'000U);
    EXPECT_EQ(read_xml(many(20'001)).error().code, Errc::too_large);
}

TEST(S3Answers, are_understood) {
    const Fault fault = read_fault("<Error><Code>NoSuchKey</Code><Message>Not there.</Message></Error>");
    EXPECT_EQ(fault.code + "|" + fault.message, "NoSuchKey|Not there.");
    EXPECT_EQ(read_fault("<html>").code, "");
    EXPECT_EQ(*read_upload_id(
                  "<InitiateMultipartUploadResult xmlns='u'><UploadId>id</UploadId></InitiateMultipartUploadResult>"),
              "id");
    EXPECT_FALSE(read_upload_id("<Other><UploadId>id</UploadId></Other>").ok());
    const auto uploads = read_uploads(
        "<ListMultipartUploadsResult><Upload><Key>p/a</Key><UploadId>1</UploadId><Initiator><ID>x</ID></Initiator>"
        "<Initiated>2010-11-10T20:48:33.000Z</Initiated></Upload><Upload><Key>b</Key><UploadId>2</UploadId>"
        "<Initiated>not a date</Initiated></Upload></ListMultipartUploadsResult>");
    ASSERT_TRUE(uploads.ok());
    ASSERT_EQ(uploads->size(), 1U) << "one whose age is unknown is left alone";
    EXPECT_EQ(uploads->front().key, "p/a");
    EXPECT_EQ(uploads->front().id, "1");
    EXPECT_EQ(uploads->front().initiated, 1'289'422'113);
}

}  // namespace
}  // namespace stoa::files::s3
