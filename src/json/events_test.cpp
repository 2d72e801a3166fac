#include "json/events.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::json {
namespace {

/// Writes what it is told.
class Told final : public Events {
  public:
    std::string text;
    void on_begin_object() override { out_.begin_object(); }
    void on_end_object() override { out_.end_object(); }
    void on_begin_array() override { out_.begin_array(); }
    void on_end_array() override { out_.end_array(); }
    void on_key(std::string_view name) override { out_.key(name); }
    void on_text(std::string_view words) override { out_.text(words); }
    void on_integer(std::int64_t number) override { out_.integer(number); }
    void on_real(double number) override { out_.real(number); }
    void on_boolean(bool truth) override { out_.boolean(truth); }
    void on_null() override { out_.null(); }

  private:
    Writer out_{text};
};

std::string told(std::string_view json) {
    Told events;
    const Status read = read_events(json, events);
    return read ? events.text : read.error().message;
}

TEST(JsonEvents, come_in_the_order_of_the_text) {
    const std::string_view all =
        R"({"a":[1,-2,0.5,true,false,null,"ü\n"],"b":{},"a":[],"c":[[{"d":9223372036854775807}]]})";
    EXPECT_EQ(told(all), all) << "repeated keys, too";
    for (const std::string_view one : {"17", "\"x\"", "null", "[]", "{}", "18446744073709551616"})
        EXPECT_EQ(told(one), to_json(*parse(one)));
}

TEST(JsonEvents, of_a_value_are_those_of_its_text) {
    const std::string_view text = R"({"a":[1,0.5,true,null,"x",{"b":[]}]})";
    Told events;
    tell(*parse(text), events);
    EXPECT_EQ(events.text, text);
}

TEST(JsonEvents, end_with_the_same_errors_as_trees) {
    const std::string deep(static_cast<std::size_t>(limits::json_depth_max) + 1, '[');
    std::string many = "[0";
    for (std::size_t i = 1; i <= limits::parameters_max; ++i)
        many += ",0";
    for (const std::string& text :
         {std::string("{"), std::string("[1,]"), std::string("\"\\u0000\""), std::string("1e999"), std::string("[] x"),
          std::string("\"\xff\""), deep, many + "]"}) {
        EXPECT_EQ(told(text), parse(text).error().message) << text.substr(0, 20);
    }
    EXPECT_EQ(told(many.substr(0, many.size() - 2) + "]"), many.substr(0, many.size() - 2) + "]") << "the limit itself";
}

}  // namespace
}  // namespace stoa::json
