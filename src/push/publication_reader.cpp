#include "push/publication_reader.hpp"

#include "base/limits.hpp"
#include "push/conversation.hpp"

namespace stoa::push {
namespace {

constexpr std::size_t kUsualBytes = 256;  ///< of parameters

Result<std::string_view> needed(const std::optional<std::string>& text, const char* member) {
    if (!text || text->empty()) return invalid("The message needs it.", member);
    return std::string_view(*text);
}

}  // namespace

Result<std::vector<UserId>> PublicationReader::users() const {
    if (users_.size() > limits::push_routes_per_message_max) return too_many_receivers("userList");
    if (wrong_user_) return no_user("userList");
    return users_;
}

Result<std::vector<std::string>> PublicationReader::channels() const {
    if (channels_.size() > limits::push_routes_per_message_max) return too_many_receivers("channelList");
    return channels_;
}

Result<PublicationReader::Body> PublicationReader::body() const {
    if (!has_body_) return invalid("There is no message.", "body");
    Body out;
    STOA_TRY(out.module_id, needed(module_id_, "body.module_id"));
    STOA_TRY(out.command, needed(command_, "body.command"));
    out.params_json = params_json_;
    return out;
}

void PublicationReader::begin(bool object) {
    if (in_params()) {
        within_params_ = true;
        object ? params_->begin_object() : params_->begin_array();
    } else if (depth_ == kMemberDepth && member_ == Member::body) {
        has_body_ = object;
    } else if (depth_ == kFieldDepth && member_ == Member::users) {
        wrong_user_ = true;
    } else if (depth_ == kFieldDepth && member_ == Member::channels) {
        in_channel_ = true;
        channel_id_.reset();
        channel_signature_.reset();
    }
    ++depth_;
}

void PublicationReader::end(bool object) {
    --depth_;
    if (within_params_) {
        object ? params_->end_object() : params_->end_array();
        within_params_ = depth_ > kFieldDepth;
    } else if (in_channel_ && depth_ == kFieldDepth) {
        in_channel_ = false;
        add_channel(channel_id_ && channel_signature_ ? *channel_id_ + "." + *channel_signature_ : "");
    }
}

void PublicationReader::on_key(std::string_view name) {
    if (within_params_) {
        params_->key(name);
    } else if (depth_ == kMemberDepth) {
        begin_member(name);
    } else {
        begin_field(name);
    }
}

void PublicationReader::begin_member(std::string_view name) {
    field_ = Field::other;
    member_ = Member::other;
    if (name == "userList") {
        member_ = Member::users;
        users_.clear();
        wrong_user_ = false;
    } else if (name == "channelList") {
        member_ = Member::channels;
        channels_.clear();
    } else if (name == "body") {
        member_ = Member::body;
        has_body_ = false;
        module_id_.reset();
        command_.reset();
        params_json_.clear();
    }
}

void PublicationReader::begin_field(std::string_view name) {
    field_ = Field::other;
    if (depth_ == kFieldDepth && member_ == Member::body) {
        if (name == "module_id") {
            field_ = Field::module_id;
            module_id_.reset();
        } else if (name == "command") {
            field_ = Field::command;
            command_.reset();
        } else if (name == "params") {
            field_ = Field::params;
            params_json_.clear();
            params_json_.reserve(kUsualBytes);
            params_.emplace(params_json_);
        }
    } else if (depth_ == kPartDepth && in_channel_) {
        if (name == "publicId") field_ = Field::id;
        if (name == "signature") field_ = Field::signature;
    }
}

void PublicationReader::take(const json::Value& value) {
    if (depth_ == kFieldDepth && member_ == Member::users) {
        const auto user = value.as_integer();
        if (!user || *user < 1) wrong_user_ = true;
        if (users_.size() <= limits::push_routes_per_message_max) users_.push_back(user.value_or(0));
    } else if (depth_ == kFieldDepth && member_ == Member::channels) {
        add_channel(value.as_text().value_or(""));
    } else if (field_ == Field::module_id && depth_ == kFieldDepth) {
        module_id_ = value.as_text();
    } else if (field_ == Field::command && depth_ == kFieldDepth) {
        command_ = value.as_text();
    } else if (field_ == Field::id && depth_ == kPartDepth) {
        channel_id_ = value.as_text().value_or("");
    } else if (field_ == Field::signature && depth_ == kPartDepth) {
        channel_signature_ = value.as_text().value_or("");
    }
}

void PublicationReader::add_channel(std::string name) {
    if (channels_.size() <= limits::push_routes_per_message_max) channels_.push_back(std::move(name));
}

void PublicationReader::on_text(std::string_view text) {
    in_params() ? void(params_->text(text)) : take(json::Value(std::string(text)));
}
void PublicationReader::on_integer(std::int64_t number) {
    in_params() ? void(params_->integer(number)) : take(json::Value(number));
}
void PublicationReader::on_real(double number) {
    in_params() ? void(params_->real(number)) : take(json::Value(number));
}
void PublicationReader::on_boolean(bool truth) {
    in_params() ? void(params_->boolean(truth)) : take(json::Value(truth));
}
void PublicationReader::on_null() {
    in_params() ? void(params_->null()) : take(json::Value(nullptr));
}

}  // namespace stoa::push
