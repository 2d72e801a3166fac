#pragma once
// Files of the drive that hang on tasks: UF_TASK_WEBDAV_FILES and tasks.task.files.attach. The drive is known by the
// names of its entities only. On the transaction's thread. https://github.com/bitrix24/b24restdocs
// api-reference/files/how-to-update-files.md

#include <map>
#include <span>
#include <vector>

#include "api/call.hpp"
#include "api/method.hpp"
#include "model/hooks.hpp"

namespace stoa::tasks {

/// Whether the answer shows them: only when named.
bool wants_files(const api::Call& call);

/// Attachments of a page of tasks.
class TaskFiles {
  public:
    Status load(api::Call& call, std::span<const RecordId> tasks);
    void write(json::Writer& out, RecordId task) const;  ///< [1065, 1077]

  private:
    std::map<RecordId, std::vector<RecordId>> attachments_;
};

/// The field as it is in `fields`: "n12" hangs file 12 of the drive on the task, a number keeps an attachment, the
/// others go. Nothing when it is not named. Errors: no such file, or none that the caller may see.
Status save_files(api::Call& call, RecordId task, const json::Value& fields);
Status remove_files(model::RemoveContext& context);

std::vector<api::Method> file_methods();

}  // namespace stoa::tasks
