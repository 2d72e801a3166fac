#include "db/transfer/rows.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace stoa::db::transfer {
namespace {

TableShape shape() {
    using Kind = ColumnShape::Kind;
    return {"t", {{"account_id", Kind::integer}, {"name", Kind::text, 3}, {"rate", Kind::real}}, {0, 1}, 0};
}

TEST(Rows, bytes_of_a_row_read_back_the_same) {
    const std::vector<RowValues> rows = {
        {Value{}, std::int64_t{0}, std::int64_t{-1}},
        {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), 0.1},
        {std::string(), std::string("ж\0x", 4), std::string(300, 'a')},
    };
    std::string bytes;
    for (const RowValues& row : rows)
        append_row(bytes, row);
    std::string_view rest = bytes;
    for (const RowValues& row : rows) {
        const auto read = take_row(rest, 3);
        ASSERT_TRUE(read.ok());
        EXPECT_EQ(*read, row);
    }
    EXPECT_TRUE(rest.empty());
}

TEST(Rows, cut_or_foreign_bytes_are_refused) {
    std::string bytes;
    append_row(bytes, {std::int64_t{123456}, 1.5, std::string("text")});
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        std::string_view cut = std::string_view(bytes).substr(0, length);
        EXPECT_FALSE(take_row(cut, 3).ok()) << length;
    }
    std::string_view unknown("\x09", 1);
    EXPECT_FALSE(take_row(unknown, 1).ok());
    std::string_view endless("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    EXPECT_FALSE(take_row(endless, 1).ok());
}

TEST(Rows, digest_ignores_order_and_undoes) {
    const RowValues a = {std::int64_t{1}, std::string("a")};
    const RowValues b = {std::int64_t{2}, std::string("b")};
    TableDigest one, other;
    one.add(a);
    one.add(b);
    other.add(b);
    other.add(a);
    EXPECT_EQ(one, other);
    one.remove(b);
    TableDigest only;
    only.add(a);
    EXPECT_EQ(one, only);
    EXPECT_NE(one, other);
    EXPECT_EQ(only.hex().size(), 32U);
}

TEST(Rows, digest_tells_rows_apart_that_look_alike) {
    TableDigest one, other;
    one.add({std::string("ab"), std::string("c")});
    other.add({std::string("a"), std::string("bc")});
    EXPECT_NE(one, other);
    TableDigest number, text;
    number.add({std::int64_t{1}});
    text.add({std::string("1")});
    EXPECT_NE(number, text);
}

TEST(Rows, values_take_the_kind_of_their_column) {
    RowValues row = {std::int64_t{1}, std::int64_t{12}, std::int64_t{3}};
    ASSERT_TRUE(normalize(shape(), row).ok());
    EXPECT_EQ(row, (RowValues{std::int64_t{1}, std::string("12"), 3.0}));
    RowValues minus_zero = {std::int64_t{1}, Value{}, -0.0};
    ASSERT_TRUE(normalize(shape(), minus_zero).ok());
    TableDigest one, other;
    one.add(minus_zero);
    other.add({std::int64_t{1}, Value{}, 0.0});
    EXPECT_EQ(one, other);
}

TEST(Rows, what_no_column_could_keep_is_named) {
    RowValues text_as_number = {std::string("x"), Value{}, Value{}};
    const auto status = normalize(shape(), text_as_number);
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("account_id"), std::string::npos);
    RowValues long_text = {std::int64_t{1}, std::string("жжжж"), Value{}};
    EXPECT_FALSE(normalize(shape(), long_text).ok());
    RowValues fits = {std::int64_t{1}, std::string("жжж"), Value{}};
    EXPECT_TRUE(normalize(shape(), fits).ok());
    RowValues broken = {std::int64_t{1}, std::string("\xff"), Value{}};
    EXPECT_FALSE(normalize(shape(), broken).ok());
}

}  // namespace
}  // namespace stoa::db::transfer
