#include "files/s3/multipart.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.hpp"
#include "files/s3/faults.hpp"
#include "files/s3/headers.hpp"

namespace stoa::files::s3 {
namespace {

constexpr std::size_t kRememberedMax = 1'000;  ///< the others are found by their age

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else {
            out += c;
        }
    }
    return out;
}

std::string joining_body(const Digests& digests) {
    std::string body = "<CompleteMultipartUpload>";
    int number = 0;
    for (const Part& part : digests.parts) {
        body += "<Part><PartNumber>" + std::to_string(++number) + "</PartNumber><ETag>" + escaped(part.etag) +
                "</ETag></Part>";
    }
    return body + "</CompleteMultipartUpload>";
}

/// Swift answers 400 when a server of its own fails while it joins, and ends the reason with that server's answer.
bool blames_a_server(const Fault& fault) {
    if (fault.code != "InvalidRequest") return false;
    for (const char* answer : {": 500 ", ": 502 ", ": 503 ", ": 504 ", ": 507 "}) {
        if (fault.message.find(answer) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

Status Multipart::put(const std::string& path, Source& source, Digests digests, Beat& beat) {
    Call start{"start upload", "POST", path, {{"uploads", ""}}};
    start.headers = object_headers(digests.sha256);
    STOA_TRY(const Answer started, client_.expect(start, beat));
    STOA_TRY(std::string id, read_upload_id(started.body));
    const Started upload{path, std::move(id)};
    Status sent = send_parts(upload, source, digests, beat);
    if (sent && beat.abandoned()) sent = Error{Errc::timeout, "The operation was given up."};
    if (sent) {
        bool refused = false;
        sent = join(upload, digests, source.bytes(), beat, refused);
        // An attempt whose answer was lost may have joined them, or still does so. A store made of several servers lets
        // such an upload be called off all the same, and takes the parts away from under the object.
        if (sent || !refused || may_be_there(path, digests)) return sent;
    }
    Beat last;  // its own deadline: the caller's is over
    if (!abort(upload, last)) {
        const MutexLock lock(mutex_);
        if (unfinished_.size() < kRememberedMax) unfinished_.push_back(upload);
    }
    return sent;
}

Status Multipart::send_parts(const Started& upload, Source& source, Digests& digests, Beat& beat) {
    int number = 0;
    for (Part& part : digests.parts) {
        Call call{
            "upload part", "PUT", upload.path, {{"partNumber", std::to_string(++number)}, {"uploadId", upload.id}}};
        call.source = &source;
        call.offset = part.offset;
        call.bytes = part.bytes;
        call.sha256 = part.sha256;
        STOA_TRY(const Answer answer, client_.expect(call, beat));
        part.etag = answer.header("ETag");
        if (part.etag.empty() || !etag_fits(part.etag, is_encrypted(answer), part.md5)) {
            return s3_fault(call.what, client_.endpoint(), 422, {"BadDigest", "The ETag is that of other bytes.", ""},
                            beat);
        }
    }
    return {};
}

/// `refused`: the store answered, and has not joined them now.
Status Multipart::join(const Started& upload, const Digests& digests, std::uint64_t bytes, Beat& beat, bool& refused) {
    Call call{"join parts", "POST", upload.path, {{"uploadId", upload.id}}};
    call.headers = {{"Content-Type", "application/xml"}};
    call.body = joining_body(digests);
    STOA_TRY(const Answer answer, client_.send(call, beat));
    // An attempt whose answer was lost may have joined them; and 200 may come with an error behind it.
    const bool joined_before = answer.status == 404 && answer.fault.code == "NoSuchUpload";
    const Fault late = answer.ok() ? read_fault(answer.body) : answer.fault;
    if (!joined_before && (!answer.ok() || !late.code.empty())) {
        refused = true;
        const bool sick = answer.ok() || blames_a_server(late);
        return s3_fault(call.what, client_.endpoint(), sick ? 503 : answer.status,
                        sick ? Fault{{}, late.message, {}} : late, beat);
    }
    return compare(upload.path, digests, bytes, beat);
}

/// Whether the object of that path is what was sent, as far as can be told.
bool Multipart::may_be_there(const std::string& path, const Digests& digests) {
    Beat last;
    const Call call{"look at upload", "HEAD", path};
    const auto answer = client_.send(call, last);
    if (!answer || (!answer->ok() && answer->status != 404)) return true;
    return answer->ok() && answer->header(kSha256Header) == digests.sha256;
}

/// The store's last word: is it there, and all of it?
Status Multipart::compare(const std::string& path, const Digests& digests, std::uint64_t bytes, Beat& beat) {
    const Call call{"look at upload", "HEAD", path};
    STOA_TRY(const Answer answer, client_.send(call, beat));
    if (answer.ok() && content_length(answer) == bytes && answer.header(kSha256Header) == digests.sha256) return {};
    return s3_fault(call.what, client_.endpoint(), 500, {"", "The joined object is not what was sent.", ""}, beat);
}

bool Multipart::abort(const Started& upload, Beat& beat) {
    const Call call{"call off upload", "DELETE", upload.path, {{"uploadId", upload.id}}};
    const auto answer = client_.send(call, beat);
    return answer && (answer->ok() || answer->status == 404);
}

bool Multipart::has_unfinished() {
    const MutexLock lock(mutex_);
    return !unfinished_.empty();
}

void Multipart::retry_aborts(Beat& beat) {
    while (!beat.abandoned()) {
        Started next;
        {
            const MutexLock lock(mutex_);
            if (unfinished_.empty()) return;
            next = std::move(unfinished_.front());
            unfinished_.pop_front();
        }
        if (abort(next, beat)) continue;
        const MutexLock lock(mutex_);
        unfinished_.push_back(std::move(next));
        return;
    }
}

void Multipart::abort_older(UnixSeconds started_before, Beat& beat) {
    const Endpoint& endpoint = client_.endpoint();
    const auto answer = client_.expect(
        {"list uploads", "GET", "/" + endpoint.bucket, {{"uploads", ""}, {"prefix", endpoint.prefix}}}, beat);
    if (!answer) return;
    const auto uploads = read_uploads(answer->body);
    if (!uploads) return;
    int called_off = 0;
    for (const Upload& upload : *uploads) {
        if (beat.abandoned()) return;
        // The prefix is compared here, too: never touch what another program keeps in the bucket.
        if (upload.initiated >= started_before || !upload.key.starts_with(endpoint.prefix)) continue;
        const std::string path = "/" + endpoint.bucket + "/" + upload.key;
        // The object may be made of the parts of just this upload, see put().
        const auto object = client_.send({"look at upload", "HEAD", path}, beat);
        if (!object || object->status != 404) continue;
        if (abort({path, upload.id}, beat)) ++called_off;
    }
    if (called_off > 0) log::info("file_store_tidied", {{"bucket", endpoint.bucket}, {"uploads", called_off}});
}

}  // namespace stoa::files::s3
