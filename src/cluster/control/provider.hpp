#pragma once
// Where hosts come from and go to: a command that an administrator names in the spec ([web] provider). Blocking; one
// call at a time.
//
//   COMMAND… add web       makes a host that runs `stoa node`; prints one JSON object
//   {"name":"web4","address":"10.0.0.24"} COMMAND… remove NAME   takes it away; fine when it is gone
//
// Exit code 0 when done. What it prints on standard error is logged when it fails, its last line only.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace stoa::cluster::control {

struct ProvidedHost {
    std::string name, address;
};

class Provider {
  public:
    virtual ~Provider() = default;
    /// Errors: unavailable (it failed, and what it said), timeout, invalid_argument (an answer that cannot be read).
    virtual Result<ProvidedHost> add(std::string_view role) = 0;
    virtual Status remove(std::string_view name) = 0;
};

/// The command as in the spec; argv[0] is looked for in PATH. Killed after limits::provider_ms.
std::unique_ptr<Provider> command_provider(std::vector<std::string> argv);

}  // namespace stoa::cluster::control
