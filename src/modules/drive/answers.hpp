#pragma once
// How storages, files, folders and versions look on the wire: upper-case keys, scalars as strings; what a call has just
// set is printed as a number, as clients know it from the original. Shapes: api-reference/disk of
// https://github.com/bitrix24/b24restdocs. On the transaction's thread.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "api/call.hpp"
#include "api/file_links.hpp"

namespace stoa::drive {

void write_storage(api::Call& call, const model::Record& storage);

/// Writes objects of one call; remembers the ways to their folders.
class ObjectWriter {
  public:
    static Result<ObjectWriter> make(api::Call& call);

    /// `changed`: a field that this call has set, printed as a number.
    Status write(const model::Record& object, std::string_view changed = {});
    /// An object that was just made.
    Status write_new(const model::Record& object);
    void write_version(const model::Record& version);

  private:
    ObjectWriter(api::Call& call, api::FileLinks links) : call_(call), links_(std::move(links)) {}
    Status write(const model::Record& object, std::span<const std::string_view> numbers, bool made);
    Result<std::string> address_of(const model::Record& object);
    Result<std::string> folder_address(RecordId folder, RecordId storage);

    api::Call& call_;
    api::FileLinks links_;
    std::map<RecordId, std::string> folders_;  ///< folder → "…/disk/%/Folder/Sub", % for path or file
};

/// The object with this id, read again and written as the whole answer.
Status answer_object(api::Call& call, RecordId id, std::string_view changed = {});
Status answer_new_object(api::Call& call, RecordId id);

}  // namespace stoa::drive
