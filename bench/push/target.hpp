#pragma once
// How a push server is spoken to: addresses of its channels and the form of a publish. Each channel is one user's.

#include <cstdint>
#include <string>
#include <vector>

#include "api/push_channels.hpp"
#include "options.hpp"

namespace stoa::bench {

class Target {
  public:
    explicit Target(const Options& options);
    std::uint16_t port() const { return port_; }
    std::uint16_t publish_port() const { return publish_port_; }
    std::string subscribe_request(int channel) const;
    /// `sender`: a channel of the same account, whose message it is.
    std::string publish_request(int channel, int sender, const std::string& text) const;
    /// To all of that many channels, each of which is somebody's own: in as few messages as the server allows.
    std::vector<std::string> broadcast_requests(int channels, const std::string& text) const;

  private:
    std::int64_t account_of(int channel) const;
    std::int64_t user_of(int channel) const;
    std::string user_channel(int channel) const;
    std::string publish(int first_channel, int count, int sender, const std::string& text) const;
    const std::uint16_t port_, publish_port_;
    const bool is_nchan_;
    const api::PushChannels channels_;
    const std::int64_t account_, first_user_, users_per_account_, expires_at_;
};

/// With the head that a body needs; "GET" has none.
std::string http_request(const std::string& method, const std::string& path, const std::string& json = {});

}  // namespace stoa::bench
