#pragma once
// What is done to a file or folder with all that lies in it: copy, move, trash, restore, delete for good.
// At most limits::disk_tree_objects_max objects at once. Rights are checked by the caller. On the transaction's thread.

#include <string>

#include "api/call.hpp"

namespace stoa::drive {

/// A copy of the object below `folder`; files name the same bytes. What is in the trash is not copied.
Result<RecordId> copy_below(api::Call& call, const model::Record& object, const model::Record& folder);
/// Errors: DISK_OBJ_22000, a folder into itself, a folder to another storage.
Status move_below(api::Call& call, const model::Record& object, const model::Record& folder);
Status put_into_trash(api::Call& call, const model::Record& object);
/// Under a new name when its own was taken meanwhile. Errors: the folder it was in is in the trash itself.
Status take_out_of_trash(api::Call& call, const model::Record& object);
Status delete_for_good(api::Call& call, const model::Record& object);

}  // namespace stoa::drive
