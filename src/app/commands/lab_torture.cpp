// stoa lab torture: faults in all layers at once, from a seed, under load; then everything is compared.

#include "app/commands/common.hpp"
#include "app/probe/torture.hpp"

namespace stoa::app {

Result<bool> lab_torture(const LabTortureOptions& options) {
    probe::TortureOptions torture;
    torture.seed = options.seed;
    torture.minutes = options.minutes;
    torture.load.clients = options.clients;
    torture.load.pause_ms = options.pause_ms;
    torture.print_blows = !options.json;
    STOA_TRY(const probe::TortureReport report, probe::run_torture(options.dir, torture));
    print_line(options.json ? probe::to_json(report) : probe::to_text(report));
    return report.passed();
}

}  // namespace stoa::app
