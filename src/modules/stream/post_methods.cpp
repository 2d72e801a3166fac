// log.blogpost.add, update, delete, share.
// https://github.com/bitrix24/b24restdocs api-reference/log/log-blogpost-add.md

#include <algorithm>

#include "api/shape.hpp"
#include "base/time_format.hpp"
#include "json/writer.hpp"
#include "modules/stream/destinations.hpp"
#include "modules/stream/finding.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using model::Changes;
using model::Operation;
using model::Record;

namespace {

constexpr const char* kAddError = "SONET_CONTROLLER_LIVEFEED_BLOGPOST_ADD_ERROR";
constexpr const char* kUpdateError = "SONET_CONTROLLER_LIVEFEED_BLOGPOST_UPDATE_ERROR";
constexpr const char* kFileField = "UF_BLOG_POST_FILE";

const json::Value* first_given(const Call& call, const char* name, const char* older_name) {
    for (const char* one : {name, older_name}) {
        const json::Value* value = call.params.find(one);
        if (value && !value->is_null()) return value;
    }
    return nullptr;
}

/// DEST or its older name; nothing when neither is given.
Result<std::optional<std::vector<std::string>>> read_destinations(const Call& call) {
    const json::Value* given = first_given(call, "DEST", "SPERM");
    if (!given) return std::optional<std::vector<std::string>>();
    STOA_TRY(std::vector<std::string> codes, parse_destinations(*given));
    return std::optional<std::vector<std::string>>(std::move(codes));
}

void set_destinations(Changes& changes, const std::vector<std::string>& codes) {
    json::Array list(codes.begin(), codes.end());
    changes.set("DEST", json::to_json(json::Value(std::move(list))));
}

Status read_important(const Call& call, Changes& changes) {
    if (const json::Value* given = first_given(call, "IMPORTANT", "UF_BLOG_POST_IMPRTNT")) {
        const bool important = given->as_bool().value_or(false);
        changes.set("IMPORTANT", std::int64_t{important});
        if (!important) changes.set("IMPORTANT_DATE_END", db::Value());
    }
    const json::Value* end = first_given(call, "IMPORTANT_DATE_END", "UF_IMPRTANT_DATE_END");
    const std::string text = end ? end->as_text().value_or("") : std::string();
    if (text.empty()) return {};
    const auto at = parse_datetime(text, call.zone());
    if (!at) return invalid("IMPORTANT_DATE_END must be a date and time.", "IMPORTANT_DATE_END");
    changes.set("IMPORTANT_DATE_END", *at);
    return {};
}

/// What the parameters say of the post itself.
Result<Changes> read_post(const Call& call) {
    constexpr std::pair<const char*, const char*> kTexts[] = {{"POST_TITLE", "TITLE"},
                                                              {"POST_MESSAGE", "DETAIL_TEXT"},
                                                              {"TAGS", "TAGS"},
                                                              {"BACKGROUND_CODE", "BACKGROUND_CODE"}};
    json::Object fields;
    for (const auto& [parameter, field] : kTexts) {
        if (const json::Value* value = call.params.find(parameter)) fields.set(field, *value);
    }
    STOA_TRY(Changes changes, api::read_changes(call.registry().entity(kPost), nullptr, api::Shape::classic(),
                                                json::Value(std::move(fields)), call.zone()));
    STOA_CHECK(read_important(call, changes));
    STOA_TRY(const auto codes, read_destinations(call));
    if (codes) set_destinations(changes, *codes);
    return changes;
}

Status add_post(Call& call, const KeepFile& keep) {
    STOA_TRY(Changes changes, read_post(call));
    if (changes.text("DETAIL_TEXT").empty()) return invalid("Blog post hasn't been added", "POST_MESSAGE");
    if (!changes.has("DEST")) set_destinations(changes, {std::string(kEverybody)});
    STOA_TRY(const UserId author, author_of(call));
    changes.set("AUTHOR_ID", author);
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    STOA_CHECK(save_files(call, keep, {kPostFiles, id, kFileField}));
    call.out.integer(id);
    return {};
}

Status add(Call& call, const KeepFile& keep) {
    Status added = add_post(call, keep);
    return added ? added : Status(with_code(added.error(), kAddError));
}

/// Named, visible, and the caller's to change.
Result<Record> post_to_change(Call& call, Operation operation) {
    STOA_TRY(const RecordId id, call.params.integer_or("POST_ID", 0));
    if (id <= 0) return invalid("Wrong post ID", "POST_ID", kUpdateError);
    STOA_TRY(std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return invalid("No post found", "POST_ID", kUpdateError);
    STOA_TRY(const bool allowed, may(call, *post, operation));
    if (!allowed) return forbidden("No write perms", kUpdateError);
    return std::move(*post);
}

Status change_post(Call& call, const KeepFile& keep) {
    STOA_TRY(const Record post, post_to_change(call, Operation::update));
    STOA_TRY(Changes changes, read_post(call));
    const bool titled = !changes.text("TITLE").empty();
    const bool written = !changes.text("DETAIL_TEXT").empty();
    if (!titled && !written) return invalid("Message title is not specified.", "POST_TITLE", "EMPTY_TITLE");
    if (!titled) changes.set("TITLE", std::string());  // the old one is not kept: it is made of the new text
    if (!written) changes.unset("DETAIL_TEXT");
    STOA_CHECK(call.records.update(post.id(), std::move(changes)));
    STOA_CHECK(save_files(call, keep, {kPostFiles, post.id(), kFileField}));
    call.out.integer(post.id());
    return {};
}

Status update(Call& call, const KeepFile& keep) {
    Status changed = change_post(call, keep);
    return changed ? changed : Status(with_code(changed.error(), kUpdateError));
}

Status remove(Call& call) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return invalid("Wrong post ID", "POST_ID", "100");
    STOA_TRY(const bool allowed, may(call, *post, Operation::remove));
    if (!allowed) return invalid("You do not have permission to delete this message", "POST_ID", "403");
    STOA_CHECK(call.records.remove(post->entity(), post->id()));
    call.out.boolean(true);
    return {};
}

Status share(Call& call) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("Wrong post ID", "POST_ID");
    STOA_TRY(const bool allowed, may(call, *post, Operation::update));
    if (!allowed) return forbidden("Only the author and administrators add recipients.");
    const json::Value* given = call.params.find("DEST");
    if (!given) return uncoded("Wrong destinations", "DEST");
    auto codes = parse_destinations(*given);
    if (!codes || codes->empty()) return uncoded(codes ? "Wrong destinations" : codes.error().message, "DEST");
    const std::vector<std::string> known = destinations_of(*post);
    std::vector<std::string> all = known;
    for (const std::string& code : *codes) {
        if (std::find(known.begin(), known.end(), code) == known.end()) all.push_back(code);
    }
    if (all.size() > known.size()) {
        Changes changes(post->entity());
        set_destinations(changes, all);
        const Status changed = call.records.update(post->id(), std::move(changes));
        if (!changed && changed.error().field == "DEST") return uncoded(changed.error().message, "DEST");
        STOA_CHECK(changed);
    }
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> post_methods(const KeepFile& keep) {
    using api::Effect;
    return {
        {.name = "log.blogpost.add",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [keep](Call& call) { return add(call, keep); },
         .files = find_files},
        {.name = "log.blogpost.update",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [keep](Call& call) { return update(call, keep); },
         .files = find_files},
        {.name = "log.blogpost.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "log.blogpost.share", .scope = kScope, .effect = Effect::write, .handler = share},
    };
}

}  // namespace stoa::stream
