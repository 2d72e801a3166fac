#include "app/demo/company_plan.hpp"

#include <algorithm>
#include <map>

#include "app/demo/dice.hpp"
#include "base/decimal.hpp"
#include "base/time_format.hpp"
#include "base/utf8.hpp"

namespace stoa::app::demo {

namespace {

constexpr int kPeople = 30;
constexpr int kCompanies = 120;
constexpr int kContacts = 300;
constexpr int kDeals = 500;
constexpr int kLeads = 80;
constexpr int kTasks = 200;
constexpr int kDealMonths = 9;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kHour = 3'600;
constexpr std::uint64_t kSeed = 20'260'101;

std::string iso(UnixSeconds at) {
    std::string text;
    append_iso(text, at, *utc_time_zone());
    return text;
}

std::string date(UnixSeconds at) {
    std::string text;
    append_date(text, at / kDay);
    return text;
}

std::string money(std::int64_t whole) {
    return std::to_string(whole) + ".00";
}

/// "Müller" → "mueller": mail addresses in ASCII, whatever the language.
std::string ascii_of(std::string_view text) {
    static const std::map<std::string, std::string> table = {
        {"ä", "ae"}, {"ö", "oe"}, {"ü", "ue"},  {"Ä", "ae"}, {"Ö", "oe"}, {"Ü", "ue"}, {"ß", "ss"}, {"é", "e"},
        {"а", "a"},  {"б", "b"},  {"в", "v"},   {"г", "g"},  {"д", "d"},  {"е", "e"},  {"ё", "e"},  {"ж", "zh"},
        {"з", "z"},  {"и", "i"},  {"й", "y"},   {"к", "k"},  {"л", "l"},  {"м", "m"},  {"н", "n"},  {"о", "o"},
        {"п", "p"},  {"р", "r"},  {"с", "s"},   {"т", "t"},  {"у", "u"},  {"ф", "f"},  {"х", "h"},  {"ц", "ts"},
        {"ч", "ch"}, {"ш", "sh"}, {"щ", "sch"}, {"ъ", ""},   {"ы", "y"},  {"ь", ""},   {"э", "e"},  {"ю", "yu"},
        {"я", "ya"}, {"А", "a"},  {"Б", "b"},   {"В", "v"},  {"Г", "g"},  {"Д", "d"},  {"Е", "e"},  {"Ж", "zh"},
        {"З", "z"},  {"И", "i"},  {"Й", "y"},   {"К", "k"},  {"Л", "l"},  {"М", "m"},  {"Н", "n"},  {"О", "o"},
        {"П", "p"},  {"Р", "r"},  {"С", "s"},   {"Т", "t"},  {"У", "u"},  {"Ф", "f"},  {"Х", "h"},  {"Ц", "ts"},
        {"Ч", "ch"}, {"Ш", "sh"}, {"Щ", "sch"}, {"Э", "e"},  {"Ю", "yu"}, {"Я", "ya"}};
    std::string out;
    while (!text.empty()) {
        const std::size_t bytes = std::max<std::size_t>(1, utf8_sequence_bytes(text));
        const std::string letter(text.substr(0, bytes));
        text.remove_prefix(bytes);
        if (const auto found = table.find(letter); found != table.end()) {
            out += found->second;
        } else if (bytes == 1) {
            const char c = to_lower_ascii(letter)[0];
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
        }
    }
    return out;
}

struct Name {
    std::string first, last;
    bool female = false;
};

class CompanyPlanner {
  public:
    CompanyPlanner(const Words& words, const CompanyOptions& options)
        : words_(words), options_(options), dice_(kSeed) {}

    Plan run() {
        plan_departments();
        plan_people();
        plan_companies();
        plan_contacts();
        plan_deals();
        plan_leads();
        plan_tasks();
        return std::move(plan_);
    }

  private:
    Name name() {
        Name name;
        name.female = dice_.chance(50);
        name.first = dice_.pick(name.female ? words_.female_names : words_.male_names);
        const std::size_t index = static_cast<std::size_t>(dice_.next() % words_.last_names.size());
        const bool own_form = name.female && index < words_.female_last_names.size() &&
                              words_.female_last_names.size() == words_.last_names.size();
        name.last = own_form ? words_.female_last_names[index] : words_.last_names[index];
        return name;
    }
    std::string phone() {
        std::string number = words_.phone_prefix;
        for (int i = 0; i < 7; ++i)
            number += static_cast<char>('0' + dice_.between(i == 0 ? 2 : 0, 9));
        return number;
    }
    json::Value multifield(std::string value) {
        json::Object row;
        row.set("VALUE", std::move(value));
        row.set("VALUE_TYPE", "WORK");
        return json::Array{json::Value(std::move(row))};
    }
    /// The administrator is one of the people, so that their own lists are not empty.
    json::Value somebody() {
        if (dice_.chance(8)) return options_.admin;
        return Plan::reference(dice_.pick(people_));
    }
    json::Value seller() {
        return dice_.chance(20) ? json::Value(options_.admin) : Plan::reference(dice_.pick(sellers_));
    }
    UnixSeconds days_ago(std::int64_t most) {
        return options_.now - dice_.between(0, most) * kDay - dice_.between(0, 8 * kHour);
    }

    void plan_departments();
    void plan_people();
    void plan_companies();
    void plan_contacts();
    void plan_deals();
    void plan_deal(int number);
    std::int64_t pick_products(std::vector<std::pair<const Product*, std::int64_t>>& rows);
    void plan_product_rows(Place deal, const std::vector<std::pair<const Product*, std::int64_t>>& rows);
    void plan_activity(int owner_type, Place owner, UnixSeconds around, const json::Value& responsible);
    void plan_leads();
    void plan_tasks();
    void plan_checklist(Place task, bool all_done);
    void plan_comments(Place task, UnixSeconds from);

    const Words& words_;
    const CompanyOptions& options_;
    Dice dice_;
    Plan plan_;
    std::vector<Place> departments_, people_, sellers_, companies_, contacts_, deals_;
    std::vector<Place> contact_company_;
};

void CompanyPlanner::plan_departments() {
    for (const DepartmentWords& words : words_.departments) {
        json::Object fields;
        fields.set("NAME", words.name);
        fields.set("SORT", static_cast<std::int64_t>(departments_.size() + 1) * 100);
        fields.set("PARENT", words.parent < 0 ? json::Value(options_.top_department)
                                              : Plan::reference(departments_[static_cast<std::size_t>(words.parent)]));
        departments_.push_back(plan_.add("department", std::move(fields)));
    }
}

void CompanyPlanner::plan_people() {
    std::map<std::string, int> mails;
    for (int i = 0; i < kPeople; ++i) {
        const std::size_t department = static_cast<std::size_t>(i) % words_.departments.size();
        const auto& positions = words_.departments[department].positions;
        const std::size_t round = static_cast<std::size_t>(i) / words_.departments.size();
        const Name who = name();
        std::string mail = ascii_of(who.first) + "." + ascii_of(who.last);
        if (const int times = ++mails[mail]; times > 1) mail += std::to_string(times);
        json::Object fields;
        fields.set("NAME", who.first);
        fields.set("LAST_NAME", who.last);
        fields.set("EMAIL", mail + "@example.com");
        fields.set("PERSONAL_GENDER", who.female ? "F" : "M");
        fields.set("WORK_POSITION", positions[std::min(round, positions.size() - 1)]);
        fields.set("WORK_PHONE", phone());
        fields.set("PERSONAL_CITY", words_.cities.front());
        fields.set("UF_PHONE_INNER", std::to_string(101 + i));
        fields.set("PERSONAL_BIRTHDAY", date(options_.now - dice_.between(23 * 365, 60 * 365) * kDay));
        fields.set("UF_EMPLOYMENT_DATE", date(options_.now - dice_.between(30, 8 * 365) * kDay));
        fields.set("UF_DEPARTMENT", json::Array{Plan::reference(departments_[department])});
        const Place place = plan_.add("user", std::move(fields));
        people_.push_back(place);
        if (department < 2) sellers_.push_back(place);
    }
}

void CompanyPlanner::plan_companies() {
    for (int i = 0; i < kCompanies; ++i) {
        const std::string stem = words_.company_stems[static_cast<std::size_t>(i) % words_.company_stems.size()];
        const std::string title = stem + " " + dice_.pick(words_.company_kinds);
        const std::string host = ascii_of(stem) + std::to_string(i + 1) + ".example";
        const UnixSeconds created = days_ago(kDealMonths * 30);
        json::Object fields;
        fields.set("TITLE", title);
        fields.set("COMPANY_TYPE", dice_.chance(80) ? "CUSTOMER" : "PARTNER");
        fields.set("PHONE", multifield(phone()));
        fields.set("EMAIL", multifield("info@" + host));
        fields.set("WEB", multifield("https://" + host));
        fields.set("ADDRESS", dice_.pick(words_.streets) + " " + std::to_string(dice_.between(1, 140)));
        fields.set("ADDRESS_CITY", dice_.pick(words_.cities));
        fields.set("ADDRESS_COUNTRY", words_.country);
        fields.set("REVENUE", money(dice_.between(2, 400) * 25'000));
        fields.set("ASSIGNED_BY_ID", seller());
        fields.set("CREATED_BY_ID", options_.admin);
        fields.set("DATE_CREATE", iso(created));
        fields.set("DATE_MODIFY", iso(created));
        companies_.push_back(plan_.add("crm.company", std::move(fields)));
    }
}

void CompanyPlanner::plan_contacts() {
    for (int i = 0; i < kContacts; ++i) {
        const Name who = name();
        const Place company = i < kCompanies ? companies_[static_cast<std::size_t>(i)] : dice_.pick(companies_);
        const UnixSeconds created = days_ago(kDealMonths * 30);
        json::Object fields;
        fields.set("NAME", who.first);
        fields.set("LAST_NAME", who.last);
        fields.set("POST", dice_.pick(words_.job_titles));
        fields.set("TYPE_ID", "CLIENT");
        fields.set("PHONE", multifield(phone()));
        fields.set("EMAIL",
                   multifield(ascii_of(who.first) + "." + ascii_of(who.last) + std::to_string(i + 1) + "@example.net"));
        fields.set("COMPANY_ID", Plan::reference(company));
        fields.set("ASSIGNED_BY_ID", seller());
        fields.set("CREATED_BY_ID", options_.admin);
        fields.set("DATE_CREATE", iso(created));
        fields.set("DATE_MODIFY", iso(created));
        contacts_.push_back(plan_.add("crm.contact", std::move(fields)));
        contact_company_.push_back(company);
    }
}

std::int64_t CompanyPlanner::pick_products(std::vector<std::pair<const Product*, std::int64_t>>& rows) {
    std::int64_t sum = 0;
    for (std::int64_t left = dice_.between(1, 3); left > 0; --left) {
        const Product& product = dice_.pick(words_.products);
        const std::int64_t quantity = product.price > 2'000 ? dice_.between(1, 3) : dice_.between(1, 12);
        rows.emplace_back(&product, quantity);
        sum += product.price * quantity;
    }
    return sum;
}

void CompanyPlanner::plan_product_rows(Place deal, const std::vector<std::pair<const Product*, std::int64_t>>& rows) {
    std::int64_t sort = 0;
    for (const auto& [product, quantity] : rows) {
        json::Object fields;
        fields.set("OWNER_TYPE", "D");
        fields.set("OWNER_ID", Plan::reference(deal));
        fields.set("PRODUCT_NAME", product->name);
        fields.set("PRICE", money(product->price));
        fields.set("QUANTITY", quantity);
        fields.set("SORT", sort += 10);
        plan_.add("crm.productrow", std::move(fields));
    }
}

void CompanyPlanner::plan_deals() {
    for (int i = 0; i < kDeals; ++i)
        plan_deal(i);
}

/// Old deals are mostly decided, young ones mostly open, so that charts over months look like a company's.
void CompanyPlanner::plan_deal(int number) {
    static const std::vector<std::string> stages = {
        "NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE"};
    const std::int64_t age_days = dice_.between(0, kDealMonths * 30);
    const bool old = age_days > 60;
    const std::size_t stage =
        dice_.weighted(old ? std::vector<int>{2, 2, 2, 4, 3, 58, 29} : std::vector<int>{28, 22, 14, 14, 8, 9, 5});
    const bool closed = stage >= 5;
    const UnixSeconds created = options_.now - age_days * kDay - dice_.between(0, 8 * kHour);
    const UnixSeconds changed = std::min(options_.now, created + dice_.between(1, 40) * kDay);
    const std::size_t contact = static_cast<std::size_t>(dice_.next() % contacts_.size());
    const json::Value responsible = seller();
    std::vector<std::pair<const Product*, std::int64_t>> rows;
    const std::int64_t sum = pick_products(rows);

    json::Object fields;
    fields.set("TITLE", dice_.pick(words_.deal_titles) + " #" + std::to_string(number + 1));
    fields.set("STAGE_ID", stages[stage]);
    fields.set("OPPORTUNITY", money(sum));
    fields.set("COMPANY_ID", Plan::reference(contact_company_[contact]));
    fields.set("CONTACT_ID", Plan::reference(contacts_[contact]));
    fields.set("ASSIGNED_BY_ID", responsible);
    fields.set("CREATED_BY_ID", responsible);
    fields.set("BEGINDATE", date(created));
    fields.set("CLOSEDATE", date(closed ? changed : options_.now + dice_.between(-5, 60) * kDay));
    fields.set("DATE_CREATE", iso(created));
    fields.set("DATE_MODIFY", iso(changed));
    if (dice_.chance(40)) fields.set("COMMENTS", dice_.pick(words_.deal_comments));
    const Place deal = plan_.add("crm.deal", std::move(fields));
    deals_.push_back(deal);
    plan_product_rows(deal, rows);
    if (!closed || dice_.chance(25)) plan_activity(2, deal, closed ? changed : options_.now, responsible);
    if (dice_.chance(20)) {
        json::Object comment;
        comment.set("ENTITY_TYPE", "deal");
        comment.set("ENTITY_ID", Plan::reference(deal));
        comment.set("COMMENT", dice_.pick(words_.deal_comments));
        comment.set("AUTHOR_ID", responsible);
        comment.set("CREATED", iso(changed));
        plan_.add("crm.timeline.comment", std::move(comment));
    }
}

void CompanyPlanner::plan_activity(int owner_type, Place owner, UnixSeconds around, const json::Value& responsible) {
    const bool call = dice_.chance(65);
    const UnixSeconds start = around + dice_.between(-10, 12) * kDay + dice_.between(-3, 3) * kHour;
    const bool done = start < options_.now - 2 * kDay;
    json::Object fields;
    fields.set("OWNER_TYPE_ID", owner_type);
    fields.set("OWNER_ID", Plan::reference(owner));
    fields.set("TYPE_ID", call ? 2 : 1);
    fields.set("SUBJECT", dice_.pick(call ? words_.call_subjects : words_.meeting_subjects));
    fields.set("START_TIME", iso(start));
    fields.set("END_TIME", iso(start + (call ? kHour / 4 : kHour)));
    fields.set("DEADLINE", iso(start));
    fields.set("COMPLETED", done ? "Y" : "N");
    fields.set("RESPONSIBLE_ID", responsible);
    fields.set("AUTHOR_ID", responsible);
    fields.set("DIRECTION", call ? 2 : 0);
    fields.set("CREATED", iso(std::min(start, options_.now) - kDay));
    plan_.add("crm.activity", std::move(fields));
}

void CompanyPlanner::plan_leads() {
    static const std::vector<std::string> stages = {"NEW", "IN_PROCESS", "PROCESSED", "JUNK"};
    static const std::vector<std::string> sources = {"CALL", "EMAIL", "WEB", "ADVERTISING"};
    for (int i = 0; i < kLeads; ++i) {
        const Name who = name();
        const UnixSeconds created = days_ago(60);
        const json::Value responsible = seller();
        json::Object fields;
        fields.set("TITLE", dice_.pick(words_.lead_titles));
        fields.set("NAME", who.first);
        fields.set("LAST_NAME", who.last);
        fields.set("COMPANY_TITLE", dice_.pick(words_.company_stems) + " " + dice_.pick(words_.company_kinds));
        fields.set("STATUS_ID", stages[dice_.weighted({45, 30, 10, 15})]);
        fields.set("SOURCE_ID", dice_.pick(sources));
        fields.set("OPPORTUNITY", money(dice_.between(5, 120) * 100));
        fields.set("PHONE", multifield(phone()));
        fields.set("EMAIL", multifield(ascii_of(who.first) + "." + ascii_of(who.last) + "@example.org"));
        fields.set("ASSIGNED_BY_ID", responsible);
        fields.set("CREATED_BY_ID", options_.admin);
        fields.set("DATE_CREATE", iso(created));
        fields.set("DATE_MODIFY", iso(created));
        const Place lead = plan_.add("crm.lead", std::move(fields));
        if (dice_.chance(40)) plan_activity(1, lead, options_.now, responsible);
    }
}

/// Statuses: 2 waiting, 3 in progress, 4 to be checked, 5 done, 6 deferred.
void CompanyPlanner::plan_tasks() {
    static const std::vector<int> statuses = {2, 3, 4, 5, 6};
    for (int i = 0; i < kTasks; ++i) {
        const int status = statuses[dice_.weighted({35, 20, 5, 35, 5})];
        const UnixSeconds created = days_ago(status == 5 ? 120 : 40);
        const UnixSeconds changed = std::min(options_.now, created + dice_.between(0, 10) * kDay);
        json::Object fields;
        fields.set("TITLE", dice_.pick(words_.task_titles));
        fields.set("STATUS", status);
        fields.set("PRIORITY", dice_.chance(15) ? 2 : 1);
        fields.set("CREATED_BY", somebody());
        fields.set("RESPONSIBLE_ID", dice_.chance(15) ? json::Value(options_.admin) : somebody());
        fields.set("CREATED_DATE", iso(created));
        fields.set("CHANGED_DATE", iso(changed));
        fields.set("ACTIVITY_DATE", iso(changed));
        if (status == 5) fields.set("CLOSED_DATE", iso(changed));
        if (dice_.chance(75)) {
            const std::int64_t days = status == 5 ? dice_.between(0, 14) : 0;
            const UnixSeconds deadline =
                status == 5 ? created + days * kDay : options_.now + dice_.between(-6, 25) * kDay;
            fields.set("DEADLINE", iso(deadline / kDay * kDay + 16 * kHour));
        }
        if (dice_.chance(30)) {
            fields.set("UF_CRM_TASK", json::Array{Plan::reference_text("D_", dice_.pick(deals_))});
        }
        if (dice_.chance(30)) fields.set("ACCOMPLICES", json::Array{Plan::reference(dice_.pick(people_))});
        const Place task = plan_.add("tasks.task", std::move(fields));
        if (dice_.chance(60)) plan_checklist(task, status == 5);
        if (dice_.chance(50)) plan_comments(task, created);
    }
}

void CompanyPlanner::plan_checklist(Place task, bool all_done) {
    const std::int64_t count = dice_.between(2, 5);
    for (std::int64_t i = 0; i < count; ++i) {
        json::Object fields;
        fields.set("TASK_ID", Plan::reference(task));
        fields.set("TITLE", dice_.pick(words_.checklist_items));
        fields.set("SORT_INDEX", i);
        fields.set("IS_COMPLETE", all_done || dice_.chance(35) ? "Y" : "N");
        fields.set("CREATED_BY", options_.admin);
        plan_.add("tasks.checklistitem", std::move(fields));
    }
}

void CompanyPlanner::plan_comments(Place task, UnixSeconds from) {
    UnixSeconds at = from;
    for (std::int64_t left = dice_.between(1, 3); left > 0; --left) {
        at = std::min(options_.now, at + dice_.between(1, 30) * kHour);
        json::Object fields;
        fields.set("TASK_ID", Plan::reference(task));
        fields.set("AUTHOR_ID", somebody());
        fields.set("POST_MESSAGE", dice_.pick(words_.task_comments));
        fields.set("POST_DATE", iso(at));
        plan_.add("tasks.comment", std::move(fields));
    }
}

}  // namespace

Plan plan_company(const Words& words, const CompanyOptions& options) {
    return CompanyPlanner(words, options).run();
}

}  // namespace stoa::app::demo
