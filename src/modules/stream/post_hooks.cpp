#include <algorithm>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "model/records.hpp"
#include "modules/stream/destinations.hpp"
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

/// The beginning of the text, on one line.
std::string title_from(const std::string& text) {
    std::string title(utf8_prefix(text, limits::stream_title_from_text_chars_max));
    std::replace_if(
        title.begin(), title.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return title;
}

Status emit(model::Records& records, const char* event, RecordId post) {
    std::string data;
    json::Writer out(data);
    out.begin_object().key("FIELDS").begin_object().field("POST_ID", std::to_string(post)).end_object().end_object();
    return records.emit(event, data);
}

Status remove_rows(RemoveContext& context, const char* entity, Condition where) {
    const std::string& table = context.records.services().registry.entity(entity).table;
    auto removed = context.tx.remove(table, where);
    if (!removed) return removed.error();
    return {};
}

class PostHooks final : public model::EntityHooks {
  public:
    explicit PostHooks(StreamListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        model::Changes& changes = context.changes;
        if (changes.text("TITLE").empty() && (changes.has("DETAIL_TEXT") || changes.has("TITLE"))) {
            const std::string text = changes.has("DETAIL_TEXT") || !context.before
                                         ? changes.text("DETAIL_TEXT")
                                         : context.before->text("DETAIL_TEXT");
            changes.set("TITLE", title_from(text));
            changes.set("MICRO", std::int64_t{1});
        } else if (changes.has("TITLE")) {
            changes.set("MICRO", std::int64_t{0});
        }
        if (context.operation == Operation::add) {
            const model::Field& path = context.entity.field("GRANT_PATH");
            changes.links.emplace_back(&path, std::vector<RecordId>{context.id});
        }
        return context.operation == Operation::add || changes.has("DEST") ? check_dest(context) : Status();
    }

    Status after_save(SaveContext& context) override {
        const bool added = context.operation == Operation::add;
        STOA_TRY(const Record post, context.records.as_system().get(context.entity, context.id));
        const std::vector<std::string> codes = destinations_of(post);
        if (added || context.changes.has("DEST")) {
            STOA_CHECK(save_destinations(context.tx, context.records, context.id, codes));
            STOA_CHECK(tell_listener(context, post, codes));
        }
        STOA_CHECK(push_post(context.records, post, added ? "post_add" : "post_update"));
        return emit(context.records, added ? "ONLIVEFEEDPOSTADD" : "ONLIVEFEEDPOSTUPDATE", context.id);
    }

    Status before_remove(RemoveContext& context) override {
        return push_post(context.records, context.before, "post_delete");
    }

    Status after_remove(RemoveContext& context) override {
        const RecordId id = context.before.id();
        STOA_CHECK(remove_files(context, kPostFiles, Condition::equals("entity_id", id)));
        const std::string& comments = context.records.services().registry.entity(kComment).table;
        STOA_CHECK(remove_files(context, kCommentFiles,
                                Condition::exists(comments, "id", "entity_id", Condition::equals("post_id", id))));
        for (const char* entity : {kComment, kLike, kReader, kFollow})
            STOA_CHECK(remove_rows(context, entity, Condition::equals("post_id", id)));
        STOA_CHECK(remove_rows(context, kDestination, Condition::equals("object_id", id)));
        if (listener_ != nullptr) STOA_CHECK(listener_->post_removed(context.records, id));
        return emit(context.records, "ONLIVEFEEDPOSTDELETE", id);
    }

  private:
    static Status check_dest(SaveContext& context) {
        const auto given = json::parse(context.changes.text("DEST"));
        if (!given) return invalid("No destination specified", "DEST");
        STOA_TRY(const std::vector<std::string> codes, parse_destinations(*given));
        if (codes.empty()) return invalid("No destination specified", "DEST");
        STOA_CHECK(check_destinations(context.records, codes));
        json::Array list(codes.begin(), codes.end());
        context.changes.set("DEST", json::to_json(json::Value(std::move(list))));
        return {};
    }

    Status tell_listener(SaveContext& context, const Record& post, const std::vector<std::string>& codes) {
        if (listener_ == nullptr) return {};
        const std::vector<std::string> before =
            context.before ? destinations_of(*context.before) : std::vector<std::string>();
        std::vector<std::string> named;
        for (const std::string& code : codes) {
            if (std::find(before.begin(), before.end(), code) == before.end()) named.push_back(code);
        }
        return named.empty() ? Status() : listener_->post_addressed(context.records, post, named);
    }

    StreamListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_post_hooks(StreamListener* listener) {
    return std::make_unique<PostHooks>(listener);
}

}  // namespace stoa::stream
