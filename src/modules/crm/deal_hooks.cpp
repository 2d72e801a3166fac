// What is special about saving and removing deals.

#include "json/writer.hpp"
#include "modules/crm/cleanup.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_news.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using db::Condition;
using model::Operation;
using model::SaveContext;

namespace {

constexpr std::int64_t kDaysToClose = 7;

std::int64_t today(const SaveContext& context) {
    const UnixSeconds now = context.records.services().clock.now();
    return (now + context.records.metadata().account.time_zone->offset_s(now)) / 86'400;
}

/// A new deal without type or source gets the first of the dictionary.
Status settle_dictionaries(SaveContext& context) {
    if (context.operation != Operation::add) return {};
    const bool no_type = context.changes.text("TYPE_ID").empty();
    const bool no_source = context.changes.text("SOURCE_ID").empty();
    if (!no_type && !no_source) return {};
    const model::Entity& statuses = context.records.services().registry.entity("crm.status");
    model::Query query;
    query.where = Condition::in("entity_id", {std::string("DEAL_TYPE"), std::string("SOURCE")});
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    query.limit = 500;
    const int dictionary = statuses.column_position(statuses.field("ENTITY_ID"));
    const int code = statuses.column_position(statuses.field("STATUS_ID"));
    return context.records.stream(statuses, query, [&](const db::Row& row) {
        const bool is_type = row.text(dictionary) == "DEAL_TYPE";
        const char* field = is_type ? "TYPE_ID" : "SOURCE_ID";
        if ((is_type ? no_type : no_source) && context.changes.text(field).empty()) {
            context.changes.set(field, std::string(row.text(code)));
        }
        return true;
    });
}

/// CLOSED follows the stage; the close date is the day it was closed, a week ahead until then.
void settle_closing(SaveContext& context, const StageMove& move) {
    const bool is_new = context.operation == Operation::add;
    if (move.moved) {
        const bool closed = move.semantics != 'P';
        const bool was_closed = context.before && context.before->integer("CLOSED") != 0;
        context.changes.set("IS_NEW", std::int64_t{move.is_first ? 1 : 0});
        context.changes.set("CLOSED", std::int64_t{closed ? 1 : 0});
        if (closed && !was_closed && !context.changes.has("CLOSEDATE"))
            context.changes.set("CLOSEDATE", today(context));
    }
    const db::Value* close_date = context.changes.find("CLOSEDATE");
    if (is_new && (!close_date || db::is_null(*close_date))) {
        context.changes.set("CLOSEDATE", today(context) + kDaysToClose);
    }
}

Status tell_of_new_pipeline(SaveContext& context) {
    if (context.operation == Operation::add || !is_changed(context, "CATEGORY_ID")) return {};
    std::string data;
    json::Writer out(data);
    out.begin_object().key("FIELDS").begin_object();
    out.field("ID", context.id).field("CATEGORY_ID", context.changes.integer("CATEGORY_ID"));
    out.field("STAGE_ID", context.changes.text("STAGE_ID"));
    out.end_object().end_object();
    return context.records.emit("ONCRMDEALMOVETOCATEGORY", data);
}

class DealHooks : public model::EntityHooks {
  public:
    explicit DealHooks(CrmListener* listener) : listener_(listener) {}

    Status before_save(SaveContext& context) override {
        STOA_TRY(const StageMove move, settle_stage(context, deal_pipeline()));
        settle_closing(context, move);
        settle_title(context);
        STOA_CHECK(settle_dictionaries(context));
        STOA_CHECK(settle_primary(context, "CONTACT_ID", "CONTACT_IDS"));
        STOA_CHECK(settle_currency(context));
        return settle_amount(context, kDeal);
    }
    Status after_save(SaveContext& context) override {
        const PipelineFields fields = deal_pipeline();
        STOA_CHECK(record_stage(context, fields));
        STOA_CHECK(tell_of_new_pipeline(context));
        return tell_of_save(context, kDeal, &fields, listener_);
    }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(remove_dependents(context, kDeal));
        return tell_of_removal(context, kDeal, listener_);
    }

  private:
    CrmListener* listener_;
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_deal_hooks(CrmListener* listener) {
    return std::make_unique<DealHooks>(listener);
}

}  // namespace stoa::crm
