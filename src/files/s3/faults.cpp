#include "files/s3/faults.hpp"

#include "base/log.hpp"

namespace stoa::files::s3 {
namespace {

struct Row {
    int status;        ///< 0: any
    const char* code;  ///< empty: any
    Errc errc;
    const char* message;
    const char* action;
};

constexpr Row kRows[] = {
    {0, "SignatureDoesNotMatch", Errc::unavailable,
     "The S3 store refuses the signature: the secret key is not that of the access key.",
     "put the secret key that belongs to the access key into files.secret_key_file"},
    {0, "InvalidAccessKeyId", Errc::unavailable, "The S3 store does not know the access key.",
     "put the right access key before the host in files.url"},
    {0, "RequestTimeTooSkewed", Errc::unavailable, "The clocks of this machine and of the S3 store differ too much.",
     "set both by NTP: requests are refused when they differ by 15 minutes"},
    {0, "AuthorizationHeaderMalformed", Errc::unavailable, "The S3 store is in another region.",
     "set region= in files.url to the one in `region`"},
    {0, "PermanentRedirect", Errc::unavailable, "The bucket is at another address or in another region.",
     "set host and region= in files.url to those of the bucket"},
    {0, "NoSuchBucket", Errc::unavailable, "The S3 store has no such bucket.", "make the bucket that files.url names"},
    {0, "AccessDenied", Errc::unavailable, "The S3 store refuses access to the bucket.",
     "allow this access key to get, put, delete and list objects and to abort and list uploads in this bucket"},
    {0, "QuotaExceeded", Errc::unavailable, "The quota of the S3 store is used up.", "raise the quota or free space"},
    {507, "", Errc::unavailable, "The S3 store is full.", "free or add space"},
    {413, "", Errc::unavailable, "The quota of the S3 store is used up, or the object is too large for it.",
     "raise the quota or free space"},
    {0, "EntityTooLarge", Errc::too_large, "The S3 store does not take files of this size.", "raise its limit"},
    {0, "XAmzContentSHA256Mismatch", Errc::unavailable, "The S3 store received other bytes than were sent.",
     "check the network, and the memory of both machines"},
    {0, "BadDigest", Errc::unavailable, "The S3 store received other bytes than were sent.",
     "check the network, and the memory of both machines"},
    {422, "", Errc::unavailable, "The S3 store received other bytes than were sent.",
     "check the network, and the memory of both machines"},
    {401, "", Errc::unavailable, "The S3 store does not accept the login.", "check access key and secret key"},
    {403, "", Errc::unavailable, "The S3 store refuses access.",
     "check access key, secret key and the bucket's policy"},
    {404, "", Errc::not_found, "There is no such file.", ""},
    {429, "", Errc::unavailable, "The S3 store is overloaded.", "look at the store; lower the load"},
    {503, "", Errc::unavailable, "The S3 store is overloaded or down.", "look at the store"},
};
constexpr Row kServer = {0, "", Errc::unavailable, "The S3 store fails.", "look at the log of the store"};
constexpr Row kOther = {0, "", Errc::internal, "The S3 store refused a request.", "report this as a bug"};

const Row& row_of(int status, const std::string& code) {
    for (const Row& row : kRows) {
        if (*row.code != '\0' ? code == row.code : status == row.status) return row;
    }
    return status >= 500 ? kServer : kOther;
}

}  // namespace

bool may_try_again(int status, const std::string& code) {
    if (status == 501 || status == 505 || status == 507) return false;
    return status >= 500 || status == 408 || status == 422 || status == 429 || code == "RequestTimeout" ||
           code == "BadDigest" || code == "XAmzContentSHA256Mismatch" || code == "IncompleteBody" ||
           code == "OperationAborted";
}

bool is_misconfiguration(const std::string& code) {
    for (const char* known : {"SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed",
                              "AuthorizationHeaderMalformed", "PermanentRedirect", "NoSuchBucket"}) {
        if (code == known) return true;
    }
    return false;
}

Error s3_fault(const char* what, const Endpoint& endpoint, int status, const Fault& fault, Beat& beat) {
    const Row& row = row_of(status, fault.code);
    if (row.errc == Errc::not_found) return not_found(row.message);
    if (may_try_again(status, fault.code)) beat.store_is_down();
    log::error("file_store_failed", {{"call", what},
                                     {"host", endpoint.authorities.front()},
                                     {"bucket", endpoint.bucket},
                                     {"access_key", endpoint.key.access_key},
                                     {"status", status},
                                     {"code", fault.code},
                                     {"reason", fault.message},
                                     {"region", fault.region},
                                     {"do", row.action}});
    return {row.errc, row.message, {}, {}, row.errc == Errc::unavailable ? 10 : 0};
}

Error s3_silence(const char* what, const Endpoint& endpoint, const Error& reason, Beat& beat) {
    beat.store_is_down();
    log::error("file_store_failed", {{"call", what},
                                     {"host", endpoint.authorities.front()},
                                     {"reason", reason.message},
                                     {"do", "look at the store and at the network"}});
    return {Errc::unavailable, "The S3 store does not answer as it should. " + reason.message, {}, {}, 5};
}

}  // namespace stoa::files::s3
