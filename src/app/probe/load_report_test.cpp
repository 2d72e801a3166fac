#include "app/probe/load_report.hpp"

#include <gtest/gtest.h>

#include "json/parse.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {
namespace {

LoadReport small_report() {
    LoadReport report;
    report.records = 5;
    report.increments = 12;
    report.counters = 2;
    report.transfers = 7;
    report.pairs = 4;
    return report;
}

TEST(LoadReportTest, says_how_many_increments_and_transfers_were_checked) {
    const LoadReport report = small_report();
    EXPECT_TRUE(report.passed());
    const std::string text = to_text(report);
    EXPECT_NE(text.find("12 increments of 2 counters, 7 transfers in 4 pairs: 0 lost, 0 doubled;"), text.npos) << text;
    const auto json = json::parse(to_json(report));
    ASSERT_TRUE(json);
    EXPECT_EQ(json->find("increments")->as_integer(), 12);
    EXPECT_EQ(json->find("transfers")->as_integer(), 7);
}

TEST(LoadReportTest, says_what_was_wrong) {
    LoadReport report = small_report();
    report.verdict.lose("a is not there");
    report.verdict.lose("b holds '1'");
    ++report.verdict.older;
    report.verdict.repeat("c is there 2 times");
    EXPECT_FALSE(report.passed());
    const std::string text = to_text(report);
    EXPECT_NE(text.find("2 lost, 1 doubled (1 older than acknowledged);"), text.npos) << text;
    EXPECT_NE(text.find("\n  c is there 2 times"), text.npos) << text;
    const auto json = json::parse(to_json(report));
    ASSERT_TRUE(json);
    EXPECT_EQ(json->find("older")->as_integer(), 1);
    EXPECT_EQ(json->find("errors")->items().size(), 3u);
}

TEST(LoadReportTest, says_when_nothing_was_counted) {
    LoadReport report;
    report.counted = false;
    EXPECT_NE(to_text(report).find("no counters (the webhook lacks the scope task)"), std::string::npos);
}

}  // namespace
}  // namespace stoa::app::probe
