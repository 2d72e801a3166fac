#include "app/probe/chat_history.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace stoa::app::probe {
namespace {

constexpr std::int64_t kMs = 1'000;

/// The first writes a1, a2, a3, the second b1; all is well until a test spoils it. Message N of all has the id N, is
/// sent at N ms, acknowledged at N + 10 ms, heard at N + 20 ms.
class ChatHistoryTest : public ::testing::Test {
  protected:
    ChatHistoryTest() {
        history.name = "pair 1";
        history.lives = {std::vector<HeardLife>(1), std::vector<HeardLife>(1)};
        RecordId id = 0;
        for (const char* client_id : {"a1", "a2", "b1", "a3"}) {
            ++id;
            history.sent[client_id[0] == 'a' ? 0 : 1].push_back({client_id, id * kMs, id, (id + 10) * kMs});
            history.stored.push_back({id, client_id});
            for (std::size_t reader : {0, 1})
                heard(reader).push_back(said(id, client_id));
        }
    }
    static HeardMessage said(RecordId id, const char* client_id) { return {id, client_id, (id + 20) * kMs}; }
    std::vector<HeardMessage>& heard(std::size_t reader) { return history.lives[reader].back().heard; }
    void forget(std::size_t reader, const std::string& client_id) {
        std::erase_if(heard(reader), [&](const HeardMessage& message) { return message.client_id == client_id; });
    }
    /// From here on the reader has a new life, which began with these messages.
    void reload(std::size_t reader, std::vector<HeardMessage> read) {
        history.lives[reader].push_back({std::move(read), {}});
    }
    SentMessage& unacknowledged(const char* client_id) {
        SentMessage& sent = history.sent[client_id[0] == 'a' ? 0 : 1].emplace_back();
        sent.client_id = client_id;
        return sent;
    }
    Verdict verdict() const {
        Verdict out;
        compare(history, out);
        return out;
    }
    /// lost, doubled, swapped
    std::array<int, 3> counts() const {
        const Verdict out = verdict();
        return {out.lost, out.doubled, out.swapped};
    }
    std::string detail() const {
        const Verdict out = verdict();
        return out.details.empty() ? "" : out.details.front();
    }
    using Counts = std::array<int, 3>;

    ChatHistory history;
};

TEST_F(ChatHistoryTest, what_is_there_once_and_was_heard_once_in_order_is_right) {
    EXPECT_TRUE(verdict().clean());
    EXPECT_EQ(detail(), "");
}

TEST_F(ChatHistoryTest, an_acknowledged_message_that_is_not_stored_is_lost) {
    history.stored.erase(history.stored.begin() + 1);
    for (std::size_t reader : {0, 1})
        forget(reader, "a2");
    EXPECT_EQ(counts(), (Counts{1, 0, 0}));
    EXPECT_EQ(detail(), "pair 1: a2 (id 2) was acknowledged and is not there");
}

TEST_F(ChatHistoryTest, a_message_under_another_id_is_lost) {
    history.stored[1].id = 9;
    EXPECT_EQ(counts(), (Counts{1, 0, 0}));
}

TEST_F(ChatHistoryTest, a_message_that_is_stored_twice_is_doubled) {
    history.stored.push_back({5, "a2"});
    EXPECT_EQ(counts(), (Counts{0, 1, 0}));
    EXPECT_EQ(detail(), "pair 1: a2 is stored 2 times");
}

TEST_F(ChatHistoryTest, messages_that_are_stored_in_another_order_are_swapped) {
    std::swap(history.stored[0].client_id, history.stored[1].client_id);
    std::swap(history.sent[0][0].id, history.sent[0][1].id);
    EXPECT_EQ(counts(), (Counts{0, 0, 1}));
    EXPECT_EQ(detail(), "pair 1: a1 is stored behind a later message of its author");
}

TEST_F(ChatHistoryTest, between_two_authors_there_is_no_order) {
    std::swap(heard(0)[1], heard(0)[2]);
    EXPECT_TRUE(verdict().clean());
}

TEST_F(ChatHistoryTest, a_message_that_one_of_them_never_heard_is_lost_also_when_it_is_the_author) {
    forget(1, "a2");
    EXPECT_EQ(counts(), (Counts{1, 0, 0}));
    EXPECT_EQ(detail(), "pair 1: a2 was never heard by the second");
    forget(0, "a2");
    EXPECT_EQ(counts(), (Counts{2, 0, 0}));
}

TEST_F(ChatHistoryTest, a_message_that_was_heard_twice_is_doubled) {
    heard(1).push_back(said(2, "a2"));
    EXPECT_EQ(counts(), (Counts{0, 1, 0}));
    EXPECT_EQ(detail(), "pair 1: a2 was heard twice by the second");
}

TEST_F(ChatHistoryTest, messages_that_were_heard_in_another_order_are_swapped) {
    std::swap(heard(1)[0], heard(1)[1]);
    EXPECT_EQ(counts(), (Counts{0, 0, 1}));
    EXPECT_EQ(detail(), "pair 1: a1 was heard by the second behind a later message of its author");
}

TEST_F(ChatHistoryTest, what_a_gap_swallowed_must_be_in_the_reading_that_follows) {
    forget(1, "a3");
    reload(1, {});
    EXPECT_EQ(counts(), (Counts{1, 0, 0}));
    history.lives[1].back().read = {said(4, "a3")};
    EXPECT_TRUE(verdict().clean());
}

TEST_F(ChatHistoryTest, what_was_known_before_a_reading_may_be_told_once_more_after_it) {
    reload(1, {said(4, "a3")});
    heard(1) = {said(2, "a2"), said(4, "a3")};
    EXPECT_TRUE(verdict().clean());
    heard(1).push_back(said(4, "a3"));
    EXPECT_EQ(counts(), (Counts{0, 1, 0}));
}

TEST_F(ChatHistoryTest, what_is_told_only_after_a_later_one_was_read_is_swapped) {
    forget(1, "a2");
    forget(1, "a3");
    reload(1, {said(4, "a3")});
    heard(1) = {said(2, "a2")};
    EXPECT_EQ(counts(), (Counts{0, 0, 1}));
}

TEST_F(ChatHistoryTest, a_message_without_answer_may_be_there_or_not) {
    unacknowledged("a4");
    EXPECT_TRUE(verdict().clean());
    history.stored.push_back({5, "a4"});
    EXPECT_EQ(counts(), (Counts{2, 0, 0})) << "what is stored must be heard by both";
    for (std::size_t reader : {0, 1})
        heard(reader).push_back(said(5, "a4"));
    EXPECT_TRUE(verdict().clean());
}

TEST_F(ChatHistoryTest, what_was_heard_and_is_not_stored_is_found) {
    unacknowledged("a4");
    heard(1).push_back(said(5, "a4"));
    EXPECT_EQ(verdict().never_written, 1);
    EXPECT_EQ(detail(), "pair 1: a4 was heard by the second and is not stored");
}

TEST_F(ChatHistoryTest, what_nobody_sent_is_found_where_it_is_stored_and_where_it_is_heard) {
    history.stored.push_back({5, "x"});
    EXPECT_EQ(detail(), "pair 1: x (id 5) is stored and was never sent");
    heard(0).push_back(said(5, "x"));
    EXPECT_EQ(verdict().never_written, 2);
}

TEST_F(ChatHistoryTest, a_message_is_late_from_when_it_was_due_until_it_was_heard_or_read) {
    EXPECT_TRUE(late_spans(history, 1, 10 * kMs).empty());
    heard(1).back().at_us = 500 * kMs;
    auto late = late_spans(history, 1, 10 * kMs);
    ASSERT_EQ(late.size(), 1u);
    EXPECT_EQ(late.front().begin_us, 24 * kMs);
    EXPECT_EQ(late.front().end_us, 500 * kMs);
    EXPECT_TRUE(late_spans(history, 0, 10 * kMs).empty());
    reload(1, {{4, "a3", 200 * kMs}});
    late = late_spans(history, 1, 10 * kMs);
    ASSERT_EQ(late.size(), 1u);
    EXPECT_EQ(late.front().end_us, 200 * kMs);
}

TEST_F(ChatHistoryTest, a_way_is_measured_to_the_other_one_alone) {
    for (HeardMessage& message : heard(0))
        message.at_us = 900 * kMs;
    auto ways = ways_us(history, {0, 100 * kMs});
    std::sort(ways.begin(), ways.end());
    EXPECT_EQ(ways, (std::vector<std::uint32_t>{20'000, 20'000, 20'000, 897'000})) << "b1 alone goes to the first";
    EXPECT_EQ(ways_us(history, {4 * kMs, 100 * kMs}).size(), 1u);
}

TEST(ResumedTest, nothing_lacking_is_resumed_at_once) {
    EXPECT_EQ(resumed_us(100, 1'000, {}, 50), 100);
    EXPECT_EQ(resumed_us(100, 1'000, {{10, 90}}, 50), 100) << "that was before";
}

TEST(ResumedTest, spans_that_touch_or_nearly_do_are_one) {
    EXPECT_EQ(resumed_us(100, 1'000, {{250, 300}, {90, 200}}, 50), 300);
    EXPECT_EQ(resumed_us(100, 1'000, {{251, 300}, {90, 200}}, 50), 200);
    EXPECT_EQ(resumed_us(100, 1'000, {{90, 400}, {110, 120}}, 50), 400);
}

TEST(ResumedTest, what_begins_with_the_next_fault_is_another) {
    EXPECT_EQ(resumed_us(100, 1'000, {{990, 1'500}}, 5'000), 1'500);
    EXPECT_EQ(resumed_us(100, 1'000, {{1'000, 1'500}}, 5'000), 100);
}

}  // namespace
}  // namespace stoa::app::probe
