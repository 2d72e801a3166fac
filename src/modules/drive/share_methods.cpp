// Who else gets at a file: disk.rights.getTasks, disk.folder.shareToUser, public links, attachments.
// https://github.com/bitrix24/b24restdocs api-reference/disk

#include <algorithm>

#include "api/file_links.hpp"
#include "api/shape.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/public_links.hpp"
#include "modules/drive/rights.hpp"

namespace stoa::drive {

using api::Call;
using model::Operation;
using model::Record;

namespace {

Status get_tasks(Call& call) {
    call.out.begin_array();
    for (const Level& level : kLevels) {
        call.out.begin_object();
        call.out.raw_key("ID").integer_text(level.task_id);
        call.out.field("NAME", level.name).field("TITLE", level.title).end_object();
    }
    call.out.end_array();
    return {};
}

/// Nobody can give more than he has.
Status check_own_level(Call& call, const Record& object, int level) {
    constexpr Operation kOperations[] = {Operation::read, Operation::add, Operation::update, Operation::remove};
    return check_may(call, object, kOperations[level - 1]);
}

Status share_to_user(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 1));
    STOA_TRY(const RecordId user, needed_id(call, "userId", 1));
    STOA_TRY(const std::string task, call.params.text_or("taskName", ""));
    if (task.empty()) return wrong_parameter(1, "taskName");
    STOA_TRY(const Record folder, find_object(call, id, Kind::folder));
    const auto level =
        std::find_if(std::begin(kLevels), std::end(kLevels), [&](const Level& known) { return known.name == task; });
    if (level == std::end(kLevels)) return access_denied();
    STOA_CHECK(check_own_level(call, folder, level->level));
    STOA_CHECK(give_rights(call, folder.id(), {{"U" + std::to_string(user), level->level}}));
    call.out.boolean(true);
    return {};
}

template <Kind kind>
Status external_link(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", kind == Kind::file ? 0 : 1));
    STOA_TRY(const Record object, find_object(call, id, kind));
    STOA_TRY(const std::string code, public_code(call.records, object.id()));
    call.out.text(call.metadata().account.url + "/" + code);
    return {};
}

/// What files are attached to, by the type in the attachment; nullptr when that is unknown here.
const model::Entity* owner_entity(const Call& call, std::string_view type) {
    constexpr std::pair<std::string_view, const char*> kOwners[] = {
        {"tasks_task", "tasks.task"}, {"blog_post", "log.post"}, {"blog_comment", "log.comment"}};
    for (const auto& [known, entity] : kOwners) {
        if (known == type) return call.registry().find(entity);
    }
    return nullptr;
}

/// Whoever may see the file, or what it is attached to, may see the attachment.
Status attached_object(Call& call) {
    STOA_TRY(const RecordId id, needed_id(call, "id", 0));
    model::Records system = call.records.as_system();
    const auto link = system.get(call.registry().entity(kAttachedObject), id);
    if (!link) return link.error().code == Errc::not_found ? no_entity(id) : link.error();
    const auto file = system.get(call.registry().entity(kObject), link->integer("OBJECT_ID"));
    if (!file) return file.error().code == Errc::not_found ? no_entity(id) : file.error();
    const model::Entity* owner = owner_entity(call, link->text("ENTITY_TYPE"));
    STOA_TRY(bool visible, call.records.exists(file->entity(), file->id()));
    if (!visible && owner) {
        STOA_TRY(visible, call.records.exists(*owner, link->integer("ENTITY_ID")));
    }
    if (!visible) return no_entity(id);
    json::Writer& out = call.out;
    out.begin_object();
    out.raw_key("ID").integer_text(link->id());
    out.raw_key("OBJECT_ID").integer_text(file->id());
    out.field("MODULE_ID", link->text("MODULE_ID")).field("ENTITY_TYPE", link->text("ENTITY_TYPE"));
    out.raw_key("ENTITY_ID").integer_text(link->integer("ENTITY_ID"));
    out.raw_key("CREATE_TIME");
    const model::Field& field = link->entity().field("CREATE_TIME");
    api::write_value(out, field, api::Shape::classic(), link->value(field), call.zone());
    out.raw_key("CREATED_BY").integer_text(link->integer("CREATED_BY"));
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    out.field("DOWNLOAD_URL", links.download(file->integer("FILE_ID")));
    out.field("NAME", file->text("NAME"));
    out.raw_key("SIZE").integer_text(file->integer("SIZE"));
    out.end_object();
    return {};
}

}  // namespace

std::vector<api::Method> share_methods() {
    using api::Effect;
    using api::Run;
    return {
        {.name = "disk.rights.getTasks", .scope = kScope, .run = Run::io, .handler = get_tasks},
        {.name = "disk.folder.shareToUser", .scope = kScope, .effect = Effect::write, .handler = share_to_user},
        {.name = "disk.file.getExternalLink",
         .scope = kScope,
         .effect = Effect::write,
         .handler = external_link<Kind::file>},
        {.name = "disk.folder.getExternalLink",
         .scope = kScope,
         .effect = Effect::write,
         .handler = external_link<Kind::folder>},
        {.name = "disk.attachedObject.get", .scope = kScope, .handler = attached_object},
    };
}

}  // namespace stoa::drive
