#include "files/s3/backend.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "files/s3/client.hpp"
#include "files/s3/digests.hpp"
#include "files/s3/faults.hpp"
#include "files/s3/headers.hpp"
#include "files/s3/multipart.hpp"
#include "json/url.hpp"

namespace stoa::files::s3 {
namespace {

Error too_much() {
    return {Errc::too_large,
            "At most " + std::to_string(limits::file_read_bytes_max >> 20) + " MiB of a stored file are read at once."};
}

/// The name that a browser proposes; it cannot break out of the header, and older ones get ASCII.
std::string disposition(const std::string& name) {
    std::string ascii;
    for (const char c : name)
        ascii += c >= ' ' && c < '\x7F' && c != '"' && c != '\\' ? c : '_';
    return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + json::url_encode(name);
}

class S3Backend final : public Backend {
  public:
    S3Backend(Endpoint endpoint, Clock& clock, BackendOptions options)
        : client_(std::move(endpoint), clock), multipart_(client_), clock_(clock), options_(options) {}

    Result<BlobInfo> put(const Blob& blob, Source& source, Beat& beat) override {
        const std::uint64_t bytes = source.bytes();
        const bool whole = bytes <= limits::file_single_put_bytes_max;
        STOA_TRY(Digests digests,
                 digest(source, whole ? limits::file_single_put_bytes_max : limits::file_part_bytes, beat));
        const BlobInfo info{bytes, digests.sha256};
        if (whole) {
            STOA_CHECK(put_whole(path_of(blob), source, digests, beat));
        } else {
            STOA_CHECK(multipart_.put(path_of(blob), source, std::move(digests), beat));
        }
        return info;
    }

    Result<std::string> get(const Blob& blob, ByteRange range, Beat& beat) override {
        if (range.begin >= range.end) {
            STOA_CHECK(stat(blob, beat));
            return std::string();
        }
        const bool whole = range.begin == 0 && range.end == UINT64_MAX;
        Call call{"get", "GET", path_of(blob)};
        call.answer_bytes_max = limits::file_read_bytes_max;
        if (!whole) {
            // One byte more than may be given back tells whether there is more.
            const std::uint64_t bytes =
                std::min<std::uint64_t>(range.end - range.begin, limits::file_read_bytes_max + 1);
            call.answer_bytes_max += 1;
            call.headers = {
                {"Range", "bytes=" + std::to_string(range.begin) + "-" + std::to_string(range.begin + bytes - 1)}};
        }
        auto answer = client_.send(call, beat);
        if (!answer) return answer.error().code == Errc::too_large ? too_much() : std::move(answer).error();
        if (!whole && answer->status == 416) return std::string();  // begins behind the end
        if (!answer->ok()) return client_.fault(call, *answer, beat);
        return checked(call, std::move(*answer), range, whole, beat);
    }

    Result<BlobInfo> stat(const Blob& blob, Beat& beat) override {
        STOA_TRY(const Answer answer, client_.expect({"stat", "HEAD", path_of(blob)}, beat));
        const auto bytes = content_length(answer);
        if (!bytes) return internal_error("The S3 store does not say how long the file is.");
        return BlobInfo{*bytes, std::string(answer.header(kSha256Header))};
    }

    Result<bool> remove(const Blob& blob, Beat& beat) override {
        const auto answer = client_.expect({"remove", "DELETE", path_of(blob)}, beat);
        if (!answer && answer.error().code != Errc::not_found) return answer.error();
        return true;
    }

    Status probe(Beat& beat) override {
        const Endpoint& endpoint = client_.endpoint();
        const Query query{{"list-type", "2"}, {"max-keys", "1"}, {"prefix", endpoint.prefix}};
        const Call call{"probe", "GET", "/" + endpoint.bucket, query};
        STOA_TRY(const Answer answer, client_.send(call, beat));
        if (answer.ok()) return {};
        Error error = client_.fault(call, answer, beat);
        if (error.code == Errc::not_found) {
            return invalid("What answers at the address of the S3 store is none.", "files.url");
        }
        // A key that may not list may do all the rest.
        if (!is_misconfiguration(answer.fault.code)) return {};
        error.code = Errc::invalid_argument;
        error.field = answer.fault.code == "SignatureDoesNotMatch" ? "files.secret_key_file" : "files.url";
        return error;
    }

    void tidy(Beat& beat) override {
        multipart_.retry_aborts(beat);
        multipart_.abort_older(clock_.now() - options_.leftover_age_s, beat);
    }

    bool has_leftovers() override { return multipart_.has_unfinished(); }

    std::optional<std::string> presigned_url(const Blob& blob, const Store::DownloadAs& as) override {
        Query query;
        if (!as.name.empty()) query.emplace_back("response-content-disposition", disposition(as.name));
        if (!as.content_type.empty()) query.emplace_back("response-content-type", as.content_type);
        const int lifetime_s = std::clamp(as.lifetime_s, 1, limits::file_link_lifetime_s_max);
        return client_.presigned(path_of(blob), query, lifetime_s);
    }

  private:
    std::string path_of(const Blob& blob) const { return client_.endpoint().path_of(blob); }

    Status put_whole(const std::string& path, Source& source, const Digests& digests, Beat& beat) {
        const Part& part = digests.parts.front();
        Call call{"put", "PUT", path};
        call.headers = object_headers(digests.sha256);
        call.source = &source;
        call.bytes = part.bytes;
        call.sha256 = part.sha256;
        STOA_TRY(const Answer answer, client_.expect(call, beat));
        if (etag_fits(answer.header("ETag"), is_encrypted(answer), part.md5)) return {};
        return s3_fault(call.what, client_.endpoint(), 422, {"BadDigest", "The ETag is that of other bytes.", ""},
                        beat);
    }

    /// What came is what was asked for, and what was stored.
    Result<std::string> checked(const Call& call, Answer answer, ByteRange range, bool whole, Beat& beat) const {
        std::string& body = answer.body;
        if (content_length(answer).value_or(body.size()) != body.size()) {
            return s3_silence(call.what, client_.endpoint(), {Errc::unavailable, "Its answer was cut short."}, beat);
        }
        const std::string_view expected = answer.header(kSha256Header);
        const bool everything =
            whole || answer.status != 206 ||
            (range.begin == 0 && answer.header("Content-Range").ends_with("/" + std::to_string(body.size())));
        if (everything && !expected.empty() && sha256_hex(body) != expected) return damaged(call);
        if (answer.status != 206) {  // it was not asked for a range, or ignored it
            if (range.begin >= body.size()) return std::string();
            if (range.end < body.size()) body.resize(static_cast<std::size_t>(range.end));
            body.erase(0, static_cast<std::size_t>(range.begin));
        }
        if (body.size() > limits::file_read_bytes_max) return too_much();
        if (body.size() > range.end - range.begin) return damaged(call);
        return std::move(body);
    }

    Error damaged(const Call& call) const {
        static Counter& count = counter("stoa_files_damaged_total", "Stored files found damaged");
        count.add();
        log::error(
            "stored_file_damaged",
            {{"path", call.path}, {"reason", "it is not what was stored"}, {"do", "restore this file from a backup"}});
        return internal_error("The stored file is damaged: it is not what was stored.");
    }

    Client client_;
    Multipart multipart_;
    Clock& clock_;
    const BackendOptions options_;
};

}  // namespace

std::shared_ptr<Backend> s3_backend(Endpoint endpoint, Clock& clock, BackendOptions options) {
    return std::make_shared<S3Backend>(std::move(endpoint), clock, options);
}

}  // namespace stoa::files::s3
