#pragma once
// Names of files and folders: what a name may be, and when two of them are the same. Two objects of one folder never
// have the same name; what is in the trash keeps its name without taking the place.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::drive {

/// The name as it is kept: characters that file systems do not take become '_'. Errors: DISK_BASE_SERVICE_22001
/// (empty).
Result<std::string> clean_name(std::string_view given);

/// What is unique per folder (field NAME_KEY): of the name without regard to the case of its Latin letters, or of the
/// object in the trash.
std::string name_key(std::string_view name);
std::string trash_key(RecordId id);

Result<bool> name_is_taken(model::Records& records, RecordId folder, std::string_view name);
/// The name, or the first of "name (1).ext", "name (2).ext", … that is free.
Result<std::string> free_name(model::Records& records, RecordId folder, const std::string& name);

Error name_taken(bool is_file);

}  // namespace stoa::drive
