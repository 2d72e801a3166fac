#pragma once
// What is measured: messages by their numbers and times, and the server's processes.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::bench {

std::int64_t now_ns();

/// Changes the order of the values. 0 when there are none.
double percentile_ms(std::vector<std::int64_t>& took_ns, double part);

/// A message's text says when it was sent and which one it is: "@<ns>:<number>@" and padding.
std::string message_text(std::int64_t number);
struct Message {
    std::int64_t sent_ns = 0, number = 0;
};
/// From anywhere inside a frame.
bool find_message(std::string_view frame, Message& out);

class Deliveries {
  public:
    /// `last`: the number that this client has heard last; -1: none.
    void add(const Message& message, std::int64_t& last);
    std::int64_t count() const { return static_cast<std::int64_t>(took_ns_.size()); }
    std::int64_t doubled() const { return doubled_; }  ///< or out of order
    double percentile_ms(double part) { return bench::percentile_ms(took_ns_, part); }

  private:
    std::vector<std::int64_t> took_ns_;
    std::int64_t doubled_ = 0;
};

/// Processes and their children.
struct ProcessCost {
    double cpu_s = 0;
    double private_kib = 0;  ///< its share of memory (PSS)
};
ProcessCost cost_of(pid_t pid);
ProcessCost cost_of(const std::vector<pid_t>& pids);

}  // namespace stoa::bench
