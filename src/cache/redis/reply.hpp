#pragma once
// Reply: one answer of a Redis server, and views on its parts. Private to src/cache and src/bus.
// https://redis.io/docs/reference/protocol-spec/

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

struct redisReply;

namespace stoa::cache::redis {

/// Valid as long as the Reply that it came from.
class ReplyView {
  public:
    bool is_nil() const;
    bool is_error() const;
    bool is_text() const;  ///< status or string
    bool is_integer() const;
    bool is_array() const;
    std::string_view text() const;  ///< of a status, string or error; else empty
    std::int64_t integer() const;   ///< else 0
    std::size_t size() const;       ///< elements of an array; else 0
    ReplyView operator[](std::size_t index) const;

  protected:
    explicit ReplyView(const redisReply* reply) : reply_(reply) {}
    const redisReply* reply_;
};

class Reply : public ReplyView {
  public:
    explicit Reply(redisReply* owned) : ReplyView(owned) {}
    Reply(Reply&& other) noexcept : ReplyView(std::exchange(other.reply_, nullptr)) {}
    Reply& operator=(Reply&& other) noexcept {
        std::swap(reply_, other.reply_);
        return *this;
    }
    ~Reply();
};

}  // namespace stoa::cache::redis
