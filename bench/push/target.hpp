#pragma once
// How a push server is spoken to: addresses of its channels and the form of a publish. Channel N is user N's.

#include <cstdint>
#include <string>

#include "api/push_channels.hpp"

namespace stoa::bench {

class Target {
  public:
    /// `key`: of stoa's channels; empty: nchan at /sub/cN and /pub/cN.
    Target(std::uint16_t port, const std::string& key);
    std::uint16_t port() const { return port_; }
    std::string subscribe_request(int channel) const;
    std::string publish_request(int channel, const std::string& text) const;

  private:
    std::string user_channel(int channel) const;
    const std::uint16_t port_;
    const bool is_nchan_;
    const api::PushChannels channels_;
    const std::int64_t expires_at_;
};

}  // namespace stoa::bench
