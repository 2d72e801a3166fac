#pragma once
// File fields of records: PHOTO, LOGO, user fields of type file. Contents become stored files, records keep their
// numbers. On the transaction's thread.

#include <optional>

#include "api/file_input.hpp"
#include "api/method.hpp"
#include "api/shape.hpp"

namespace stoa::api {

/// For Method::files: contents in the fields of an entity, in its own field names. `fields` is their object.
void find_files(FileSearch& search, const model::Entity& entity, model::Names names, json::Value& fields);
/// Method::files of a generic method: the parameter that holds the fields of this entity.
std::function<void(FileSearch&)> files_in_fields(const model::Entity& entity, model::Names names,
                                                 std::string parameter);
/// Method::files of a method with contents in one parameter.
std::function<void(FileSearch&)> files_in_parameter(std::string parameter, std::string error_code = {});

/// Client fields with numbers instead of contents, ready for read_changes(); nothing when no file field is among them.
/// Understands what was taken out, numbers that stay, {"id": n, "remove": "Y"} and "" for none.
Result<std::optional<json::Value>> store_files(Call& call, const model::Entity& entity, const Shape& shape,
                                               const json::Value& fields);

/// Files in a list beside the fields of a record (FILES of a comment) become its own. The record is saved already.
Status store_attachments(Call& call, const model::Entity& entity, RecordId id, const json::Value& given);

/// {"id", "showUrl", "downloadUrl"}, or as crm.item has it {"id", "url", "urlMachine"}.
void write_file(json::Writer& out, const Shape& shape, RecordId file);

}  // namespace stoa::api
