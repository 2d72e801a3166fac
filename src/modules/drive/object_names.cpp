#include "modules/drive/object_names.hpp"

#include <algorithm>
#include <set>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "modules/drive/names.hpp"

namespace stoa::drive {

namespace {

constexpr std::size_t kNameCharactersMax = 255;
constexpr int kNumbersAtOnce = 100;
constexpr int kNumbersMax = 1'000;

/// "report.pdf" and 2 → "report (2).pdf", cut so that it stays a name.
std::string numbered(const std::string& name, int number) {
    const std::size_t dot = name.rfind('.');
    const std::string extension = dot == std::string::npos || dot == 0 ? std::string() : name.substr(dot);
    const std::string mark = " (" + std::to_string(number) + ")" + std::string(utf8_prefix(extension, 50));
    const std::string stem = name.substr(0, name.size() - extension.size());
    return std::string(utf8_prefix(stem, kNameCharactersMax - utf8_length(mark))) + mark;
}

db::Condition in_folder(RecordId folder, db::Condition key) {
    return db::Condition::all({db::Condition::equals("parent_id", folder), std::move(key)});
}

}  // namespace

Result<std::string> clean_name(std::string_view given) {
    constexpr std::string_view kForbidden = "\\/:*?\"<>|";
    std::string name(given);
    for (char& c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 32 || byte == 127 || kForbidden.find(c) != std::string_view::npos) c = '_';
    }
    const auto trimmed = [](char c) { return c == ' '; };
    name.erase(name.begin(), std::find_if_not(name.begin(), name.end(), trimmed));
    while (!name.empty() && (name.back() == ' ' || name.back() == '.'))
        name.pop_back();
    if (name.empty()) {
        return invalid("Error: required parameter NAME (DISK_BASE_SERVICE_22001)", "NAME", "DISK_BASE_SERVICE_22001");
    }
    if (utf8_length(name) > kNameCharactersMax) {
        return Error{Errc::too_large, "A name has at most 255 characters.", "NAME"};
    }
    return name;
}

std::string name_key(std::string_view name) {
    return sha256_hex(to_lower_ascii(name)).substr(0, 40);
}

std::string trash_key(RecordId id) {
    return "trash:" + std::to_string(id);
}

Result<bool> name_is_taken(model::Records& records, RecordId folder, std::string_view name) {
    const model::Entity& objects = records.services().registry.entity(kObject);
    STOA_TRY(
        const std::int64_t count,
        records.tx().count(objects.table, in_folder(folder, db::Condition::equals("name_key", name_key(name))), 1));
    return count > 0;
}

Result<std::string> free_name(model::Records& records, RecordId folder, const std::string& name) {
    STOA_TRY(const bool taken, name_is_taken(records, folder, name));
    if (!taken) return name;
    const model::Entity& objects = records.services().registry.entity(kObject);
    for (int from = 1; from <= kNumbersMax; from += kNumbersAtOnce) {
        std::vector<db::Value> keys;
        for (int number = from; number < from + kNumbersAtOnce; ++number)
            keys.emplace_back(name_key(numbered(name, number)));
        std::set<std::string> known;
        db::Select select;
        select.table = objects.table;
        select.columns_sql = "name_key";
        select.where = in_folder(folder, db::Condition::in("name_key", keys));
        select.limit = kNumbersAtOnce;
        STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
            known.emplace(row.text(0));
            return true;
        }));
        for (int number = from; number < from + kNumbersAtOnce; ++number) {
            std::string candidate = numbered(name, number);
            if (!known.contains(name_key(candidate))) return candidate;
        }
    }
    return random_alnum(12) + " " + std::string(utf8_prefix(name, kNameCharactersMax - 13));
}

Error name_taken(bool is_file) {
    return {Errc::already_exists,
            is_file ? "A file with this name already exists" : "A folder with this name already exists", "NAME",
            kNameTaken};
}

}  // namespace stoa::drive
