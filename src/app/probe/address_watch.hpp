#pragma once
// AddressWatch: asks the network again and again who has an address (ARP, RFC 826), as the switch and every client of
// it would. More than one answer to the same question for longer than a moment: two machines think that it is theirs.
// start() and stop() from one thread; a thread of its own asks.

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace stoa::app::probe {

class AddressWatch {
  public:
    struct Report {
        int samples = 0;
        int unanswered = 0;  ///< nobody had it
        int overlap_ms = 0;  ///< longest time in which two had it
        int handovers = 0;   ///< another machine answered than before
    };

    /// `network`: the namespace to ask from. Errors: forbidden (not root), not_found (no way to the address).
    static Result<std::unique_ptr<AddressWatch>> start(const std::string& network, const std::string& ipv4);
    ~AddressWatch();
    Report stop();

  private:
    AddressWatch(Fd socket, int interface_index, std::string hardware_address, std::uint32_t own, std::uint32_t wanted);
    void run();
    bool ask() const;
    /// Hardware addresses that answered until the sample ends, separated by spaces.
    std::string hear(int& answers) const;

    const Fd socket_;
    const int interface_index_;
    const std::string hardware_address_;
    const std::uint32_t own_, wanted_;  ///< network byte order
    std::atomic<bool> stopped_{false};
    Report report_;
    std::thread thread_;
};

}  // namespace stoa::app::probe
