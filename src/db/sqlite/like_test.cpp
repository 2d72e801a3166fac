#include "db/sqlite/like.hpp"

#include <string>

#include "db/contract/test_store.hpp"

namespace stoa::db::sqlite {
namespace {

bool like(std::string_view text, std::string_view pattern) {
    return LikePattern(pattern, '\\').matches(text);
}

std::string folded(std::string_view text) {
    std::string result;
    fold_case(text, result);
    return result;
}

TEST(Like, ignores_case_in_each_promised_script) {
    EXPECT_TRUE(like("ООО Ромашка", "%РОМАШКА%"));
    EXPECT_TRUE(like("Ёлка", "ёЛКА"));
    EXPECT_TRUE(like("Müller ÄÖÜ", "mÜLLER äöü"));
    EXPECT_TRUE(like("ΑΘΗΝΑ Ώρα", "αθηνα ώρα"));
    EXPECT_TRUE(like("ŁÓDŹ Žižkov ĲSSEL", "łódź žIŽKOV ĳssel"));
    EXPECT_TRUE(like("ІЇЄҐ", "іїєґ"));
    EXPECT_TRUE(like("Қазақ ӘӨҮ", "қАЗАҚ әөү"));
    EXPECT_TRUE(like("ΣΊΣΥΦΟΣ", "σίσυφος"));
    EXPECT_FALSE(like("Müller", "Muller"));
}

TEST(Like, folds_what_unicode_folds_and_nothing_else) {
    EXPECT_EQ(folded("×÷ßþÞŸſµ"), "×÷ßþþÿsμ");
    EXPECT_EQ(folded("[]^_`@{AZaz09"), "[]^_`@{azaz09");
    EXPECT_EQ(folded("ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{ABCDEFG"), "abcdefghijklmnopqrstuvwxyz@[`{abcdefg");
    EXPECT_EQ(folded("日本 😀 ẞ Ạ"), "日本 😀 ß ạ");
}

TEST(Like, keeps_bytes_that_are_not_utf8) {
    EXPECT_EQ(folded("A\xff\xc3"), "a\xff\xc3");
    EXPECT_EQ(folded(std::string_view("A\0B", 3)), std::string_view("a\0b", 3));
}

TEST(Like, wildcards_match_runs_and_single_characters) {
    EXPECT_TRUE(like("", ""));
    EXPECT_TRUE(like("", "%"));
    EXPECT_TRUE(like("abc", "%%"));
    EXPECT_FALSE(like("abc", ""));
    EXPECT_FALSE(like("abc", "ab"));
    EXPECT_TRUE(like("abc", "a%c"));
    EXPECT_FALSE(like("ac", "a%a"));
    EXPECT_FALSE(like("a", "a%a"));
    EXPECT_TRUE(like("aXbXc", "a%b%c"));
    EXPECT_TRUE(like("aab", "%ab"));
    EXPECT_TRUE(like("мир", "м_р"));
    EXPECT_FALSE(like("мир", "м__р"));
    EXPECT_TRUE(like("мир", "___"));
    EXPECT_TRUE(like("привет мир", "%т _и%"));
    EXPECT_TRUE(like("привет мир", "%м_р"));
    EXPECT_FALSE(like("привет ми", "%м_р"));
    EXPECT_TRUE(like("😀!", "_!"));
}

TEST(Like, escape_makes_a_wildcard_plain) {
    EXPECT_TRUE(like("100%", "100\\%"));
    EXPECT_FALSE(like("1000", "100\\%"));
    EXPECT_TRUE(like("a_b", "%\\_%"));
    EXPECT_FALSE(like("aXb", "%\\_%"));
    EXPECT_TRUE(like("a\\b", "a\\\\b"));
    EXPECT_TRUE(like("a\\", "a\\"));  // nothing behind it: itself
}

TEST(Like, a_hostile_pattern_costs_no_exponential_time) {
    const std::string text(20'000, 'a');
    std::string pattern;
    for (int i = 0; i < 500; ++i)
        pattern += "a%";
    EXPECT_FALSE(like(text, pattern + "b"));
    EXPECT_TRUE(like(text, pattern));
}

class LikeInStore : public StoreTest {};

TEST_F(LikeInStore, replaces_the_engines_own_with_null_and_number_handling_kept) {
    add_deal(1, 1, "Договор №5");
    add_deal(1, 2, "Rechnung ÄRZTE");
    add_deal(1, 3, "plain", {}, std::int64_t{1234});
    EXPECT_EQ(ids(1, Condition::like("title", "%ДОГОВОР%")), (Ids{1}));
    EXPECT_EQ(ids(1, Condition::like("title", "%ärzte")), (Ids{2}));
    EXPECT_EQ(ids(1, Condition::like("amount", "12%")), (Ids{3}));
    EXPECT_EQ(ids(1, Condition::like("stage", "%")), (Ids{}));  // NULL
    EXPECT_EQ(ids(1, Condition::negate(Condition::like("stage", "%x%"))), (Ids{1, 2, 3}));
}

TEST_F(LikeInStore, pattern_is_bound_and_escaped_text_is_found_literally) {
    add_deal(1, 1, "50% off_now");
    add_deal(1, 2, "50 percent off now");
    EXPECT_EQ(ids(1, Condition::like("title", "%" + escape_like("0% off_") + "%")), (Ids{1}));
    EXPECT_EQ(ids(1, Condition::like("title", "' OR 1=1 --")), (Ids{}));
}

}  // namespace
}  // namespace stoa::db::sqlite
