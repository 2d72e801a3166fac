#pragma once
// Files that hang on comments and activities (FILES). They belong to the record and go with it.
// On the transaction's thread.

#include <map>
#include <span>
#include <vector>

#include "api/call.hpp"
#include "api/file_input.hpp"
#include "api/file_links.hpp"

namespace stoa::crm {

/// Method::files of methods that take fields[FILES].
void find_attachments(api::FileSearch& search);

/// Attachments of a page of records.
class Attachments {
  public:
    static Result<Attachments> load(api::Call& call, const model::Entity& entity, std::span<const RecordId> owners);

    bool has(RecordId owner) const { return files_.contains(owner); }
    /// {"5": {"id": 5, "name", "size", "type", "date", "authorId", "authorName", "urlPreview", "urlShow",
    /// "urlDownload"}}
    void write_cards(api::Call& call, RecordId owner) const;
    /// [{"id": 5, "url"}]
    void write_list(api::Call& call, RecordId owner) const;

  private:
    explicit Attachments(api::FileLinks links) : links_(std::move(links)) {}

    api::FileLinks links_;
    std::map<RecordId, std::vector<model::Record>> files_;
    std::map<UserId, std::string> authors_;
};

}  // namespace stoa::crm
