#pragma once
// The words of one language that demo data is made of (demo/words/*.json). Immutable.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace stoa::app::demo {

struct Product {
    std::string name;
    std::int64_t price = 0;  ///< whole units of the account's currency
};

struct DepartmentWords {
    std::string name;
    int parent = -1;                     ///< index of the department above; -1 = directly below the company
    std::vector<std::string> positions;  ///< the first is its head's
};

struct Words {
    std::string company;
    std::vector<std::string> female_names, male_names, last_names, female_last_names;
    std::vector<DepartmentWords> departments;
    std::vector<std::string> company_stems, company_kinds, cities, streets;
    std::vector<std::string> job_titles, deal_titles, lead_titles;
    std::vector<Product> products;
    std::vector<std::string> task_titles, checklist_items, task_comments;
    std::vector<std::string> call_subjects, meeting_subjects, deal_comments;
    std::string phone_prefix, country;
};

/// en, de, ru; others get English.
Result<Words> load_words(std::string_view language);

}  // namespace stoa::app::demo
