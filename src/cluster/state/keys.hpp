#pragma once
// The keys of a cluster in etcd. Each function gives the whole key. See ../README.md for who writes which.

#include <string>
#include <string_view>

namespace stoa::cluster {

class Keys {
  public:
    /// `cluster` is a name of a-z, 0-9 and '-'.
    explicit Keys(std::string_view cluster) : root_("/stoa/" + std::string(cluster) + "/") {}

    std::string root() const { return root_; }
    std::string spec() const { return root_ + "spec"; }
    std::string release() const { return root_ + "release"; }
    std::string services(std::string_view host) const { return hosts() + std::string(host) + "/services"; }
    std::string hosts() const { return root_ + "hosts/"; }  ///< prefix
    std::string live(std::string_view host) const { return live() + std::string(host); }
    std::string live() const { return root_ + "live/"; }  ///< prefix
    std::string drain(std::string_view host) const { return drain() + std::string(host); }
    std::string drain() const { return root_ + "drain/"; }  ///< prefix
    std::string leader(std::string_view task) const { return root_ + "leader/" + std::string(task); }

  private:
    std::string root_;
};

}  // namespace stoa::cluster
