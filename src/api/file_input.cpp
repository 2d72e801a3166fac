#include "api/file_input.hpp"

#include "api/content_type.hpp"
#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace stoa::api {

namespace {

constexpr std::string_view kMarker = "@upload";
constexpr std::string_view kFileData = "fileData";
constexpr int kDepthMax = 4;  ///< FILES → item → value → fileData

/// PHP clients send lists as {"0": …, "1": …}.
bool is_list(const json::Value& value) {
    if (value.is_array()) return true;
    if (!value.is_object()) return false;
    std::size_t expected = 0;
    for (const auto& [key, unused] : value.object()) {
        if (key != std::to_string(expected++)) return false;
    }
    return expected > 0;
}

bool is_pair(const json::Value& value) {
    const std::size_t size = value.is_array() ? value.array().size() : value.is_object() ? value.object().size() : 0;
    if (size != 2 || !is_list(value)) return false;
    const auto items = value.items();
    return items[0]->is_string() && items[1]->is_string();
}

bool may_hold(const json::Value& value, int depth) {
    if (depth > limits::json_depth_max) return false;
    if (value.is_array()) {
        if (is_pair(value)) return true;
        for (const json::Value& item : value.array()) {
            if (may_hold(item, depth + 1)) return true;
        }
    } else if (value.is_object()) {
        if (is_pair(value)) return true;
        for (const auto& [name, item] : value.object()) {
            if (equals_any_case(name, kFileData) || may_hold(item, depth + 1)) return true;
        }
    }
    return false;
}

/// The last part of what may be a path on the sender's disk.
std::string plain_name(std::string_view name) {
    const std::size_t slash = name.find_last_of("/\\");
    return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

}  // namespace

FileContent FileContent::make(std::string_view name, std::string bytes) {
    FileContent content;
    content.name = plain_name(name);
    content.sha256 = sha256_hex(bytes);
    content.content_type = sniff_content_type(bytes);
    content.bytes = std::make_shared<const std::string>(std::move(bytes));
    return content;
}

bool may_hold_files(const json::Value& parameters) {
    return may_hold(parameters, 0);
}

json::Value* FileSearch::member(json::Value& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    for (auto& [key, value] : object.object()) {
        if (equals_any_case(key, name)) return &value;
    }
    return nullptr;
}

void FileSearch::take(json::Value& value, std::string_view field, std::string_view error_code) {
    const auto visit = [&](auto&& self, json::Value& at, int depth) -> void {
        if (depth > kDepthMax) return;
        if (is_pair(at)) {
            found_.push_back({&at, std::string(field), std::string(error_code)});
        } else if (json::Value* data = member(at, kFileData)) {
            // The name may be missing: {"fileData": "base64"}.
            if (data->is_string() && !data->string().empty()) *data = json::Array{"", std::move(*data)};
            self(self, *data, depth + 1);
        } else if (at.is_array()) {
            for (json::Value& item : at.array())
                self(self, item, depth + 1);
        } else if (is_list(at)) {
            for (auto& [unused, item] : at.object())
                self(self, item, depth + 1);
        }
    };
    visit(visit, value, 0);
}

Status FileSearch::finish(std::vector<FileContent>& out) {
    if (out.size() + found_.size() > limits::files_per_request_max) {
        return Error{Errc::too_large,
                     "A request takes at most " + std::to_string(limits::files_per_request_max) + " files."};
    }
    for (Found& found : found_) {
        const auto items = found.place->items();
        auto bytes = base64_decode(items[1]->string());
        if (!bytes || bytes->empty()) {
            return invalid("Could not save file: " + found.field + " must hold a name and the contents in base64.",
                           found.field, found.error_code);
        }
        const std::string name = items[0]->string();
        *found.place = upload_marker(out.size());  // frees the text, which is a third larger than the file
        out.push_back(FileContent::make(name, std::move(*bytes)));
    }
    return {};
}

json::Value upload_marker(std::size_t number) {
    json::Object marker;
    marker.set(std::string(kMarker), static_cast<std::int64_t>(number));
    return marker;
}

std::int64_t upload_number(const json::Value& value) {
    if (const json::Value* data = value.find_any_case(kFileData)) return upload_number(*data);
    const json::Value* number = value.find(kMarker);
    return number && number->is_integer() ? number->integer() : -1;
}

}  // namespace stoa::api
