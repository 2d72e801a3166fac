#include "app/doctor/finding.hpp"

#include <algorithm>

#include "json/writer.hpp"

namespace stoa::app::doctor {
namespace {

constexpr std::size_t kCheckColumns = 34;

std::int64_t count(const Findings& findings, Level level) {
    return std::count_if(findings.begin(), findings.end(), [=](const Finding& f) { return f.level == level; });
}

std::string padded(std::string_view text, std::size_t columns) {
    return std::string(text) + std::string(text.size() < columns ? columns - text.size() : 0, ' ');
}

}  // namespace

std::string_view to_string(Level level) {
    switch (level) {
        case Level::ok:
            return "ok";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

std::string print_findings(const Findings& findings) {
    std::string out;
    std::string_view subject;
    for (const Finding& finding : findings) {
        if (finding.subject != subject) out += finding.subject + "\n";
        subject = finding.subject;
        out += "  " + padded(to_string(finding.level), 8) + padded(finding.check, kCheckColumns) + " " + finding.found;
        if (finding.level != Level::ok) {
            if (!finding.required.empty()) out += "; required: " + finding.required;
            if (!finding.action.empty()) out += "\n            " + finding.action;
        }
        out += "\n";
    }
    const std::int64_t errors = count(findings, Level::error);
    const std::int64_t warnings = count(findings, Level::warning);
    out += std::to_string(findings.size()) + " checks: " + std::to_string(errors) + " errors, " +
           std::to_string(warnings) + " warnings";
    return out;
}

std::string findings_json(const Findings& findings) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    out.field("errors", count(findings, Level::error)).field("warnings", count(findings, Level::warning));
    out.key("findings").begin_array();
    for (const Finding& finding : findings) {
        out.begin_object().field("level", to_string(finding.level)).field("subject", finding.subject);
        out.field("check", finding.check).field("found", finding.found).field("required", finding.required);
        out.field("action", finding.action).end_object();
    }
    out.end_array().end_object();
    return text;
}

int exit_code(const Findings& findings) {
    if (count(findings, Level::error) > 0) return 2;
    return count(findings, Level::warning) > 0 ? 1 : 0;
}

}  // namespace stoa::app::doctor
