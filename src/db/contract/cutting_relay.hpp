#pragma once
// CuttingRelay: a TCP relay in front of a server that plays a network failing at the worst moment: it passes on a
// request that holds the given text, waits until the server has carried it out, and cuts the connection instead of
// passing the answer back. One thread per connection; all end with the relay.

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

namespace stoa::db {

class CuttingRelay {
  public:
    explicit CuttingRelay(std::uint16_t server_port);
    ~CuttingRelay();
    CuttingRelay(const CuttingRelay&) = delete;
    CuttingRelay& operator=(const CuttingRelay&) = delete;

    std::uint16_t port() const { return port_; }
    enum class When : std::uint8_t { before_server_sees_it, after_server_answered };
    /// The next `times` requests that hold the text are cut off.
    void cut(const std::string& text, int times, When when);
    int cuts() const { return cuts_; }

  private:
    void accept_loop();
    void relay(int client);
    bool pass(int from, int to, bool requests, bool& cutting);

    const std::uint16_t server_port_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::string text_;
    When when_ = When::after_server_answered;
    std::atomic<int> left_{0};
    std::atomic<int> cuts_{0};
    std::atomic<bool> closing_{false};
    std::list<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace stoa::db
