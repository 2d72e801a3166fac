#pragma once
// Asks ClamAV's daemon whether bytes are harmless (INSTREAM), over a unix socket or TCP. Blocking, with deadlines; any
// thread. https://docs.clamav.net/manual/Usage/Scanning.html#clamd

#include <atomic>
#include <string>

#include "base/engine_url.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "files/source.hpp"

namespace stoa::files {

class Clamd {
  public:
    struct Verdict {
        bool infected = false;
        std::string signature;  ///< what was found
    };

    /// Errors: invalid_argument with the field "virus_scan.address".
    static Result<Clamd> at(const EngineUrl& address);

    /// Errors: unavailable (no daemon, no answer in time, or `stop` was set), too_large (more than its
    /// StreamMaxLength), those of the source.
    Result<Verdict> scan(Source& source, const std::atomic<bool>& stop) const;

  private:
    explicit Clamd(EngineUrl::Host host) : host_(std::move(host)) {}
    EngineUrl::Host host_;
};

}  // namespace stoa::files
