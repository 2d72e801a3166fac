#pragma once
// Client: signed requests to an S3 store, tried again while that makes sense and the deadline allows. Blocking; any
// thread (each keeps its own connections).

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/s3/answers.hpp"
#include "files/s3/endpoint.hpp"
#include "files/source.hpp"

namespace stoa::files::s3 {

struct Call {
    const char* what = "";  ///< for the log
    std::string method;
    std::string path;  ///< Endpoint::path_of(), or "/bucket"
    Query query{};
    std::vector<net::Header> headers{};
    std::string body{};
    /// Instead of body: this part of a source, whose SHA-256 the caller knows.
    Source* source = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::string sha256{};
    std::size_t answer_bytes_max = 1024 * 1024;
};

struct Answer {
    int status = 0;
    std::vector<net::Header> headers;
    std::string body;
    Fault fault;  ///< when the status is an error
    bool ok() const { return status >= 200 && status < 300; }
    std::string_view header(std::string_view name) const;  ///< case-insensitive; empty when absent
};

class Client {
  public:
    Client(Endpoint endpoint, Clock& clock) : endpoint_(std::move(endpoint)), clock_(clock) {}
    const Endpoint& endpoint() const { return endpoint_; }

    /// Any answer that need not be tried again, also a refusal. Errors: unavailable (no answer, or one that is cut
    /// short, or the store kept failing), too_large (the answer), those of the source.
    Result<Answer> send(const Call& call, Beat& beat);
    /// The same, a refusal as its Error.
    Result<Answer> expect(const Call& call, Beat& beat);
    Error fault(const Call& call, const Answer& answer, Beat& beat) const;

    /// An address for browsers.
    std::string presigned(const std::string& path, const Query& query, int lifetime_s) const;

  private:
    struct Attempt {
        Result<Answer> answer;
        bool again = false;
    };
    Attempt attempt(const Call& call, Beat& beat);
    bool wait_before_attempt(int attempt, Beat& beat) const;

    const Endpoint endpoint_;
    Clock& clock_;
    std::atomic<std::size_t> authority_{0};  ///< whose turn it is, modulo their number
};

}  // namespace stoa::files::s3
