#pragma once
// What `stoa doctor` found: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::app::doctor {

enum class Level : std::uint8_t { ok, warning, error };
std::string_view to_string(Level level);

struct Finding {
    Level level = Level::ok;
    std::string subject;   ///< which part: "database 10.0.0.1:3306"
    std::string check;     ///< what was looked at: "sync_binlog"
    std::string found;     ///< as it is
    std::string required;  ///< as it should be; may be empty when it is so
    std::string action;    ///< what to do and why; empty when nothing
};
using Findings = std::vector<Finding>;

/// For people: a block of lines per subject.
std::string print_findings(const Findings& findings);
/// One JSON object: {"errors":0,"warnings":1,"findings":[…]}.
std::string findings_json(const Findings& findings);
/// 0 all is well, 1 warnings, 2 errors.
int exit_code(const Findings& findings);

}  // namespace stoa::app::doctor
