#pragma once
// Links to stored files: addresses that carry a signed ticket, so that a browser without a credential can fetch or send
// one file. Signed with the account's key (model/stored_files.hpp); expire. Values and pure functions, any thread.
//
//   {account url}/rest/download.json?token=T    GET, HEAD: one file
//   {account url}/rest/upload.json?token=T      POST: contents for one method call with parameters fixed beforehand
//   T = base64url(JSON) "." base64url(first 16 bytes of its HMAC-SHA-256)
// The form of the addresses: https://github.com/bitrix24/b24restdocs
// api-reference/disk/folder/disk-folder-upload-file.md

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"
#include "model/records.hpp"

namespace stoa::api {

class FileLinks {
  public:
    FileLinks(const model::AccountInfo& account, UnixSeconds now);
    /// With the account's key also where this process does not know yet that the account has one.
    static Result<FileLinks> of(model::Records& records);

    /// The same within an hour, so that browsers can keep what they fetched.
    std::string download(RecordId file) const;
    std::string show(RecordId file) const;  ///< may open in the browser where that is safe (images)
    /// What arrives there becomes `method` with `parameters` and the contents as `fileContent`, on behalf of the user.
    std::string upload(UserId user, std::string_view method, json::Value parameters) const;

  private:
    std::string address(std::string_view page, const json::Value& ticket) const;

    std::string url_;
    std::string key_;
    AccountId account_;
    UnixSeconds now_;
};

struct FileTicket {
    enum class Kind : std::uint8_t { download, show, upload } kind = Kind::download;
    AccountId account = 0;
    UnixSeconds expires_at = 0;
    RecordId file = 0;  ///< download, show
    UserId user = 0;    ///< upload, with what follows
    std::string method;
    json::Value parameters = json::Object();
};

/// Whose ticket it claims to be; 0 when it is none. Only to find the key.
AccountId ticket_account(std::string_view token);
/// Errors: forbidden (forged, or expired: ask for a new link).
Result<FileTicket> open_ticket(std::string_view token, std::string_view key, UnixSeconds now);

}  // namespace stoa::api
