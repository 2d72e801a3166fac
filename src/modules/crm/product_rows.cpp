#include "modules/crm/product_rows.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_steps.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using db::Condition;
using model::Changes;
using model::Record;
using model::SaveContext;

namespace {

using Wide = __int128;

constexpr std::int64_t kOne = 10'000;        ///< 1.0000
constexpr std::int64_t kWhole = 100 * kOne;  ///< 100 %
constexpr std::int64_t kMost = INT64_C(9'000'000'000'000'000'000);

/// a × b / c, rounded half away from zero.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c, bool& fits) {
    const Wide product = static_cast<Wide>(a) * b;
    const Wide half = (product < 0) == (c < 0) ? c / 2 : -(c / 2);
    const Wide result = (product + half) / c;
    if (result > kMost || result < -kMost) {
        fits = false;
        return 0;
    }
    return static_cast<std::int64_t>(result);
}

const model::Entity& rows_entity(const model::Records& records) {
    return records.services().registry.entity("crm.productrow");
}

Condition rows_of(const ProductOwner& owner) {
    return Condition::all({Condition::equals("owner_type", short_type_code(owner.entity->type_id)),
                           Condition::equals("owner_id", owner.id)});
}

class ProductRowHooks : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        RowPrices prices;
        prices.price = integer_after(context, "PRICE");
        prices.quantity = integer_after(context, "QUANTITY");
        prices.tax_rate = integer_after(context, "TAX_RATE");
        prices.discount_is_sum = integer_after(context, "DISCOUNT_TYPE_ID") == 1;
        prices.discount_rate = integer_after(context, "DISCOUNT_RATE");
        prices.discount_sum = integer_after(context, "DISCOUNT_SUM");
        STOA_CHECK(work_out(prices));
        Changes& changes = context.changes;
        changes.set("PRICE_ACCOUNT", prices.price);
        changes.set("PRICE_EXCLUSIVE", prices.exclusive);
        changes.set("PRICE_NETTO", prices.netto);
        changes.set("PRICE_BRUTTO", prices.brutto);
        changes.set("DISCOUNT_RATE", prices.discount_rate);
        changes.set("DISCOUNT_SUM", prices.discount_sum);
        changes.set("ROW_TOTAL", prices.total);
        changes.set("ROW_TAX", prices.tax);
        if (text_after(context, "PRODUCT_NAME").empty()) {
            changes.set("PRODUCT_NAME", "[" + std::to_string(context.id) + "]");
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_product_row_hooks() {
    return std::make_unique<ProductRowHooks>();
}

Status work_out(RowPrices& p) {
    if (p.tax_rate <= -kWhole) return invalid("The tax rate is out of range.", "TAX_RATE");
    if (p.discount_rate > kWhole) return invalid("A discount cannot exceed 100 %.", "DISCOUNT_RATE");
    bool fits = true;
    p.exclusive = scaled(p.price, kWhole, kWhole + p.tax_rate, fits);
    if (p.discount_is_sum || p.discount_rate == kWhole) {
        p.netto = p.exclusive + p.discount_sum;
        p.discount_rate = p.netto == 0 ? 0 : scaled(p.discount_sum, kWhole, p.netto, fits);
    } else {
        p.netto = scaled(p.exclusive, kWhole, kWhole - p.discount_rate, fits);
        p.discount_sum = p.netto - p.exclusive;
    }
    p.brutto = scaled(p.netto, kWhole + p.tax_rate, kWhole, fits);
    p.total = scaled(p.price, p.quantity, kOne * 100, fits);
    p.tax = scaled(p.price - p.exclusive, p.quantity, kOne * 100, fits);
    if (!fits) return Error{Errc::too_large, "The amount is too large.", "PRICE"};
    return {};
}

Result<const model::Entity*> product_owner_entity(const model::Records& records, std::string_view code) {
    const int type_id = parse_type_code(code);
    const model::Entity* entity = has_stages(type_id) ? records.entity_by_type(type_id) : nullptr;
    if (entity) return entity;
    return invalid("Working with this type of objects is not supported", "ownerType", "ENTITY_TYPE_NOT_SUPPORTED");
}

Result<std::vector<Record>> product_rows(model::Records& records, const ProductOwner& owner) {
    model::Query query;
    query.where = rows_of(owner);
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    query.limit = limits::product_rows_max;
    return records.as_system().list(rows_entity(records), query);
}

Status replace_product_rows(model::Records& records, const ProductOwner& owner, std::vector<Changes> rows) {
    if (rows.size() > static_cast<std::size_t>(limits::product_rows_max)) {
        return Error{Errc::too_large,
                     "A record takes at most " + std::to_string(limits::product_rows_max) + " product rows.", "rows"};
    }
    STOA_TRY(const auto old, product_rows(records, owner));
    model::Records system = records.as_system();
    std::vector<RecordId> kept;
    for (Changes& row : rows) {
        const RecordId id = row.integer("ID");
        row.unset("ID");
        const bool known = std::any_of(old.begin(), old.end(), [&](const Record& r) { return r.id() == id; });
        if (known) {
            kept.push_back(id);
            STOA_CHECK(system.update(id, std::move(row)));
            continue;
        }
        row.set("OWNER_TYPE", short_type_code(owner.entity->type_id));
        row.set("OWNER_ID", owner.id);
        auto added = system.add(std::move(row));
        if (!added) return added.error();
    }
    for (const Record& row : old) {
        if (std::find(kept.begin(), kept.end(), row.id()) != kept.end()) continue;
        STOA_CHECK(system.remove(row.entity(), row.id()));
    }
    return recount_owner(records, owner);
}

Status recount_owner(model::Records& records, const ProductOwner& owner) {
    STOA_TRY(const Record before, records.get(*owner.entity, owner.id));
    Changes changes(*owner.entity);
    // The owner's hook puts the sum of the rows in place of this zero.
    if (before.integer("IS_MANUAL_OPPORTUNITY") == 0) changes.set("OPPORTUNITY", std::int64_t{0});
    return records.update(owner.id, std::move(changes));
}

}  // namespace stoa::crm
