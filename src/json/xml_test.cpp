#include "json/xml.hpp"

#include <gtest/gtest.h>

namespace stoa::json {
namespace {

std::string body(std::string_view json) {
    const std::string head = "<?xml version=\"1.0\" encoding=\"utf-8\"?><response>";
    const std::string tail = "</response>";
    const std::string xml = to_xml(json);
    EXPECT_EQ(xml.substr(0, head.size()), head);
    EXPECT_EQ(xml.substr(xml.size() - tail.size()), tail);
    return xml.substr(head.size(), xml.size() - head.size() - tail.size());
}

TEST(Xml, tags_are_keys_and_list_elements_are_items) {
    EXPECT_EQ(body(R"({"result":[{"ID":"1"},{"ID":"2"}],"total":2})"),
              "<result><item><ID>1</ID></item><item><ID>2</ID></item></result><total>2</total>");
    EXPECT_EQ(body(R"({"a":true,"b":false,"c":null,"d":0.5,"e":[],"f":{}})"),
              "<a>1</a><b></b><c></c><d>0.5</d><e></e><f></f>");
}

TEST(Xml, keys_that_are_no_names_become_attributes) {
    EXPECT_EQ(body(R"({"0":1,">ID":2,"a b":3,"_x-1.y":4,"":5,"\"&<":6})"),
              "<item key=\"0\">1</item><item key=\"&gt;ID\">2</item><item key=\"a b\">3</item><_x-1.y>4</_x-1.y>"
              "<item key=\"\">5</item><item key=\"&quot;&amp;&lt;\">6</item>");
}

TEST(Xml, text_is_escaped_and_stays_well_formed) {
    EXPECT_EQ(body(R"({"a":"<b>&\"\r\n\t\u0001\uFFFE\u0416"})"),
              "<a>&lt;b&gt;&amp;&quot;&#13;\n\t\xEF\xBF\xBD\xEF\xBF\xBD\xD0\x96</a>");
}

TEST(Xml, answers_may_be_larger_than_requests) {
    std::string json = "[";
    for (int i = 0; i < 20'000; ++i)
        json += i == 0 ? "1" : ",1";
    json += "]";
    EXPECT_EQ(body(json).size(), 20'000U * 14);
}

TEST(Xml, broken_json_gives_an_empty_response) {
    EXPECT_EQ(body("{"), "");
}

}  // namespace
}  // namespace stoa::json
