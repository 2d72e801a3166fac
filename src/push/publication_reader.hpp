#pragma once
// PublicationReader: what a client wants to send, read without a tree of it: "params" may be large, and goes on as it
// came. One thread; one message.
//
// {"userList": [17] | "channelList": ["id.signature"], "body": {"module_id", "command", "params"}, "expiry"}. Repeated
// keys: the last wins; within "params" that is for the receiver to decide.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "json/events.hpp"
#include "json/writer.hpp"

namespace stoa::push {

class PublicationReader final : public json::Events {
  public:
    /// Errors: invalid_argument naming the member, too_large.
    Result<std::vector<UserId>> users() const;
    /// Public channels as they were named. Errors: too_large.
    Result<std::vector<std::string>> channels() const;
    /// Of the reader; `params_json` is empty when there are none.
    struct Body {
        std::string_view module_id, command, params_json;
    };
    /// Errors: invalid_argument naming the member.
    Result<Body> body() const;

    void on_begin_object() override { begin(true); }
    void on_end_object() override { end(true); }
    void on_begin_array() override { begin(false); }
    void on_end_array() override { end(false); }
    void on_key(std::string_view name) override;
    void on_text(std::string_view text) override;
    void on_integer(std::int64_t number) override;
    void on_real(double number) override;
    void on_boolean(bool truth) override;
    void on_null() override;

  private:
    enum class Member : std::uint8_t { other, users, channels, body };
    enum class Field : std::uint8_t { other, module_id, command, params, id, signature };

    /// How many objects and arrays are open around a member of the root, a user, channel or field of the body, and a
    /// part of a channel.
    static constexpr int kMemberDepth = 1, kFieldDepth = 2, kPartDepth = 3;

    void begin(bool object);
    void end(bool object);
    void begin_member(std::string_view name);
    void begin_field(std::string_view name);
    void take(const json::Value& value);
    void add_channel(std::string name);
    /// Whether this value is, or is inside, the message's parameters.
    bool in_params() const { return within_params_ || (depth_ == kFieldDepth && field_ == Field::params); }

    int depth_ = 0;               ///< objects and arrays that are open
    bool within_params_ = false;  ///< in an object or array that they are
    Member member_ = Member::other;
    Field field_ = Field::other;
    std::vector<UserId> users_;
    bool wrong_user_ = false;
    std::vector<std::string> channels_;
    bool in_channel_ = false;
    std::optional<std::string> channel_id_, channel_signature_;
    bool has_body_ = false;
    std::optional<std::string> module_id_, command_;
    std::string params_json_;
    std::optional<json::Writer> params_;
};

}  // namespace stoa::push
