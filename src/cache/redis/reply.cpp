#include "cache/redis/reply.hpp"

#include <hiredis/hiredis.h>

namespace stoa::cache::redis {

bool ReplyView::is_nil() const {
    return reply_->type == REDIS_REPLY_NIL;
}

bool ReplyView::is_error() const {
    return reply_->type == REDIS_REPLY_ERROR;
}

bool ReplyView::is_text() const {
    return reply_->type == REDIS_REPLY_STRING || reply_->type == REDIS_REPLY_STATUS;
}

bool ReplyView::is_integer() const {
    return reply_->type == REDIS_REPLY_INTEGER;
}

bool ReplyView::is_array() const {
    return reply_->type == REDIS_REPLY_ARRAY;
}

std::string_view ReplyView::text() const {
    return is_text() || is_error() ? std::string_view(reply_->str, reply_->len) : std::string_view();
}

std::int64_t ReplyView::integer() const {
    return is_integer() ? reply_->integer : 0;
}

std::size_t ReplyView::size() const {
    return is_array() ? reply_->elements : 0;
}

ReplyView ReplyView::operator[](std::size_t index) const {
    return ReplyView(reply_->element[index]);
}

Reply::~Reply() {
    if (reply_ != nullptr) ::freeReplyObject(const_cast<redisReply*>(reply_));
}

}  // namespace stoa::cache::redis
