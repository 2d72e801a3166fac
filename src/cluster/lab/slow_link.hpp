#pragma once
// A slow link: frames of a host wait at the switch, in both directions, each direction in order. For kernels without
// netem. The host's port leaves the bridge; a TAP device takes its place, and this process carries frames between the
// two (packet(7), the kernel's tuntap.rst). Root only; inside the switch's namespace; one thread.

#include <functional>
#include <string>

#include "base/result.hpp"

namespace stoa::cluster::lab {

struct SlowLink {
    std::string host, host_space;  ///< whose link "back" it is
    int delay_ms_max = 100;        ///< a delay from 0 to this, drawn anew every 50 ms: jitter
};

/// Carries frames until `stopping`; then the port is where it was. Errors: not_found (no such port), internal.
Status carry_slowly(const SlowLink& link, const std::function<bool()>& stopping);

}  // namespace stoa::cluster::lab
