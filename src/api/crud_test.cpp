// The generic engine end to end: entity data in, REST methods out, on a real store.

#include "api/crud.hpp"

#include "api/testing/portal_fixture.hpp"
#include "base/limits.hpp"
#include "json/writer.hpp"

namespace stoa::api {
namespace {

constexpr const char* kBook = R"({
  "name": "lib.book", "table": "books", "scope": "lib", "access": "crm.book", "user_fields": "LIB_BOOK",
  "owner": "OWNER_ID", "title": {"en": "Book"},
  "events": {"add": "ONBOOKADD", "update": "ONBOOKUPDATE", "delete": "ONBOOKDELETE"},
  "v2": {"prefix": "lib.book", "methods": ["add", "get", "list", "update", "delete", "fields"]},
  "v3": {"prefix": "lib.book", "methods": ["add", "get", "list", "update", "delete", "tail", "aggregate"]},
  "indexes": [["GENRE"]],
  "fields": [
    {"name": "ID", "type": "id"},
    {"name": "TITLE", "type": "string", "length": 10, "required": true},
    {"name": "GENRE", "type": "enumeration", "choices": ["NOVEL", "ESSAY"], "default": "NOVEL"},
    {"name": "PRICE", "type": "decimal", "default": "0"},
    {"name": "WEIGHT", "type": "real"},
    {"name": "PAGES", "type": "integer"},
    {"name": "IN_PRINT", "type": "boolean", "default": "Y"},
    {"name": "PUBLISHED", "type": "date"},
    {"name": "OWNER_ID", "type": "user", "default": "@user"},
    {"name": "DATE_CREATE", "type": "datetime", "read_only": true, "default": "@now"},
    {"name": "DATE_MODIFY", "type": "datetime", "read_only": true, "default": "@now"},
    {"name": "TAGS", "type": "list"},
    {"name": "SECRET", "type": "string", "hidden": true},
    {"name": "AUTHOR_IDS", "type": "links", "target": "user", "link_table": "book_authors"},
    {"name": "EMAIL", "type": "multifield", "target": "EMAIL", "named_only": true},
    {"name": "PHONE", "type": "multifield", "target": "PHONE", "named_only": true}
  ]
})";

class CrudTest : public testing::PortalFixture {
  protected:
    void SetUp() override {
        open([](model::Registry& all) { return all.add(kBook); }, [](MethodTable&) {});
    }

    std::string get(std::string_view id, std::string_view select = "[]") {
        return json::to_json(
            call("lib.book.get", R"({"id":)" + std::string(id) + R"(,"select":)" + std::string(select) + "}"));
    }
    std::vector<std::string> ids(std::string_view parameters) {
        std::vector<std::string> out;
        const json::Value list = call("lib.book.list", parameters);
        for (const json::Value* row : list.items())
            out.push_back(row->find("ID")->string());
        return out;
    }
    using Ids = std::vector<std::string>;
};

TEST_F(CrudTest, classic_answers_are_upper_case_strings) {
    EXPECT_EQ(call("lib.book.add", R"({"fields":{"TITLE":"Dune","PRICE":"9.5","PAGES":412,"WEIGHT":0.1,
        "PUBLISHED":"1965-08-01","TAGS":["sf",1]}})")
                  .integer(),
              1);
    EXPECT_EQ(get("1"),
              R"({"ID":"1","TITLE":"Dune","GENRE":"NOVEL","PRICE":"9.50","WEIGHT":"0.1","PAGES":"412","IN_PRINT":"Y",)"
              R"("PUBLISHED":"1965-08-01T00:00:00+01:00","OWNER_ID":"1","DATE_CREATE":"2026-05-28T22:26:40+02:00",)"
              R"("DATE_MODIFY":"2026-05-28T22:26:40+02:00","TAGS":["sf",1],"AUTHOR_IDS":[]})");
}

TEST_F(CrudTest, v3_answers_have_native_types) {
    const json::Value added =
        call("lib.book.add", R"({"fields":{"title":"Dune","price":9.5,"inPrint":false}})", Wire::v3);
    EXPECT_EQ(added.find("item")->find("id")->integer(), 1);
    const json::Value got = call("lib.book.get", R"({"id":1,"select":["price","inPrint","published"]})", Wire::v3);
    EXPECT_EQ(json::to_json(got), R"({"item":{"id":1,"price":9.5,"inPrint":false,"published":null}})");
}

TEST_F(CrudTest, a_required_field_must_be_there_and_may_not_be_emptied) {
    EXPECT_EQ(error_of("lib.book.add", R"({"fields":{"PAGES":1}})").field, "TITLE");
    call("lib.book.add", R"({"fields":{"TITLE":"A"}})");
    EXPECT_EQ(error_of("lib.book.update", R"({"id":1,"fields":{"TITLE":""}})").field, "TITLE");
    EXPECT_TRUE(call("lib.book.update", R"({"id":1,"fields":{"PAGES":2}})").boolean());
}

TEST_F(CrudTest, wrong_types_name_the_field_and_change_nothing) {
    for (const char* fields :
         {R"({"TITLE":"A","PAGES":"many"})", R"({"TITLE":"A","PRICE":"1,5"})",
          R"({"TITLE":"A","PUBLISHED":"2026-02-30"})", R"({"TITLE":"A","GENRE":"POEM"})", R"({"TITLE":["A"]})",
          R"({"TITLE":"A","IN_PRINT":"maybe"})", R"({"TITLE":"A","OWNER_ID":-1})"}) {
        EXPECT_FALSE(error_of("lib.book.add", std::string(R"({"fields":)") + fields + "}").field.empty()) << fields;
    }
    EXPECT_EQ(ids("{}"), Ids{});
}

TEST_F(CrudTest, a_title_is_accepted_at_its_length_and_refused_one_above) {
    EXPECT_TRUE(try_call("lib.book.add", R"({"fields":{"TITLE":"öööööööööö"}})").ok());
    EXPECT_EQ(error_of("lib.book.add", R"({"fields":{"TITLE":"ööööööööööö"}})").code, Errc::too_large);
}

TEST_F(CrudTest, read_only_and_hidden_fields_are_not_taken_from_clients) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","DATE_CREATE":"2001-01-01","SECRET":"x","ID":77,"NO_SUCH":1}})");
    const json::Value book = call("lib.book.get", R"({"id":1,"select":["*","SECRET"]})");
    EXPECT_EQ(book.find("DATE_CREATE")->string(), "2026-05-28T22:26:40+02:00");
    EXPECT_EQ(book.find("SECRET"), nullptr);
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":{"SECRET":"x"}})").field, "SECRET");
}

TEST_F(CrudTest, an_update_sets_only_what_it_names_and_the_date_of_change) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","PAGES":5}})");
    clock.advance_s(3600);
    call("lib.book.update", R"({"id":"1","fields":{"TITLE":"B"}})");
    const json::Value book = call("lib.book.get", R"({"ID":1})");
    EXPECT_EQ(book.find("TITLE")->string(), "B");
    EXPECT_EQ(book.find("PAGES")->string(), "5");
    EXPECT_EQ(book.find("DATE_CREATE")->string(), "2026-05-28T22:26:40+02:00");
    EXPECT_EQ(book.find("DATE_MODIFY")->string(), "2026-05-28T23:26:40+02:00");
}

TEST_F(CrudTest, writes_put_their_events_into_the_outbox) {
    call("lib.book.add", R"({"fields":{"TITLE":"A"}})");
    call("lib.book.update", R"({"id":1,"fields":{"PAGES":2}})");
    call("lib.book.delete", R"({"id":1})");
    error_of("lib.book.delete", R"({"id":1})");
    EXPECT_EQ(events(), (std::vector<std::string>{"ONBOOKADD", "ONBOOKUPDATE", "ONBOOKDELETE"}));
}

TEST_F(CrudTest, filters_take_every_prefix) {
    for (const char* fields :
         {R"({"TITLE":"Anna","PAGES":10,"PRICE":1})", R"({"TITLE":"Boris","PAGES":20,"GENRE":"ESSAY"})",
          R"({"TITLE":"anton","PAGES":30})", R"({"TITLE":"50% off"})"}) {
        call("lib.book.add", std::string(R"({"fields":)") + fields + "}");
    }
    const std::pair<const char*, Ids> cases[] = {
        {R"({"PAGES":10})", {"1"}},
        {R"({"=PAGES":"10"})", {"1"}},
        {R"({"!PAGES":10})", {"2", "3", "4"}},
        {R"({"!=PAGES":10})", {"2", "3", "4"}},
        {R"({">PAGES":10})", {"2", "3"}},
        {R"({">=PAGES":10,"<PAGES":30})", {"1", "2"}},
        {R"({"<=PAGES":20})", {"1", "2"}},
        {R"({"@PAGES":[10,30]})", {"1", "3"}},
        {R"({"!@PAGES":[10,30]})", {"2", "4"}},
        {R"({"PAGES":[10,20]})", {"1", "2"}},
        {R"({"%TITLE":"an"})", {"1", "3"}},
        {R"({"%TITLE":"0%"})", {"4"}},
        {R"({"!%TITLE":"an"})", {"2", "4"}},
        {R"({"=%TITLE":"an%"})", {"1", "3"}},
        {R"({"%=TITLE":"%is"})", {"2"}},
        {R"({"!=%TITLE":"an%"})", {"2", "4"}},
        {R"({"!%=TITLE":"an%"})", {"2", "4"}},
        {R"({"><PAGES":[10,20]})", {"1", "2"}},
        {R"({"PAGES":""})", {"4"}},
        {R"({"!PAGES":""})", {"1", "2", "3"}},
        {R"({"GENRE":"ESSAY"})", {"2"}},
        {R"({"id":["1","3"]})", {"1", "3"}},
        {R"({"logic":"OR","0":{"PAGES":10},"1":{"GENRE":"ESSAY"}})", {"1", "2"}},
        {R"({"0":{"LOGIC":"or","0":{"PAGES":10},"1":{"PAGES":20}},"!GENRE":"ESSAY"})", {"1"}},
        {R"([])", {"1", "2", "3", "4"}},
        {R"({"@PAGES":[]})", {}},
        {R"({">DATE_CREATE":"2026-05-28T22:26:39+02:00"})", {"1", "2", "3", "4"}},
    };
    for (const auto& [filter, expected] : cases) {
        EXPECT_EQ(ids(std::string(R"({"filter":)") + filter + "}"), expected) << filter;
    }
}

TEST_F(CrudTest, hostile_filters_are_refused_with_the_field_at_fault) {
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":{"PAGES) OR 1=1 --":1}})").api_code, "INVALID_ARG_VALUE");
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":{">ddId":1}})").field, "ddId");
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":{"PAGES":{"a":{"b":1}}}})").code, Errc::invalid_argument);
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":"x"})").field, "filter");
    EXPECT_EQ(error_of("lib.book.list", R"({"order":{"TITLE; DROP":"ASC"}})").code, Errc::invalid_argument);
    EXPECT_EQ(error_of("lib.book.list", R"({"order":{"TITLE":"sideways"}})").field, "TITLE");
    std::string nested = R"({"PAGES":1})";
    for (int i = 0; i < limits::filter_depth_max; ++i)
        nested = R"({"0":)" + nested + "}";
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":)" + nested + "}").code, Errc::too_large);
}

TEST_F(CrudTest, a_list_value_may_be_as_long_as_the_limit_and_no_longer) {
    const auto list_of = [](int count) {
        std::string out = R"({"filter":{"@ID":[)";
        for (int i = 1; i <= count; ++i)
            out += (i > 1 ? "," : "") + std::to_string(i);
        return out + "]}}";
    };
    EXPECT_TRUE(try_call("lib.book.list", list_of(limits::in_list_max)).ok());
    EXPECT_EQ(error_of("lib.book.list", list_of(limits::in_list_max + 1)).code, Errc::too_large);
}

TEST_F(CrudTest, pages_have_totals_and_the_next_start) {
    write([](model::Records& records) -> Status {
        for (int i = 0; i < 120; ++i) {
            model::Changes changes(records.services().registry.entity("lib.book"));
            changes.set("TITLE", "B" + std::to_string(i));
            STOA_TRY(const RecordId id, records.add(std::move(changes)));
            (void)id;
        }
        return {};
    });
    EXPECT_EQ(ids("{}").size(), 50u);
    EXPECT_EQ(last_total, 120);
    EXPECT_EQ(last_next, 50);
    EXPECT_EQ(ids(R"({"start":"100"})").size(), 20u);
    EXPECT_EQ(last_next, -1);
    EXPECT_EQ(ids(R"({"start":75})").front(), "51") << "a start inside a page means its border";
    EXPECT_EQ(ids(R"({"start":-1,"order":{"ID":"ASC"},"filter":{">ID":100}})").size(), 20u);
    EXPECT_EQ(last_total, -1);
    EXPECT_EQ(ids(R"({"start":-1,"order":{"ID":"DESC"},"filter":{"<ID":100}})").front(), "99");
    EXPECT_EQ(ids(R"({"start":1000})").size(), 0u);
    EXPECT_EQ(last_total, 120);
}

TEST_F(CrudTest, select_shows_what_it_names_and_always_the_id) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","EMAIL":[{"VALUE":"a@b.c","VALUE_TYPE":"WORK"}]}})");
    EXPECT_EQ(get("1", R"(["TITLE","NO_SUCH"])"), R"({"ID":"1","TITLE":"A"})");
    EXPECT_EQ(get("1", R"(["EMAIL"])"),
              R"({"ID":"1","EMAIL":[{"ID":"1","VALUE_TYPE":"WORK","VALUE":"a@b.c","TYPE_ID":"EMAIL"}]})");
}

TEST_F(CrudTest, multifields_are_changed_row_by_row) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","PHONE":[{"VALUE":"+49 30 1","VALUE_TYPE":"WORK"},
        {"VALUE":"2","VALUE_TYPE":"HOME"}]}})");
    call("lib.book.update", R"({"id":1,"fields":{"PHONE":[{"ID":2,"VALUE":"22"},{"VALUE":"3","VALUE_TYPE":"FAX"}]}})");
    const auto phones = [&] {
        std::string out;
        const json::Value book = call("lib.book.get", R"({"id":1,"select":["PHONE"]})");
        for (const json::Value* row : book.find("PHONE")->items()) {
            out += row->find("VALUE")->string() + "/" + row->find("VALUE_TYPE")->string() + " ";
        }
        return out;
    };
    EXPECT_EQ(phones(), "+49 30 1/WORK 22/HOME 3/FAX ");
    call("lib.book.update", R"({"id":1,"fields":{"PHONE":[{"ID":1,"DELETE":"Y"},{"ID":3,"VALUE":""}]}})");
    EXPECT_EQ(phones(), "22/HOME ");
    EXPECT_EQ(ids(R"q({"filter":{"PHONE":"(22)"}})q"), Ids{"1"});
    EXPECT_EQ(ids(R"({"filter":{"!PHONE":"22"}})"), Ids{});
}

TEST_F(CrudTest, links_keep_their_order_and_can_be_filtered) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","AUTHOR_IDS":[7,"3",7]}})");
    call("lib.book.add", R"({"fields":{"TITLE":"B","AUTHOR_IDS":[4]}})");
    EXPECT_EQ(get("1", R"(["AUTHOR_IDS"])"), R"({"ID":"1","AUTHOR_IDS":["7","3"]})");
    EXPECT_EQ(ids(R"({"filter":{"AUTHOR_IDS":3}})"), Ids{"1"});
    EXPECT_EQ(ids(R"({"filter":{"!AUTHOR_IDS":3}})"), Ids{"2"});
    call("lib.book.update", R"({"id":1,"fields":{"AUTHOR_IDS":[]}})");
    EXPECT_EQ(get("1", R"(["AUTHOR_IDS"])"), R"({"ID":"1","AUTHOR_IDS":[]})");
}

TEST_F(CrudTest, an_employee_deletes_own_books_only_and_strangers_see_nothing) {
    call("lib.book.add", R"({"fields":{"TITLE":"A","OWNER_ID":5}})");
    call("lib.book.add", R"({"fields":{"TITLE":"B","OWNER_ID":6}})");
    actor.user = 5;
    actor.role = model::Role::employee;
    EXPECT_EQ(error_of("lib.book.delete", R"({"id":2})").code, Errc::forbidden);
    EXPECT_TRUE(call("lib.book.delete", R"({"id":1})").boolean());
    actor.role = model::Role::extranet;
    EXPECT_EQ(ids("{}"), Ids{});
    EXPECT_EQ(error_of("lib.book.get", R"({"id":2})").code, Errc::not_found);
    EXPECT_EQ(error_of("lib.book.add", R"({"fields":{"TITLE":"C"}})").code, Errc::forbidden);
}

TEST_F(CrudTest, no_call_reaches_into_another_account) {
    call("lib.book.add", R"({"fields":{"TITLE":"mine","PHONE":[{"VALUE":"1"}],"AUTHOR_IDS":[9]}})");
    create_account(2);
    actor.account = 2;
    EXPECT_EQ(ids("{}"), Ids{});
    EXPECT_EQ(error_of("lib.book.get", R"({"id":1})").code, Errc::not_found);
    EXPECT_EQ(error_of("lib.book.update", R"({"id":1,"fields":{"TITLE":"x"}})").code, Errc::not_found);
    EXPECT_EQ(error_of("lib.book.delete", R"({"id":1})").code, Errc::not_found);
    EXPECT_EQ(ids(R"({"filter":{"logic":"OR","0":{"ID":1},"1":{"!ID":1},"2":{"AUTHOR_IDS":9},"3":{"!PHONE":"7"}}})"),
              Ids{});
    EXPECT_EQ(call("lib.book.add", R"({"fields":{"TITLE":"yours"}})").integer(), 1) << "ids count per account";
    EXPECT_EQ(get("1", R"(["TITLE","PHONE","AUTHOR_IDS"])"),
              R"({"ID":"1","TITLE":"yours","AUTHOR_IDS":[],"PHONE":[]})");
}

TEST_F(CrudTest, user_fields_are_read_written_and_filtered_like_fields) {
    write([](model::Records& records) -> Status {
        const auto add = [&](const char* name, const char* type, bool multiple) -> Status {
            model::Changes changes(records.services().registry.entity("user_field"));
            changes.set("ENTITY_ID", std::string("LIB_BOOK"));
            changes.set("FIELD_NAME", std::string(name));
            changes.set("USER_TYPE_ID", std::string(type));
            changes.set("MULTIPLE", std::int64_t{multiple ? 1 : 0});
            STOA_TRY(const RecordId id, records.add(std::move(changes)));
            (void)id;
            return {};
        };
        STOA_CHECK(add("UF_CRM_COLOR", "string", false));
        STOA_CHECK(add("UF_CRM_SIZE", "integer", false));
        STOA_CHECK(add("UF_CRM_MARKS", "integer", true));
        records.services().metadata.invalidate_on_commit(records.write_tx());
        return {};
    });
    call("lib.book.add", R"({"fields":{"TITLE":"A","UF_CRM_COLOR":"red","UF_CRM_SIZE":"5","UF_CRM_MARKS":[1,12]}})");
    call("lib.book.add", R"({"fields":{"TITLE":"B","uf_crm_color":"blue"}})");
    EXPECT_EQ(get("1", R"(["UF_*"])"),
              R"({"ID":"1","UF_CRM_COLOR":"red","UF_CRM_SIZE":"5","UF_CRM_MARKS":["1","12"]})");
    call("lib.book.update", R"({"id":1,"fields":{"UF_CRM_SIZE":6}})");
    EXPECT_EQ(get("1", R"(["UF_CRM_COLOR","UF_CRM_SIZE"])"), R"({"ID":"1","UF_CRM_COLOR":"red","UF_CRM_SIZE":"6"})");
    EXPECT_EQ(ids(R"({"filter":{">UF_CRM_SIZE":5}})"), Ids{"1"});
    EXPECT_EQ(ids(R"({"filter":{"UF_CRM_MARKS":12}})"), Ids{"1"});
    EXPECT_EQ(ids(R"({"filter":{"UF_CRM_MARKS":2}})"), Ids{});
    EXPECT_EQ(ids(R"({"filter":{"%UF_CRM_COLOR":"LU"}})"), Ids{"2"});
    EXPECT_EQ(ids(R"({"order":{"UF_CRM_COLOR":"ASC"}})"), (Ids{"2", "1"}));
    EXPECT_EQ(error_of("lib.book.add", R"({"fields":{"TITLE":"C","UF_CRM_SIZE":"big"}})").field, "UF_CRM_SIZE");
}

TEST_F(CrudTest, v3_filters_pages_and_cursors) {
    for (int i = 1; i <= 5; ++i) {
        call("lib.book.add", R"({"fields":{"TITLE":"B","PAGES":)" + std::to_string(i * 10) + "}}");
    }
    const auto v3_ids = [&](std::string_view method, std::string_view parameters) {
        std::string out;
        const json::Value answer = call(method, parameters, Wire::v3);
        for (const json::Value* row : answer.find("items")->items()) {
            out += std::to_string(row->find("id")->integer()) + " ";
        }
        return out;
    };
    EXPECT_EQ(v3_ids("lib.book.list", R"({"filter":[["pages",">",20],["id","!=",4]]})"), "3 5 ");
    EXPECT_EQ(v3_ids("lib.book.list", R"({"filter":[["pages","in",[10,50]]]})"), "1 5 ");
    EXPECT_EQ(v3_ids("lib.book.list", R"({"filter":[["pages","between",[20,30]]]})"), "2 3 ");
    EXPECT_EQ(
        v3_ids("lib.book.list", R"({"filter":[{"logic":"or","negative":true,"conditions":[["id",1],["id",2]]}]})"),
        "3 4 5 ");
    EXPECT_EQ(v3_ids("lib.book.list", R"({"order":{"id":"DESC"},"pagination":{"page":2,"limit":2}})"), "3 2 ");
    EXPECT_EQ(v3_ids("lib.book.list", R"({"pagination":{"page":0,"limit":2}})"), "1 2 ");
    EXPECT_EQ(v3_ids("lib.book.tail", R"({"cursor":{"field":"id","order":"ASC","value":3,"limit":10}})"), "4 5 ");
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":{"id":1}})", Wire::v3).api_code,
              "BITRIX_REST_V3_EXCEPTION_INVALIDFILTEREXCEPTION");
    EXPECT_EQ(error_of("lib.book.list", R"({"filter":[["id","~",1]]})", Wire::v3).api_code,
              "BITRIX_REST_V3_EXCEPTION_UNKNOWNFILTEROPERATOREXCEPTION");
    EXPECT_EQ(error_of("lib.book.list", R"({"pagination":{"limit":1001}})", Wire::v3).api_code,
              "BITRIX_REST_V3_EXCEPTION_INVALIDPAGINATIONEXCEPTION");
    EXPECT_EQ(
        json::to_json(call("lib.book.aggregate", R"({"select":{"sum":{"pages":"all"},"count":["id"]}})", Wire::v3)),
        R"({"result":{"count":{"id":5},"sum":{"all":150}}})");
}

}  // namespace
}  // namespace stoa::api
