#pragma once
// Files of the drive that hang on posts and comments. The drive is known by the names of its entities only.
// On the transaction's thread. https://github.com/bitrix24/b24restdocs api-reference/log/log-blogpost-add.md

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "api/file_input.hpp"
#include "model/hooks.hpp"

namespace stoa::stream {

/// ENTITY_TYPE of attachments
inline constexpr const char* kPostFiles = "blog_post";
inline constexpr const char* kCommentFiles = "blog_comment";

/// Puts a file that came with the call into the caller's drive; returns the number of the drive's object.
using KeepFile = std::function<Result<RecordId>(api::Call&, const model::StoredContent&)>;

/// Method::files of methods that take FILES.
void find_files(api::FileSearch& search);

struct FileOwner {
    const char* type = "";  ///< kPostFiles, kCommentFiles
    RecordId id = 0;
    const char* field = "";  ///< UF_BLOG_POST_FILE: files that are in the drive already
};
/// What FILES brings is put into the drive and hung on; {"12": "del"} takes an attachment off. Without FILES the field
/// is the whole new list: "n12" a file of the drive, a number an attachment that stays, "empty" none. Nothing named:
/// nothing changes. Errors: no such file, too many, no drive to put it into.
Status save_files(api::Call& call, const KeepFile& keep, const FileOwner& owner);
/// Those of the owners that fit. Part of removing them; their rows are still there for a condition that asks for them.
Status remove_files(model::RemoveContext& context, const char* type, db::Condition owners);

/// Attachments of a page of posts or comments.
class FilesOf {
  public:
    Status load(api::Call& call, const char* type, std::span<const RecordId> owners);
    bool has(RecordId owner) const { return by_owner_.contains(owner); }
    void write_attachments(json::Writer& out, RecordId owner) const;  ///< [505, 506]: numbers of attachments
    void write_objects(json::Writer& out, RecordId owner) const;      ///< [90210]: numbers in the drive
    /// {"90210": {"id", "date", "type", "name", "size", "authorId", "authorName", "urlPreview", …}} of all of them.
    Status write_cards(api::Call& call);
    /// [{"id": 90210, …}] of one owner; load_cards() comes before.
    void write_cards_of(json::Writer& out, RecordId owner) const;
    Status load_cards(api::Call& call);

  private:
    /// What is shown of a file of the drive.
    struct Card {
        RecordId id = 0;
        std::string date, type, name;
        std::int64_t size = 0;  ///< bytes
        UserId author = 0;
        std::string author_name, url_show, url_download;
    };
    static void write_card(json::Writer& out, const Card& card);

    struct Attachment {
        RecordId id = 0, object = 0;
    };
    std::map<RecordId, std::vector<Attachment>> by_owner_;
    std::map<RecordId, Card> cards_;  ///< by number in the drive
};

}  // namespace stoa::stream
