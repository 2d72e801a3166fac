#include "rest/execution.hpp"

#include <exception>

#include "base/log.hpp"
#include "rest/errors.hpp"

namespace stoa::rest {
namespace {

OperatingMeter::Key meter_key(const api::Identity& identity, const MethodEntry& entry) {
    const std::int64_t credential =
        identity.through == api::Through::session ? -identity.actor.user : identity.credential_id;
    return {identity.actor.account, credential, entry.number};
}

Status call_handler(const MethodEntry& entry, api::Call& call) {
    try {
        return entry.method->handler(call);
    } catch (const std::exception& problem) {
        return internal_error(problem.what());
    } catch (...) {
        return internal_error("The handler threw something unknown.");
    }
}

}  // namespace

Status check_operating(const CallEnvironment& environment, const MethodEntry& entry) {
    const std::int64_t now_us = environment.services.model.clock.monotonic_us();
    const int wait_s = environment.operating.refused_for_s(meter_key(environment.identity, entry), now_us);
    if (wait_s > 0) return operating_limit(wait_s);
    return {};
}

Status run_method(const CallEnvironment& environment, const MethodEntry& entry, model::Records& records,
                  const json::Value& parameters, std::string& out, CallResult& result) {
    const Clock& clock = environment.services.model.clock;
    const std::size_t before = out.size();
    const std::int64_t started_us = clock.monotonic_us();
    api::Call call{environment.services, environment.identity, records, api::Params(parameters), json::Writer(out)};
    call.output_start = before;
    call.uploads = environment.uploads;
    Status status = call_handler(entry, call);
    const std::int64_t ended_us = clock.monotonic_us();
    result.processing_us = ended_us - started_us;
    result.operating_us =
        environment.operating.add(meter_key(environment.identity, entry), result.processing_us, ended_us);
    if (!status) {
        out.resize(before);
        if (status.error().code == Errc::internal) {
            log::error("rest_internal_error", {{"request", environment.request_id},
                                               {"account", environment.identity.actor.account},
                                               {"method", std::string_view(entry.method->name)},
                                               {"detail", std::string_view(status.error().message)},
                                               {"action", "report this as a bug, with the line"}});
        }
        return status;
    }
    if (out.size() == before) out.append("null");
    result.total = call.total;
    result.next = call.next;
    return {};
}

}  // namespace stoa::rest
