#pragma once
// Product rows of leads, deals and smart process items. Prices have four digits after the point, totals two.
// PRICE is final: after discount, with tax. The other prices follow from it, the tax rate and the discount (by the
// hook that runs on every save). https://github.com/bitrix24/b24restdocs api-reference/crm/universal/product-rows/

#include <span>
#include <vector>

#include "model/records.hpp"

namespace stoa::crm {

struct ProductOwner {
    const model::Entity* entity = nullptr;
    RecordId id = 0;
};

/// A kind of record that has product rows. Error: ENTITY_TYPE_NOT_SUPPORTED.
Result<const model::Entity*> product_owner_entity(const model::Records& records, std::string_view code);

/// The owner's rows in their order; the caller has made sure that the actor may see the owner.
Result<std::vector<model::Record>> product_rows(model::Records& records, const ProductOwner& owner);

/// Replaces all rows: those with a known ID are updated, others added, the rest removed; then the owner's amount is
/// worked out anew. The actor needs the right to change the owner.
Status replace_product_rows(model::Records& records, const ProductOwner& owner, std::vector<model::Changes> rows);
/// After rows of the owner changed otherwise.
Status recount_owner(model::Records& records, const ProductOwner& owner);

/// The arithmetic alone. Rates are percent × 10⁴, money × 10⁴, as stored.
struct RowPrices {
    std::int64_t price = 0, quantity = 10'000, tax_rate = 0;  ///< given
    bool discount_is_sum = false;                             ///< given: discount_sum, else discount_rate
    std::int64_t discount_rate = 0, discount_sum = 0;
    std::int64_t exclusive = 0, netto = 0, brutto = 0;  ///< worked out
    std::int64_t total = 0, tax = 0;                    ///< of the row, two digits
};
/// Error: too_large when a total does not fit.
Status work_out(RowPrices& prices);

}  // namespace stoa::crm
