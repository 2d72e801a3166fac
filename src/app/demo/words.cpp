#include "app/demo/words.hpp"

#include "app_data.hpp"
#include "json/parse.hpp"

namespace stoa::app::demo {

namespace {

std::string text_of(const json::Value& value, std::string_view key) {
    const json::Value* found = value.find(key);
    return found ? found->as_text().value_or("") : "";
}

std::vector<std::string> list_of(const json::Value& value, std::string_view key) {
    std::vector<std::string> out;
    if (const json::Value* found = value.find(key)) {
        for (const json::Value* item : found->items())
            out.push_back(item->as_text().value_or(""));
    }
    return out;
}

}  // namespace

Result<Words> load_words(std::string_view language) {
    const bool known = language == "de" || language == "ru";
    const std::string name = "demo/words/" + (known ? std::string(language) : std::string("en")) + ".json";
    std::string_view bytes;
    for (const base::EmbeddedFile& file : data::embedded_files()) {
        if (file.name == name) bytes = file.bytes;
    }
    STOA_TRY(const json::Value value, json::parse(bytes));
    Words words;
    words.company = text_of(value, "company");
    words.phone_prefix = text_of(value, "phone_prefix");
    words.country = text_of(value, "country");
    const std::pair<const char*, std::vector<std::string>*> lists[] = {{"female_names", &words.female_names},
                                                                       {"male_names", &words.male_names},
                                                                       {"last_names", &words.last_names},
                                                                       {"female_last_names", &words.female_last_names},
                                                                       {"company_stems", &words.company_stems},
                                                                       {"company_kinds", &words.company_kinds},
                                                                       {"cities", &words.cities},
                                                                       {"streets", &words.streets},
                                                                       {"job_titles", &words.job_titles},
                                                                       {"deal_titles", &words.deal_titles},
                                                                       {"lead_titles", &words.lead_titles},
                                                                       {"task_titles", &words.task_titles},
                                                                       {"checklist_items", &words.checklist_items},
                                                                       {"task_comments", &words.task_comments},
                                                                       {"call_subjects", &words.call_subjects},
                                                                       {"meeting_subjects", &words.meeting_subjects},
                                                                       {"deal_comments", &words.deal_comments}};
    for (const auto& [key, list] : lists) {
        *list = list_of(value, key);
        if (list->empty()) return internal_error("demo data: " + name + " has no " + key);
    }
    for (const json::Value* item : value.find("departments")->items()) {
        DepartmentWords department;
        department.name = text_of(*item, "name");
        if (const json::Value* parent = item->find("parent")) department.parent = static_cast<int>(parent->integer());
        department.positions = list_of(*item, "positions");
        words.departments.push_back(std::move(department));
    }
    for (const json::Value* item : value.find("products")->items()) {
        words.products.push_back({text_of(*item, "name"), item->find("price")->integer()});
    }
    return words;
}

}  // namespace stoa::app::demo
