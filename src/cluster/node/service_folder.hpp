#pragma once
// The folder of one service: its files as the plan wants them, with secrets of this host filled in, and what really is
// on the disk. Besides those it holds what the agent keeps about the service; see README.md. One thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster::node {

class ServiceFolder {
  public:
    ServiceFolder(std::string path, std::string secrets_dir);

    const std::string& path() const { return path_; }
    std::string output_path() const { return path_ + "/output.log"; }
    std::string pid_path() const { return path_ + "/pid"; }
    std::string prepared_path() const { return path_ + "/prepared"; }

    /// The folder itself, for a start.
    Status make() const;
    /// Folders and files; a file that is right already is left alone. Errors name the file or secret, never a content.
    Status write(const Service& service) const;
    /// {{dir}} replaced.
    std::string filled(std::string_view text) const;
    std::vector<std::string> filled(const std::vector<std::string>& texts) const;

    /// config_hash() of the shared files as they are on the disk now: the plan's when nobody changed them.
    std::string config_hash_on_disk(const Service& service);

    /// Keeps the output below twice bytes_max: what is older goes to output.log.1, then away. Works while a process
    /// appends; lines of that very moment may be lost.
    void bound_output(std::int64_t bytes_max) const;

  private:
    struct Seen {
        std::int64_t changed_ns = 0, bytes = -1;
        std::uint64_t inode = 0;
        std::string planned, content;  ///< of the plan when it was looked at; for the hash
    };
    Result<std::string> rendered(const ServiceFile& file) const;
    Result<std::string> secret(std::string_view name) const;

    const std::string path_, secrets_dir_;
    std::map<std::string, Seen> seen_;
};

}  // namespace stoa::cluster::node
