#pragma once
// Outgoing HTTP: webhooks, OAuth, S3, etcd. Blocking, with a deadline; call it from worker threads only.
// Refuses private, loopback and link-local targets unless the caller says otherwise (server-side request forgery),
// checks the address that is really connected to, follows no redirects and uses no proxy.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/server.hpp"

namespace stoa::net {

/// A body that is read while it is sent, for what is large or lies in memory already.
struct UploadSource {
    std::uint64_t bytes = 0;
    /// Copies up to `size` bytes from `offset` on; 0 before the end breaks the exchange off. Runs within fetch(); an
    /// earlier offset comes again when a kept connection proves dead.
    std::function<std::size_t(std::uint64_t offset, char* to, std::size_t size)> read;
};

/// Ends a fetch() from another thread, within a moment. One exchange at a time; stays cancelled.
class Cancel {
  public:
    Cancel();
    void cancel();
    bool cancelled() const { return cancelled_.load(); }
    int event_fd() const { return event_.get(); }  ///< readable once cancelled

  private:
    Fd event_;
    std::atomic<bool> cancelled_{false};
};

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    std::vector<Header> headers;
    std::string body;
    UploadSource upload{};    ///< instead of `body`, when it can be read
    int timeout_ms = 10'000;  ///< whole exchange; 0 = none
    int stall_ms = 0;         ///< without a byte in either direction, kept to within a second; 0 = none
    int connect_timeout_ms = 3'000;
    std::size_t answer_bytes_max = 1 << 20;
    bool allow_private_targets = false;
    bool verify_tls = true;
    std::string ca_file;  ///< PEM of who may sign the target's certificate; empty = the system's
    /// Told how many bytes went both ways so far, at least once a second; false breaks the exchange off.
    std::function<bool(std::uint64_t bytes)> on_progress{};
    /// For answers that come bit by bit: gets each piece, which is then not kept, and answer_bytes_max does not count;
    /// false breaks the exchange off.
    std::function<bool(std::string_view bytes)> on_body{};
    Cancel* cancel = nullptr;  ///< must live until fetch() returns; the exchange has a connection of its own then
};

struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;
};

/// Errors: invalid_argument (URL, scheme), forbidden (target not allowed), timeout, unavailable (also for an answer
/// that ends early, and when it was broken off), too_large.
Result<ClientResponse> fetch(const ClientRequest& request);

}  // namespace stoa::net
