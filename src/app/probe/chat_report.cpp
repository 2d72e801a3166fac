#include "app/probe/chat_report.hpp"

#include <algorithm>

namespace stoa::app::probe {
namespace {

/// What comes later after its acknowledgement was held up by something.
constexpr std::int64_t kLateUs = 300'000;
/// A fault is over when nothing was held up for so long: what it breaks may show only when another Redis has taken
/// over.
constexpr std::int64_t kCalmUs = 5'000'000;

double ms(std::int64_t us) {
    return static_cast<double>(us) / 1'000;
}

int count_in(const Span& span, const std::vector<std::int64_t>& moments) {
    return static_cast<int>(std::count_if(moments.begin(), moments.end(), [&](std::int64_t at_us) {
        return at_us >= span.begin_us && at_us < span.end_us;
    }));
}

double longest_silence_ms(const Span& span, std::vector<std::int64_t> moments) {
    std::sort(moments.begin(), moments.end());
    std::int64_t last_us = span.begin_us;
    std::int64_t longest_us = 0;
    for (const std::int64_t at_us : moments) {
        if (at_us <= span.begin_us || at_us > span.end_us) continue;
        longest_us = std::max(longest_us, at_us - last_us);
        last_us = at_us;
    }
    return ms(std::max(longest_us, span.end_us - last_us));
}

Spread spread_of(std::vector<double> values, bool most_is_worst) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], most_is_worst ? values.back() : values.front()};
}

std::string whole(double value) {
    return std::to_string(static_cast<std::int64_t>(value + 0.5));
}

}  // namespace

std::vector<std::pair<std::string_view, Spread>> spreads_of(const ChatReport& report) {
    struct Row {
        std::string_view name;
        double (*value)(const ChatStretch& stretch);
        bool most_is_worst;
    };
    static constexpr Row kRows[] = {
        {"resumed_ms", [](const ChatStretch& s) { return s.resumed_ms; }, true},
        {"back_ms", [](const ChatStretch& s) { return s.back_ms; }, true},
        {"silence_ms", [](const ChatStretch& s) { return s.silence_ms; }, true},
        {"way_p50_ms", [](const ChatStretch& s) { return s.way_p50_ms; }, true},
        {"way_p99_ms", [](const ChatStretch& s) { return s.way_p99_ms; }, true},
        {"under_way", [](const ChatStretch& s) { return double(s.under_way); }, false},
        {"acknowledged_meanwhile", [](const ChatStretch& s) { return double(s.acknowledged_meanwhile); }, false},
        {"losses", [](const ChatStretch& s) { return double(s.losses); }, true},
        {"reloads", [](const ChatStretch& s) { return double(s.reloads); }, true},
    };
    std::vector<std::pair<std::string_view, Spread>> out;
    for (const Row& row : kRows) {
        std::vector<double> values;
        for (const ChatStretch& stretch : report.stretches)
            values.push_back(row.value(stretch));
        out.emplace_back(row.name, spread_of(std::move(values), row.most_is_worst));
    }
    return out;
}

std::string to_text(const ChatReport& report) {
    const Verdict& v = report.verdict;
    std::string text = std::to_string(report.people) + " people, " + whole(report.seconds) +
                       " s: " + std::to_string(report.messages) + " messages, heard " + std::to_string(report.heard) +
                       " times: " + std::to_string(v.lost) + " lost, " + std::to_string(v.doubled) + " doubled, " +
                       std::to_string(v.swapped) + " swapped; " + std::to_string(report.summary.requests) +
                       " requests, " + std::to_string(report.summary.failed) + " failed, " +
                       std::to_string(report.summary.client_retries) + " sent again by clients";
    text += "\n  median and worst:";
    for (const auto& [name, spread] : spreads_of(report))
        text += " " + std::string(name) + " " + whole(spread.median) + ", " + whole(spread.worst) + ";";
    text.pop_back();
    for (const Fault& fault : report.summary.faults) {
        text += "\n  " + fault.what + ": " + (fault.status > 0 ? std::to_string(fault.status) + " " : std::string()) +
                fault.why + (fault.request_id.empty() ? "" : " (request " + fault.request_id + ")");
    }
    for (const std::string& detail : v.details)
        text += "\n  " + detail;
    return text;
}

ChatStretch measure(const Span& stretch, const std::vector<ChatHistory>& histories, const std::vector<ChatEar>& ears) {
    ChatStretch out;
    std::vector<Span> lacking;
    std::vector<std::uint32_t> ways;
    std::vector<std::int64_t> acknowledged;
    for (const ChatHistory& history : histories) {
        for (std::size_t side = 0; side < 2; ++side) {
            const auto late = late_spans(history, side, kLateUs);
            lacking.insert(lacking.end(), late.begin(), late.end());
            for (const SentMessage& message : history.sent[side]) {
                if (message.id == 0) continue;
                acknowledged.push_back(message.acknowledged_us);
                const bool before = message.sent_us < stretch.begin_us;
                if (before && message.acknowledged_us >= stretch.begin_us) ++out.under_way;
            }
        }
        const auto some = ways_us(history, stretch);
        ways.insert(ways.end(), some.begin(), some.end());
    }
    std::vector<Span> away;
    for (const ChatEar& ear : ears) {
        away.insert(away.end(), ear.away.begin(), ear.away.end());
        out.losses += count_in(stretch, ear.losses);
        out.reloads += count_in(stretch, ear.reloads);
    }
    lacking.insert(lacking.end(), away.begin(), away.end());
    out.back_ms = ms(resumed_us(stretch.begin_us, stretch.end_us, std::move(away), kCalmUs) - stretch.begin_us);
    const Span affected{stretch.begin_us, resumed_us(stretch.begin_us, stretch.end_us, std::move(lacking), kCalmUs)};
    out.resumed_ms = ms(affected.end_us - affected.begin_us);
    out.acknowledged_meanwhile = count_in(affected, acknowledged);
    out.silence_ms = longest_silence_ms(affected, std::move(acknowledged));
    out.way_p50_ms = percentile(ways, 0.5) / 1'000;
    out.way_p99_ms = percentile(std::move(ways), 0.99) / 1'000;
    return out;
}

}  // namespace stoa::app::probe
