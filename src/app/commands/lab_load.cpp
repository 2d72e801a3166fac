// stoa lab load: steady traffic with a checker of every answer.

#include <chrono>
#include <thread>

#include "app/commands/common.hpp"
#include "app/probe/lab_ground.hpp"
#include "app/probe/load.hpp"

namespace stoa::app {

Result<bool> lab_load(const LabLoadOptions& options) {
    STOA_TRY(const probe::Target target,
             options.url.empty() ? probe::target_of_lab(options.dir)
                                 : probe::target_of(options.url, options.webhook, options.ca_file, options.login_link));
    probe::LoadOptions load_options;
    load_options.clients = options.clients;
    load_options.pause_ms = options.pause_ms;
    load_options.keep = options.keep;
    STOA_TRY(const auto load, probe::Load::start(target, load_options));
    std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
    STOA_TRY(const probe::LoadReport report, load->finish());
    print_line(options.json ? probe::to_json(report) : probe::to_text(report));
    return report.passed();
}

}  // namespace stoa::app
