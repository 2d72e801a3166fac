#include "app/probe/load_report.hpp"

#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

std::string whole(double value) {
    return std::to_string(static_cast<std::int64_t>(value + 0.5));
}

std::string details_of(const Verdict& verdict) {
    std::string text;
    const auto tell = [&](int count, const char* what) {
        if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + what;
    };
    tell(verdict.older, " older than acknowledged");
    tell(verdict.never_written, " never written");
    tell(verdict.broken_sums, " wrong sums");
    return text.empty() ? text : " (" + text + ")";
}

}  // namespace

std::string to_json(const LoadReport& report) {
    const Summary& s = report.summary;
    const Verdict& v = report.verdict;
    std::string text;
    json::Writer out(text);
    out.begin_object();
    out.field("requests", s.requests).field("failed", s.failed).field("wrong_answers", s.wrong);
    out.field("lost", v.lost).field("doubled", v.doubled).field("older", v.older);
    out.field("never_written", v.never_written).field("broken_sums", v.broken_sums).field("logouts", s.logouts);
    out.field("client_retries", s.client_retries);
    out.field("stall_ms", s.stall_ms).field("p50_ms", s.p50_ms).field("p99_ms", s.p99_ms);
    const auto count = [&](std::string_view name, std::size_t value) {
        out.field(name, static_cast<std::int64_t>(value));
    };
    count("records", report.records);
    count("increments", report.increments);
    count("counters", report.counters);
    count("transfers", report.transfers);
    count("pairs", report.pairs);
    out.field("seconds", report.seconds).field("session", report.session).field("counted", report.counted);
    out.key("errors").begin_array();
    for (const Fault& fault : s.faults) {
        out.begin_object().field("what", fault.what).field("status", fault.status);
        out.field("request_id", fault.request_id).field("why", fault.why).field("after_s", fault.after_s).end_object();
    }
    for (const std::string& detail : v.details)
        out.begin_object().field("what", "stored").field("why", detail).end_object();
    out.end_array().end_object();
    return text;
}

std::string to_text(const LoadReport& report) {
    const Summary& s = report.summary;
    const Verdict& v = report.verdict;
    std::string text = whole(report.seconds) + " s: " + std::to_string(s.requests) + " requests, " +
                       std::to_string(s.failed) + " failed, " + std::to_string(s.wrong) + " of them wrong; " +
                       std::to_string(report.records) + " records, ";
    text += report.counted ? std::to_string(report.increments) + " increments of " + std::to_string(report.counters) +
                                 " counters, "
                           : std::string("no counters (the webhook lacks the scope task), ");
    text += std::to_string(report.transfers) + " transfers in " + std::to_string(report.pairs) +
            " pairs: " + std::to_string(v.lost) + " lost, " + std::to_string(v.doubled) + " doubled" + details_of(v) +
            "; " + (report.session ? std::to_string(s.logouts) : std::string("no session, 0")) + " logouts; " +
            std::to_string(s.client_retries) + " sent again by clients; longest " + whole(s.stall_ms) +
            " ms, half within " + whole(s.p50_ms) + " ms, 99 % within " + whole(s.p99_ms) + " ms";
    for (const Fault& fault : s.faults) {
        text += "\n  " + fault.what + ": " + (fault.status > 0 ? std::to_string(fault.status) + " " : std::string()) +
                fault.why + (fault.request_id.empty() ? "" : " (request " + fault.request_id + ")");
    }
    for (const std::string& detail : v.details)
        text += "\n  " + detail;
    return text;
}

}  // namespace stoa::app::probe
