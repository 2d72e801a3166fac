#pragma once
// Files and folders as records: finding them for a caller, asking what he may do with them, making new ones.
// On the transaction's thread.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.hpp"
#include "model/hooks.hpp"

namespace stoa::drive {

enum class Kind : std::uint8_t { folder, file, any };
enum class Trash : std::uint8_t { outside, inside, either };

/// Errors: ERROR_NOT_FOUND, also for what lies in the trash or may not be seen.
Result<model::Record> find_object(api::Call& call, RecordId id, Kind kind, Trash trash = Trash::outside);
/// Whether the caller may treat a visible object so; `add` is asked of the folder to add to. Errors: ACCESS_DENIED.
Status check_may(api::Call& call, const model::Record& object, model::Operation operation);

bool is_file(const model::Record& object);
bool is_root(const model::Record& object);

/// A folder or file below `folder`; the name is clean. Errors: DISK_OBJ_22000 (name taken), too_large (too deep).
Result<RecordId> add_folder(api::Call& call, const model::Record& folder, const std::string& name);
Result<RecordId> add_file(api::Call& call, const model::Record& folder, const std::string& name,
                          const model::StoredContent& content);

/// What everything in a folder takes over from it: storage, parent, owner (of a personal storage).
Status place_below(api::Call& call, model::Changes& changes, const model::Record& folder);
/// One more content of a file. The file already names it.
Status note_version(model::Records& records, const model::Record& file);

std::unique_ptr<model::EntityHooks> make_object_hooks();

}  // namespace stoa::drive
