#pragma once
// Contents of files among the parameters of a call. They are taken out before the call runs, put into the file store,
// and stand there as {"@upload": n} afterwards; the handler finds what is known of them with Call::upload(). A client
// that writes such a marker itself can only name a file of its own request.
//
// Forms that clients send: ["name", "base64"], {"fileData": ["name", "base64"]}, and lists of these.
// https://github.com/bitrix24/b24restdocs api-reference/files/how-to-upload-files.md

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/metadata.hpp"

namespace stoa::api {

struct FileContent {
    std::string name;
    std::shared_ptr<const std::string> bytes;
    std::string sha256;  ///< hexadecimal
    std::string_view content_type;

    static FileContent make(std::string_view name, std::string bytes);
};

/// Whether it is worth looking closer: some value has one of the forms. Cheap; also true for other lists of two texts.
bool may_hold_files(const json::Value& parameters);

/// Handed to Method::files, which says where contents stand.
class FileSearch {
  public:
    FileSearch(json::Value& parameters, const model::Registry& registry, const model::Metadata& metadata)
        : parameters_(parameters), registry_(registry), metadata_(metadata) {}

    json::Value& parameters() { return parameters_; }
    const model::Registry& registry() const { return registry_; }
    const model::Metadata& metadata() const { return metadata_; }
    /// Member of an object in any case, or nullptr.
    static json::Value* member(json::Value& object, std::string_view name);

    /// Every file in the value. `error_code` is the method's own for contents that are no base64.
    void take(json::Value& value, std::string_view field, std::string_view error_code = {});

    /// Decodes what was found and leaves markers in its place, numbered from `first`. Takes CPU: on a worker.
    /// Errors: invalid_argument naming the field; too_large (limits::files_per_request_max).
    Status finish(std::vector<FileContent>& out);

  private:
    struct Found {
        json::Value* place;
        std::string field;
        std::string error_code;
    };
    json::Value& parameters_;
    const model::Registry& registry_;
    const model::Metadata& metadata_;
    std::vector<Found> found_;
};

json::Value upload_marker(std::size_t number);
/// The number in a marker, or in {"fileData": marker}; -1 when it is none.
std::int64_t upload_number(const json::Value& value);

}  // namespace stoa::api
