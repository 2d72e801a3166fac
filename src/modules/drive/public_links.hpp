#pragma once
// Public links: {account url}/~{account}-{hash} opens a file or the files of a folder to anybody who has the address.

#include <string>
#include <string_view>

#include "api/public_files.hpp"

namespace stoa::drive {

/// The caller's link to an object, made where it is missing: the part behind the slash. Only inside a write.
Result<std::string> public_code(model::Records& records, RecordId object);
/// What a link opens now. Errors: not_found (never made, object deleted or in the trash).
Result<api::PublicPage> open_public_link(model::Records& records, std::string_view hash);

}  // namespace stoa::drive
