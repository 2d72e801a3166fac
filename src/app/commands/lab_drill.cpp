// stoa lab drill: breaks something of the lab under load, and says what held.

#include "app/commands/common.hpp"
#include "app/probe/drill.hpp"
#include "json/writer.hpp"

namespace stoa::app {

namespace {

Status list_drills(bool json, const std::string& topology) {
    std::string text;
    json::Writer out(text);
    if (json) out.begin_array();
    for (const probe::Drill& drill : probe::drills()) {
        if (!topology.empty() && !drill.topology.empty() && drill.topology != topology) continue;
        if (json) {
            out.begin_object().field("name", drill.name).field("about", drill.about);
            out.field("topology", drill.topology).end_object();
        } else {
            text +=
                std::string(drill.name) + std::string(18 - drill.name.size(), ' ') + std::string(drill.about) + "\n";
        }
    }
    if (json) out.end_array();
    if (!json) text.pop_back();
    print_line(text);
    return {};
}

}  // namespace

Result<bool> lab_drill(const LabDrillOptions& options) {
    if (options.name == "list") {
        STOA_CHECK(list_drills(options.json, options.topology));
        return true;
    }
    const probe::Drill* drill = probe::find_drill(options.name);
    if (!drill) return not_found("There is no drill '" + options.name + "'. See: stoa lab drill list");
    probe::DrillOptions how{.runs = options.runs, .seconds = options.seconds, .judge_times = !options.ignore_times};
    how.load.clients = options.clients;
    how.load.pause_ms = options.pause_ms;
    how.chat.pairs = options.pairs;
    how.chat.pause_ms = options.chat_pause_ms;
    STOA_TRY(const probe::DrillReport report, probe::run_drill(*drill, options.dir, how));
    print_line(options.json ? probe::to_json(report) : probe::to_text(report));
    return report.passed();
}

}  // namespace stoa::app
