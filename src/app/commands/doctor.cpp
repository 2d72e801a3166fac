// stoa doctor

#include "app/doctor/doctor.hpp"
#include "app/commands/common.hpp"

namespace stoa::app {

int run_doctor(const DoctorOptions& options) {
    doctor::Findings findings;
    const auto config = config_of(options);
    const auto schema = Portal::schema();
    if (!config) {
        findings.push_back({doctor::Level::error, "configuration", "readable", config.error().message, "", ""});
    } else if (schema) {
        findings = doctor::examine(*config, schema->steps.back().number);
    }
    print_line(options.json ? doctor::findings_json(findings) : doctor::print_findings(findings));
    return doctor::exit_code(findings);
}

}  // namespace stoa::app
