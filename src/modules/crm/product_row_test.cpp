// Product rows: the arithmetic of the documented examples, replacing, the owner's amount.

#include "modules/crm/product_rows.hpp"

#include "modules/crm/testing/crm_fixture.hpp"

namespace stoa::crm {
namespace {

using testing::at;
using testing::CrmFixture;

TEST(RowPrices, follow_the_documented_examples) {
    // price, quantity, tax, rate → exclusive, netto, brutto, sum (all × 10⁴)
    const struct {
        std::int64_t price, quantity, tax, rate, exclusive, netto, brutto, sum;
    } cases[] = {
        {900'000'000, 30'000, 100'000, 100'000, 818'181'818, 909'090'909, 1'000'000'000, 90'909'091},
        {221'753'280, 10'000, 120'000, 400'000, 197'994'000, 329'990'000, 369'588'800, 131'996'000},
        {8'991'000, 10'000, 0, 100'000, 8'991'000, 9'990'000, 9'990'000, 999'000},
        {1'000'000, 10'000, 0, 0, 1'000'000, 1'000'000, 1'000'000, 0},
    };
    for (const auto& one : cases) {
        RowPrices prices;
        prices.price = one.price;
        prices.quantity = one.quantity;
        prices.tax_rate = one.tax;
        prices.discount_rate = one.rate;
        ASSERT_TRUE(work_out(prices).ok());
        EXPECT_EQ(prices.exclusive, one.exclusive);
        EXPECT_EQ(prices.netto, one.netto);
        EXPECT_EQ(prices.brutto, one.brutto);
        EXPECT_EQ(prices.discount_sum, one.sum);
    }
    RowPrices by_sum;
    by_sum.price = 9'000'000;
    by_sum.quantity = 25'000;
    by_sum.discount_is_sum = true;
    by_sum.discount_sum = 1'000'000;
    ASSERT_TRUE(work_out(by_sum).ok());
    EXPECT_EQ(by_sum.netto, 10'000'000);
    EXPECT_EQ(by_sum.discount_rate, 100'000);
    EXPECT_EQ(by_sum.total, 225'000);
}

TEST(RowPrices, that_do_not_fit_are_refused) {
    RowPrices prices;
    prices.price = INT64_C(9'000'000'000'000'000'000);
    prices.quantity = INT64_C(9'000'000'000'000'000'000);
    EXPECT_EQ(work_out(prices).error().code, Errc::too_large);
    prices = {};
    prices.discount_rate = 2'000'000;
    EXPECT_EQ(work_out(prices).error().field, "DISCOUNT_RATE");
    prices = {};
    prices.tax_rate = -1'000'000;
    EXPECT_EQ(work_out(prices).error().field, "TAX_RATE");
}

class CrmProductRows : public CrmFixture {};

TEST_F(CrmProductRows, set_replaces_rows_and_works_out_the_deals_amount) {
    const auto id = add("crm.deal.add", R"({"OPPORTUNITY":5})");
    EXPECT_EQ(ask("crm.deal.productrows.set", R"({"id":1,"rows":[
        {"PRODUCT_NAME":"Chair","PRICE":899.1,"QUANTITY":2,"DISCOUNT_TYPE_ID":2,"DISCOUNT_RATE":10,"SORT":10},
        {"PRICE":100,"TAX_RATE":10,"TAX_INCLUDED":"Y","SORT":20}]})"),
              "true");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "1898.20");
    EXPECT_EQ(at(deal(id), "TAX_VALUE"), "9.09");
    const json::Value rows = call("crm.deal.productrows.get", R"({"id":1})");
    ASSERT_EQ(rows.array().size(), 2u);
    EXPECT_EQ(
        json::to_json(rows.array().front()),
        R"({"ID":"1","OWNER_ID":"1","OWNER_TYPE":"D","PRODUCT_ID":0,"PRODUCT_NAME":"Chair","ORIGINAL_PRODUCT_NAME":"Chair",)"
        R"("PRODUCT_DESCRIPTION":null,"PRICE":899.1,"PRICE_EXCLUSIVE":899.1,"PRICE_NETTO":999,"PRICE_BRUTTO":999,)"
        R"("PRICE_ACCOUNT":"899.1000","QUANTITY":2,"DISCOUNT_TYPE_ID":2,"DISCOUNT_RATE":10,"DISCOUNT_SUM":99.9,)"
        R"("TAX_RATE":null,"TAX_INCLUDED":"N","CUSTOMIZED":"Y","MEASURE_CODE":796,"MEASURE_NAME":"pcs","SORT":10,)"
        R"("XML_ID":null,"TYPE":4,"STORE_ID":null,"RESERVE_ID":null,"DATE_RESERVE_END":null,"RESERVE_QUANTITY":null})");
    EXPECT_EQ(at(rows.array()[1], "PRODUCT_NAME"), "[2]");

    call("crm.deal.productrows.set", R"({"id":1,"rows":[{"ID":2,"PRICE":50}]})");
    const json::Value left = call("crm.deal.productrows.get", R"({"id":1})");
    ASSERT_EQ(left.array().size(), 1u);
    EXPECT_EQ(at(left.array().front(), "ID"), "2");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "50.00");
    call("crm.deal.update", R"({"id":1,"fields":{"OPPORTUNITY":7}})");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "50.00") << "rows decide while the amount is not manual";
    call("crm.deal.update", R"({"id":1,"fields":{"OPPORTUNITY":7,"IS_MANUAL_OPPORTUNITY":"Y"}})");
    call("crm.deal.productrows.set", R"({"id":1,"rows":[{"PRICE":60}]})");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "7.00");
    call("crm.deal.update", R"({"id":1,"fields":{"IS_MANUAL_OPPORTUNITY":"N"}})");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "60.00");
    call("crm.deal.productrows.set", R"({"id":1,"rows":[]})");
    EXPECT_EQ(at(deal(id), "OPPORTUNITY"), "0.00");
}

TEST_F(CrmProductRows, discounts_need_what_they_are_made_of) {
    add("crm.deal.add", "{}");
    const std::pair<const char*, const char*> cases[] = {
        {R"({"DISCOUNT_TYPE_ID":1})", "DISCOUNT_SUM"},
        {R"({"DISCOUNT_TYPE_ID":2})", "DISCOUNT_RATE"},
        {R"({"DISCOUNT_TYPE_ID":2,"DISCOUNT_RATE":100})", "DISCOUNT_SUM"},
    };
    for (const auto& [row, field] : cases) {
        const Error error = error_of("crm.deal.productrows.set", R"({"id":1,"rows":[)" + std::string(row) + "]}");
        EXPECT_EQ(error.field, field);
        EXPECT_EQ(error.api_code, "ERROR_CORE");
    }
    EXPECT_EQ(error_of("crm.lead.productrows.get", R"({"id":0})").message,
              "The parameter id is invalid or not defined.");
    EXPECT_EQ(error_of("crm.lead.productrows.get", R"({"id":5})").message, "Not found");
}

TEST_F(CrmProductRows, the_universal_methods_use_short_owner_types) {
    add("crm.lead.add", "{}");
    const json::Value set = call("crm.item.productrow.set", R"({"ownerId":1,"ownerType":"L","productRows":[
        {"productName":"iphone 14","price":99999.99,"quantity":1,"taxIncluded":"N","sort":10}]})");
    EXPECT_EQ(
        json::to_json(set),
        R"({"productRows":[{"id":1,"ownerId":1,"ownerType":"L","productId":0,"productName":"iphone 14","price":99999.99,)"
        R"("priceAccount":99999.99,"priceExclusive":99999.99,"priceNetto":99999.99,"priceBrutto":99999.99,"quantity":1,)"
        R"("discountTypeId":2,"discountRate":0,"discountSum":0,"taxRate":null,"taxIncluded":"N","customized":"Y",)"
        R"("measureCode":796,"measureName":"pcs","sort":10,"xmlId":null,"type":4,"storeId":null}]})");
    const json::Value list =
        call("crm.item.productrow.list", R"({"filter":{"=ownerType":"L","=ownerId":1,">price":5}})");
    EXPECT_EQ(list.find("productRows")->array().size(), 1u);
    EXPECT_EQ(last_total, 1);
    const json::Value added = call("crm.item.productrow.add",
                                   R"({"fields":{"ownerId":1,"ownerType":"L","productName":"Case","price":10.01}})");
    EXPECT_EQ(at(*added.find("productRow"), "id"), "2");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "OPPORTUNITY"), "100010.00");
    call("crm.item.productrow.update", R"({"id":2,"fields":{"quantity":2}})");
    EXPECT_EQ(at(call("crm.lead.get", R"({"id":1})"), "OPPORTUNITY"), "100020.01");
    EXPECT_EQ(ask("crm.item.productrow.delete", R"({"id":2})"), "null");
    EXPECT_EQ(error_of("crm.item.productrow.get", R"({"id":2})").api_code, "NOT_FOUND");

    const struct {
        const char *method, *parameters, *code;
    } errors[] = {
        {"crm.item.productrow.list", R"({"filter":{"=ownerType":"L"}})", "INVALID_ARG_VALUE"},
        {"crm.item.productrow.list", "{}", "100"},
        {"crm.item.productrow.list", R"({"filter":{"=ownerType":"L","=ownerId":9}})", "ACCESS_DENIED"},
        {"crm.item.productrow.set", R"({"ownerId":9,"ownerType":"D","productRows":[]})", "OWNER_NOT_FOUND"},
        {"crm.item.productrow.set", R"({"ownerId":9,"ownerType":"C","productRows":[]})", "ENTITY_TYPE_NOT_SUPPORTED"},
        {"crm.item.productrow.set", R"({"ownerId":9})", "100"},
    };
    for (const auto& one : errors)
        EXPECT_EQ(error_of(one.method, one.parameters).api_code, one.code) << one.parameters;
    call("crm.lead.delete", R"({"id":1})");
    EXPECT_EQ(error_of("crm.item.productrow.get", R"({"id":1})").api_code, "NOT_FOUND");
}

TEST_F(CrmProductRows, there_is_a_bound_on_rows) {
    add("crm.deal.add", "{}");
    std::string rows;
    for (int i = 0; i <= 500; ++i)
        rows += std::string(i ? "," : "") + R"({"PRICE":1})";
    EXPECT_EQ(error_of("crm.deal.productrows.set", R"({"id":1,"rows":[)" + rows + "]}").code, Errc::too_large);
}

}  // namespace
}  // namespace stoa::crm
