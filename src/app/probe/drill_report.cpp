// What came out of a drill, for programs and for people.

#include "app/probe/drill.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

std::string number(double value) {
    return std::to_string(static_cast<std::int64_t>(value + 0.5));
}

void write_spread(json::Writer& out, std::string_view name, const Spread& spread) {
    out.key(name).begin_object().field("median", spread.median).field("worst", spread.worst).end_object();
}

void write_chat(json::Writer& out, const ChatReport& chat) {
    out.field("swapped", chat.verdict.swapped).field("people", chat.people);
    out.field("messages", static_cast<std::int64_t>(chat.messages));
    out.field("heard", static_cast<std::int64_t>(chat.heard)).field("seconds", chat.seconds);
    for (const auto& [name, spread] : spreads_of(chat))
        write_spread(out, name, spread);
}

}  // namespace

std::string to_json(const DrillReport& report) {
    const Summary& s = report.load.summary;
    std::string text;
    json::Writer out(text);
    out.begin_object().field("drill", report.name).field("runs", report.runs);
    out.field("requests", s.requests).field("failed", s.failed).field("lost", report.load.verdict.lost);
    out.field("doubled", report.load.verdict.doubled).field("logouts", s.logouts);
    if (report.chat) {
        write_chat(out, *report.chat);
    } else {
        write_spread(out, "stall_ms", {report.stall_median_ms, report.stall_worst_ms});
    }
    out.field("client_retries", s.client_retries).field("p50_ms", s.p50_ms).field("p99_ms", s.p99_ms);
    for (const auto& [name, value] : report.extras)
        out.field(name, value);
    out.field("passed", report.passed());
    out.key("complaints").begin_array();
    for (const std::string& complaint : report.complaints)
        out.text(complaint);
    out.end_array();
    out.key("too_slow").begin_array();
    for (const std::string& complaint : report.too_slow)
        out.text(complaint);
    out.end_array();
    out.key("errors").begin_array();
    for (const Fault& fault : s.faults) {
        out.begin_object().field("what", fault.what).field("status", fault.status);
        out.field("request_id", fault.request_id).field("why", fault.why).field("after_s", fault.after_s).end_object();
    }
    for (const std::string& detail : report.load.verdict.details)
        out.begin_object().field("what", "stored").field("why", detail).end_object();
    out.end_array().end_object();
    return text;
}

std::string to_text(const DrillReport& report) {
    std::string text =
        report.name + ": " + (report.passed() ? "passed" : "FAILED") + ", " + std::to_string(report.runs) + " runs, ";
    text += report.chat ? to_text(*report.chat)
                        : "longest wait " + number(report.stall_median_ms) + " ms (median), " +
                              number(report.stall_worst_ms) + " ms (worst)\n  " + to_text(report.load);
    for (const auto& [name, value] : report.extras)
        text += "\n  " + name + ": " + number(value);
    for (const std::string& complaint : report.complaints)
        text += "\n  ! " + complaint;
    for (const std::string& complaint : report.too_slow)
        text += (report.judges_times ? "\n  ! " : "\n  slow: ") + complaint;
    return text;
}

}  // namespace stoa::app::probe
