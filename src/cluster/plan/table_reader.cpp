#include "cluster/plan/table_reader.hpp"

#include <algorithm>

namespace stoa::cluster {

void TableReader::text(std::string_view key, std::string& out) {
    const TomlValue* value = take(key);
    if (!value) return;
    if (const std::string* text = value->text()) {
        out = *text;
    } else {
        complain_at(value->line, key, "must be a text in quotes");
    }
}

void TableReader::flag(std::string_view key, bool& out) {
    const TomlValue* value = take(key);
    if (!value) return;
    if (const bool* flag = value->flag()) {
        out = *flag;
    } else {
        complain_at(value->line, key, "must be true or false");
    }
}

void TableReader::number(std::string_view key, int& out, int min, int max) {
    const TomlValue* value = take(key);
    if (!value) return;
    const std::int64_t* number = value->integer();
    if (number && *number >= min && *number <= max) {
        out = static_cast<int>(*number);
    } else {
        complain_at(value->line, key,
                    "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
}

void TableReader::texts(std::string_view key, std::vector<std::string>& out) {
    const TomlValue* value = take(key);
    if (!value) return;
    const TomlValue::Array* items = value->array();
    std::vector<std::string> read;
    for (std::size_t i = 0; items && i < items->size(); ++i) {
        if (const std::string* text = (*items)[i].text()) read.push_back(*text);
    }
    if (!items || read.size() != items->size())
        return complain_at(value->line, key, "must be a list of texts: [\"…\", \"…\"]");
    out = std::move(read);
}

void TableReader::choice(std::string_view key, std::string& out, const std::vector<std::string_view>& choices) {
    if (!has(key)) return;
    std::string chosen;
    text(key, chosen);
    if (std::find(choices.begin(), choices.end(), chosen) != choices.end()) {
        out = std::move(chosen);
        return;
    }
    std::string what = "must be one of";
    for (const auto& name : choices)
        what += (name == choices.front() ? " " : ", ") + std::string(name);
    complain(key, what);
}

void TableReader::table(std::string_view key, const std::function<void(TableReader&)>& read) {
    const TomlValue* value = take(key);
    if (!value) return;
    if (!value->table())
        return complain_at(value->line, key, "must be a section: [" + prefix_ + std::string(key) + "]");
    TableReader inner(shared_, *value, prefix_ + std::string(key) + ".");
    read(inner);
    inner.finish();
}

void TableReader::tables(std::string_view key, const std::function<void(TableReader&)>& read) {
    const TomlValue* value = take(key);
    if (!value) return;
    const TomlValue::Array* items = value->array();
    if (!items) return complain_at(value->line, key, "must be written as [[" + prefix_ + std::string(key) + "]]");
    for (const TomlValue& item : *items) {
        if (!item.table())
            return complain_at(item.line, key, "must be written as [[" + prefix_ + std::string(key) + "]]");
        TableReader inner(shared_, item, prefix_ + std::string(key) + ".");
        read(inner);
        inner.finish();
    }
}

bool TableReader::has(std::string_view key) const {
    return std::any_of(table_.table()->begin(), table_.table()->end(), [&](const auto& m) { return m.name == key; });
}

void TableReader::complain(std::string_view key, const std::string& what) {
    int line = table_.line;
    for (const auto& [name, value] : *table_.table()) {
        if (name == key) line = value.line;
    }
    complain_at(line, key, what);
}

void TableReader::finish() {
    for (const auto& [name, value] : *table_.table()) {
        if (!taken_.contains(name)) complain_at(value.line, name, "is not a known key");
    }
}

const TomlValue* TableReader::take(std::string_view key) {
    taken_.emplace(key);
    for (const auto& [name, value] : *table_.table()) {
        if (name == key) return &value;
    }
    return nullptr;
}

void TableReader::complain_at(int line, std::string_view key, const std::string& what) {
    // The first, but a key that is not known explains one that is missing.
    const bool missing = what.starts_with("is missing");
    if (shared_.error && !(shared_.missing && !missing)) return;
    shared_.missing = missing;
    std::string whole = prefix_ + std::string(key);
    if (key.empty() && !whole.empty()) whole.pop_back();
    std::string message = shared_.source + ":";
    if (line > 0) message += std::to_string(line) + ":";
    message += " ";
    if (!whole.empty()) message += whole + " ";
    shared_.error = invalid(message + what + ".", whole);
}

}  // namespace stoa::cluster
