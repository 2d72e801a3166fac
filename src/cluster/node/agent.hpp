#pragma once
// The agent of one host (`stoa node`): keeps running what etcd says this host should run, and registers the host with
// the state of it. Without etcd it goes on with what it knew last. Its own death ends no service: the next agent adopts
// them. See README.md for the files it keeps.
// start() and stop() from one thread, the rest from any.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/node/component.hpp"

namespace stoa::cluster::node {

struct AgentOptions {
    std::string cluster = "stoa";  ///< a-z, 0-9 and '-'
    std::string name;              ///< of the host, likewise
    std::string role;
    std::string address;            ///< IP in the back network
    std::vector<std::string> etcd;  ///< "http://10.0.0.1:2379"
    std::string work_dir;
    std::string secrets_dir;    ///< each file there is one secret
    std::string metrics;        ///< "10.0.0.1:9100"; empty = none
    std::string services_file;  ///< HostServices as JSON, used until etcd or an earlier run says what to do
    bool stop_services_at_exit = false;
    std::int64_t log_bytes_max = 16 * 1024 * 1024;  ///< of each service's output, twice that with the older part
    std::string version;                            ///< of this program
};

/// Reads node.toml. Errors: one line that names the file, its line and the key.
Result<AgentOptions> load_agent_options(const std::string& path);
Result<AgentOptions> parse_agent_options(std::string_view toml, std::string_view source);

class Agent {
  public:
    Agent(AgentOptions options, std::vector<std::unique_ptr<Component>> components);
    ~Agent();  ///< stop()s
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    /// Errors: conflict (another agent has the folder), forbidden (it cannot be written), unavailable (the metrics port
    /// is taken), invalid_argument, and those of components. Does not wait for etcd or services.
    Status start();
    /// Leaves services running, and the registration to the next agent for as long as its lease lasts; with
    /// options.stop_services_at_exit it takes the host out and stops them.
    void stop();

    LiveHost live() const;
    AgentContext& context();
    std::uint16_t metrics_port() const;  ///< 0 = none

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::cluster::node
