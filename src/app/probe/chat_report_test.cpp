#include "app/probe/chat_report.hpp"

#include <gtest/gtest.h>

#include <map>

namespace stoa::app::probe {
namespace {

constexpr std::int64_t kMs = 1'000;

/// Sent, acknowledged, heard by both; moments in ms.
void add(ChatHistory& history, std::int64_t sent_ms, std::int64_t acknowledged_ms, std::int64_t heard_ms) {
    const auto id = static_cast<RecordId>(history.sent[0].size() + 1);
    const std::string client_id = "a" + std::to_string(id);
    history.sent[0].push_back({client_id, sent_ms * kMs, id, acknowledged_ms * kMs});
    history.stored.push_back({id, client_id});
    for (auto& lives : history.lives) {
        if (lives.empty()) lives.emplace_back();
        lives.back().heard.push_back({id, client_id, heard_ms * kMs});
    }
}

TEST(ChatReportTest, a_fault_lasts_until_everybody_is_back_and_nothing_is_late) {
    ChatHistory history;
    add(history, 100, 110, 120);
    add(history, 990, 1'400, 1'390);  // under way when it was broken
    add(history, 1'500, 1'520, 2'900);
    add(history, 5'000, 5'010, 5'020);
    const ChatEar ear{{{1'005 * kMs, 1'800 * kMs}}, {1'700 * kMs}, {1'005 * kMs, 9'999 * kMs}};
    const ChatStretch stretch = measure({1'000 * kMs, 8'000 * kMs}, {history}, {ear});
    EXPECT_EQ(stretch.resumed_ms, 1'900);
    EXPECT_EQ(stretch.back_ms, 800);
    EXPECT_EQ(stretch.under_way, 1);
    EXPECT_EQ(stretch.acknowledged_meanwhile, 2);
    EXPECT_EQ(stretch.silence_ms, 1'380) << "from 1520 to the end of it";
    EXPECT_EQ(stretch.reloads, 1);
    EXPECT_EQ(stretch.losses, 1) << "the other one belongs to the next run";
}

TEST(ChatReportTest, without_a_fault_only_the_way_of_messages_is_told) {
    ChatHistory history;
    for (int i = 0; i < 100; ++i)
        add(history, 1'000 + i * 10, 1'005 + i * 10, 1'010 + i * 10 + i);
    const ChatStretch stretch = measure({1'000 * kMs, 8'000 * kMs}, {history}, {ChatEar()});
    EXPECT_EQ(stretch.resumed_ms, 0);
    EXPECT_EQ(stretch.silence_ms, 0);
    EXPECT_EQ(stretch.way_p50_ms, 60);
    EXPECT_EQ(stretch.way_p99_ms, 109);
}

TEST(ChatReportTest, the_worst_of_the_runs_is_the_longest_time_and_the_smallest_count) {
    ChatReport report;
    for (const int value : {3, 1, 2})
        report.stretches.push_back({.resumed_ms = value * 100.0, .acknowledged_meanwhile = value});
    std::map<std::string_view, Spread> spreads;
    for (const auto& [name, spread] : spreads_of(report))
        spreads[name] = spread;
    EXPECT_EQ(spreads["resumed_ms"].median, 200);
    EXPECT_EQ(spreads["resumed_ms"].worst, 300);
    EXPECT_EQ(spreads["acknowledged_meanwhile"].worst, 1);
    EXPECT_EQ(spreads["losses"].worst, 0);
    report.people = 40;
    report.messages = 7;
    report.heard = 14;
    EXPECT_NE(to_text(report).find("7 messages, heard 14 times: 0 lost, 0 doubled, 0 swapped"), std::string::npos);
}

}  // namespace
}  // namespace stoa::app::probe
