#include "base/utf8.hpp"
#include "model/records.hpp"
#include "modules/stream/followers.hpp"
#include "modules/stream/hooks.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/names.hpp"
#include "modules/stream/post_files.hpp"
#include "modules/stream/pushes.hpp"

namespace stoa::stream {

using db::Condition;
using model::Operation;
using model::Record;
using model::RemoveContext;
using model::SaveContext;

namespace {

/// The counter is no change of the post itself: no event, no message of a changed post.
Status set_counter(db::WriteTx& tx, const model::Entity& entity, RecordId id, const char* column, std::int64_t number) {
    const db::Assignment row[] = {{column, number}};
    auto updated = tx.update(entity.table, row, Condition::equals("id", id));
    if (!updated) return updated.error();
    return {};
}

Result<Record> count_comments(db::WriteTx& tx, model::Records& records, RecordId post) {
    const model::Registry& registry = records.services().registry;
    const Condition of_post = Condition::equals("post_id", post);
    STOA_TRY(const std::int64_t number, tx.count(registry.entity(kComment).table, of_post));
    STOA_CHECK(set_counter(tx, registry.entity(kPost), post, "num_comments", number));
    return records.as_system().get(registry.entity(kPost), post);
}

class CommentHooks final : public model::EntityHooks {
  public:
    explicit CommentHooks(StreamListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        const std::string text = context.changes.text("POST_TEXT");
        if (utf8_length(text) > limits::stream_comment_chars_max) {
            return Error{Errc::too_large,
                         "A comment has at most " + std::to_string(limits::stream_comment_chars_max) + " characters.",
                         "TEXT"};
        }
        if (context.operation != Operation::add) return {};
        const Condition of_post = Condition::equals("post_id", context.changes.integer("POST_ID"));
        STOA_TRY(const std::int64_t known,
                 context.tx.count(context.entity.table, of_post, limits::stream_comments_per_post_max));
        if (known < limits::stream_comments_per_post_max) return {};
        return Error{Errc::too_large, "This post takes no more comments.", "POST_ID"};
    }

    Status after_save(SaveContext& context) override {
        STOA_TRY(const Record comment, context.records.as_system().get(context.entity, context.id));
        if (context.operation != Operation::add) {
            const model::Entity& posts = context.records.services().registry.entity(kPost);
            STOA_TRY(const Record post, context.records.as_system().get(posts, comment.integer("POST_ID")));
            return push_comment(context.records, post, comment, "comment_update");
        }
        STOA_TRY(const Record post, count_comments(context.tx, context.records, comment.integer("POST_ID")));
        STOA_CHECK(push_comment(context.records, post, comment, "comment_add"));
        if (listener_ == nullptr) return {};
        STOA_TRY(std::vector<UserId> followers, followers_of(context.records, post));
        std::erase(followers, comment.integer("AUTHOR_ID"));
        return listener_->comment_added(context.records, post, comment, followers);
    }

    Status after_remove(RemoveContext& context) override {
        const RecordId id = context.before.id();
        STOA_CHECK(remove_files(context, kCommentFiles, Condition::equals("entity_id", id)));
        const Condition likes = Condition::all(
            {Condition::equals("post_id", context.before.integer("POST_ID")), Condition::equals("comment_id", id)});
        auto removed = context.tx.remove(context.records.services().registry.entity(kLike).table, likes);
        if (!removed) return removed.error();
        STOA_TRY(const Record post, count_comments(context.tx, context.records, context.before.integer("POST_ID")));
        return push_comment(context.records, post, context.before, "comment_delete");
    }

  private:
    StreamListener* listener_;
};

class LikeHooks final : public model::EntityHooks {
  public:
    explicit LikeHooks(StreamListener* listener) : listener_(listener) {}

    Status after_save(SaveContext& context) override {
        if (context.operation != Operation::add) return {};
        STOA_TRY(const Record like, context.records.as_system().get(context.entity, context.id));
        return count(context.tx, context.records, like, true);
    }
    Status after_remove(RemoveContext& context) override {
        return count(context.tx, context.records, context.before, false);
    }

  private:
    Status count(db::WriteTx& tx, model::Records& records, const Record& like, bool added) {
        const model::Registry& registry = records.services().registry;
        const RecordId post_id = like.integer("POST_ID");
        const RecordId comment_id = like.integer("COMMENT_ID");
        const bool of_post = comment_id == 0;
        const model::Entity& target = registry.entity(of_post ? kPost : kComment);
        const RecordId target_id = of_post ? post_id : comment_id;
        STOA_TRY(const std::int64_t total,
                 tx.count(like.entity().table, Condition::all({Condition::equals("post_id", post_id),
                                                               Condition::equals("comment_id", comment_id)})));
        STOA_CHECK(set_counter(tx, target, target_id, "num_likes", total));
        STOA_TRY(const Record post, records.as_system().get(registry.entity(kPost), post_id));
        const UserId by = like.integer("USER_ID");
        const Vote vote{of_post ? "BLOG_POST" : "BLOG_COMMENT", target_id, by, total, added};
        STOA_CHECK(push_vote(records, post, vote));
        if (listener_ == nullptr || !added) return {};
        STOA_TRY(const Record liked, records.as_system().get(target, target_id));
        return listener_->liked(records, post, liked.integer("AUTHOR_ID"), by);
    }

    StreamListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_comment_hooks(StreamListener* listener) {
    return std::make_unique<CommentHooks>(listener);
}
std::unique_ptr<model::EntityHooks> make_like_hooks(StreamListener* listener) {
    return std::make_unique<LikeHooks>(listener);
}

}  // namespace stoa::stream
