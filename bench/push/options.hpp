#pragma once
// What a run of the benchmark is told.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stoa::bench {

struct Options {
    std::string name;  ///< of the server
    std::string mode = "fanout";
    std::string label;  ///< of the row; empty: the mode
    std::string key;    ///< of stoa's channels; empty: nchan
    std::string json_file;
    std::uint16_t port = 0;
    std::uint16_t publish_port = 0;  ///< 0: the same
    std::vector<pid_t> pids;         ///< of all processes that the deliveries cost
    int clients = 1'000, messages = 100, senders = 16;
    int rate = 0;    ///< messages a second; 0: the next one when the last one was taken
    int window = 0;  ///< messages that are published and not heard yet, at most; 0: those that wait for their answer
    int storms = 1;
    int idle_s = 0;

    /// Reads beside the test: their latency before and during it.
    std::uint16_t web_port = 0;
    std::string web_path;
    int web_rate = 500;

    /// mode "post"
    std::string post_path, post_to;
    std::int64_t account = 1, first_user = 1;
    /// An account may send only so much in a second: of 1:1 messages there are many accounts. 0: all are of one.
    int users_per_account = 0;
};

}  // namespace stoa::bench
