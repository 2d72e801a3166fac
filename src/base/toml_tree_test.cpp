#include "base/toml_tree.hpp"

#include <gtest/gtest.h>

namespace stoa {
namespace {

TEST(TomlTree, gives_values_with_their_lines) {
    const auto tree = parse_toml("name = \"x\"\n[[host]]\nport = 5\nopen = true\n[[host]]\nports = [1, 2]\n", "c.toml");
    ASSERT_TRUE(tree.ok());
    const auto& members = *tree->table();
    ASSERT_EQ(members.size(), 2u);
    EXPECT_EQ(members[0].name, "host");
    const auto& hosts = *members[0].value.array();
    ASSERT_EQ(hosts.size(), 2u);
    const auto& first = *hosts[0].table();
    EXPECT_EQ(first[0].name, "open");
    EXPECT_TRUE(*first[0].value.flag());
    EXPECT_EQ(first[0].value.line, 4);
    EXPECT_EQ(*first[1].value.integer(), 5);
    EXPECT_EQ(hosts[1].table()->front().value.array()->size(), 2u);
    EXPECT_EQ(*members[1].value.text(), "x");
}

TEST(TomlTree, names_source_and_line_of_a_mistake) {
    const auto tree = parse_toml("a = 1\nb = \n", "c.toml");
    ASSERT_FALSE(tree.ok());
    EXPECT_TRUE(tree.error().message.starts_with("c.toml:2: ")) << tree.error().message;
}

TEST(TomlTree, quotes_so_that_it_reads_back) {
    const std::string nasty =
        "a\"b\\c\nd\x01"
        "e";
    const auto tree = parse_toml("t = " + toml_quoted(nasty), "t");
    ASSERT_TRUE(tree.ok());
    EXPECT_EQ(*tree->table()->front().value.text(), nasty);
}

TEST(TomlTree, marks_kinds_it_does_not_offer) {
    const auto tree = parse_toml("when = 2026-01-01", "t");
    ASSERT_TRUE(tree.ok());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(tree->table()->front().value.data));
}

}  // namespace
}  // namespace stoa
