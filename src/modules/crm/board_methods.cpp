// stoa.crm.deal.board: counts and sums per stage for the deals board, by one aggregate query.

#include "base/decimal.hpp"
#include "model/filter.hpp"
#include "modules/crm/methods.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;

namespace {

constexpr std::int64_t kGroupsMax = 1'000;  ///< stages × currencies

/// {categoryId, filter} → {stages: [{STAGE_ID, COUNT, SUM, CURRENCY_ID}]}; the filter is as in crm.deal.list.
Status count_by_stage(Call& call) {
    const model::Entity& deals = call.registry().entity("crm.deal");
    STOA_TRY(const std::int64_t pipeline, call.params.integer_or("categoryId", 0));
    STOA_TRY(const json::Value* filter, call.params.object_or_empty("filter"));
    const model::FilterContext context{deals, call.metadata().user_fields(deals.user_field_entity),
                                       model::Names::classic, call.zone()};
    STOA_TRY(Condition wanted, model::compile_filter(context, *filter));

    db::Aggregate sums;
    sums.group_by = {{"stage_id", ""}, {"currency_id", ""}};
    sums.terms = {{db::Aggregate::Fn::count, {}}, {db::Aggregate::Fn::sum, {"opportunity", ""}}};
    sums.where = Condition::all({Condition::equals("category_id", pipeline), std::move(wanted)});
    sums.limit = kGroupsMax;
    const int scale = deals.field("OPPORTUNITY").scale;
    call.out.begin_object().key("stages").begin_array();
    STOA_CHECK(call.records.aggregate(deals, sums, [&](const db::Row& row) {
        std::string sum;
        append_decimal(sum, row.integer(3), scale);
        call.out.begin_object();
        call.out.field("STAGE_ID", row.text(0)).field("COUNT", row.integer(2));
        call.out.field("SUM", sum).field("CURRENCY_ID", row.text(1));
        call.out.end_object();
        return true;
    }));
    call.out.end_array().end_object();
    return {};
}

}  // namespace

void add_board_methods(api::MethodTable& table) {
    table.add({.name = "stoa.crm.deal.board", .scope = "crm", .handler = count_by_stage});
}

}  // namespace stoa::crm
