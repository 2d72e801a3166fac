#include "app/probe/long_requests.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/probe/caller.hpp"
#include "base/clock.hpp"
#include "base/hasher.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kSlowBodyBytes = 200'000;
constexpr int kTricklePauseMs = 50;
constexpr int kTriesInARow = 50;
constexpr int kTryPauseMs = 200;
constexpr int kPartMs = 60'000;
constexpr std::uint64_t kReadBytes = 8ULL << 20;

net::ClientRequest request_to(const Target& target, std::string url, int timeout_ms) {
    net::ClientRequest request;
    request.url = std::move(url);
    request.timeout_ms = timeout_ms;
    request.connect_timeout_ms = 2'000;
    request.allow_private_targets = true;
    request.ca_file = target.ca_file;
    request.answer_bytes_max = 2 * kReadBytes;
    return request;
}

std::string text_at(const std::string& body, std::string_view name) {
    const auto parsed = json::parse(body);
    if (!parsed) return {};
    const json::Value* result = parsed->find("result");
    const json::Value* value = result ? result->find(name) : nullptr;
    return value ? value->as_text().value_or("") : std::string();
}

Error failed(const std::string& what, const Result<net::ClientResponse>& answer) {
    return Error{Errc::unavailable,
                 what + (answer ? ": " + std::to_string(answer->status) + " " + answer->body.substr(0, 200)
                                : ": " + answer.error().message)};
}

/// Content without end that needs no memory: the same bytes over and over, changed by the number of the block.
class Content {
  public:
    explicit Content(std::uint64_t bytes) : bytes_(bytes), block_(random_bytes(1 << 20)) {}
    std::string part(std::uint64_t from, std::uint64_t to) const {
        std::string out;
        out.reserve(to - from);
        while (from < to) {
            const std::uint64_t within = from % block_.size();
            const std::uint64_t some = std::min<std::uint64_t>(block_.size() - within, to - from);
            const std::size_t at = out.size();
            out.append(block_, within, some);
            out[at] = static_cast<char>(out[at] ^ static_cast<char>(from / block_.size()));
            from += some;
        }
        return out;
    }
    std::uint64_t bytes() const { return bytes_; }

  private:
    const std::uint64_t bytes_;
    const std::string block_;
};

/// Where the portal says the upload stands; all of it when it is done.
std::uint64_t offset_of(const net::ClientResponse& answer, std::uint64_t total) {
    if (answer.status == 200) return total;
    for (const net::Header& header : answer.headers) {
        const std::size_t dash = header.value.find('-');
        if (header.name.size() != 5 || (header.name[0] | 0x20) != 'r' || dash == std::string::npos) continue;
        return std::stoull(header.value.substr(dash + 1)) + 1;
    }
    return 0;
}

}  // namespace

Status write_slowly(const Target& target, const std::string& title, int duration_ms) {
    std::string body;
    json::Writer out(body);
    out.begin_object().key("fields").begin_object().field("TITLE", title);
    out.field("COMMENTS", std::string(kSlowBodyBytes, 'x')).end_object().end_object();
    net::ClientRequest request = request_to(target, target.url + target.webhook + "crm.lead.add", duration_ms + 30'000);
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.upload.bytes = body.size();
    const std::size_t piece =
        std::max<std::size_t>(1, body.size() * kTricklePauseMs / static_cast<std::size_t>(duration_ms));
    request.upload.read = [&](std::uint64_t offset, char* to, std::size_t size) {
        std::this_thread::sleep_for(std::chrono::milliseconds(kTricklePauseMs));
        const std::size_t some = std::min({size, piece, body.size() - static_cast<std::size_t>(offset)});
        body.copy(to, some, static_cast<std::size_t>(offset));
        return some;
    };
    const auto answer = net::fetch(request);
    const auto parsed = answer ? json::parse(answer->body) : Result<json::Value>(internal_error(""));
    const json::Value* id = parsed ? parsed->find("result") : nullptr;
    if (!answer || answer->status != 200 || !id) return failed("A slow request", answer);
    net::ClientRequest remove = request_to(
        target, target.url + target.webhook + "crm.lead.delete?id=" + std::to_string(id->as_integer().value_or(0)),
        20'000);
    (void)net::fetch(remove);
    return {};
}

namespace {

Result<std::string> upload_address(const Target& target) {
    const auto folders = net::fetch(request_to(target, target.url + target.webhook + "disk.storage.getlist", 20'000));
    const auto parsed = folders ? json::parse(folders->body) : Result<json::Value>(internal_error(""));
    const json::Value* result = parsed ? parsed->find("result") : nullptr;
    if (!result || result->items().empty()) return failed("The drive has no storage", folders);
    const json::Value* root = result->items().front()->find("ROOT_OBJECT_ID");
    const std::string folder = root ? root->as_text().value_or("") : "";
    const auto offer = net::fetch(request_to(
        target, target.url + target.webhook + "disk.folder.uploadfile?id=" + folder + "&generateUniqueName=1", 20'000));
    const std::string url = offer ? text_at(offer->body, "uploadUrl") : "";
    if (url.empty()) return failed("The drive gives no address for an upload", offer);
    return address_on(target, url) + "&name=drill.bin";
}

/// One part, or (empty) the question how far it is.
Result<net::ClientResponse> send_part(const Target& target, const std::string& url, const std::string& range,
                                      std::string bytes) {
    net::ClientRequest request = request_to(target, url, kPartMs);
    request.method = "PUT";
    request.headers = {{"Content-Range", "bytes " + range}, {"Content-Type", "application/octet-stream"}};
    request.body = std::move(bytes);
    return net::fetch(request);
}

Status compare_content(const Target& target, const std::string& url, const Content& content) {
    for (std::uint64_t from = 0; from < content.bytes(); from += kReadBytes) {
        const std::uint64_t to = std::min(content.bytes(), from + kReadBytes);
        net::ClientRequest request = request_to(target, address_on(target, url), kPartMs);
        request.headers = {{"Range", "bytes=" + std::to_string(from) + "-" + std::to_string(to - 1)}};
        const auto piece = net::fetch(request);
        if (!piece || piece->status != 206) return failed("The file cannot be read back", piece);
        if (piece->body != content.part(from, to)) {
            return Error{Errc::internal,
                         "The file that was read back differs after byte " + std::to_string(from) + "."};
        }
    }
    return {};
}

}  // namespace

Result<UploadReport> upload_large(const Target& target, const LargeUpload& upload,
                                  std::atomic<std::uint64_t>& progress) {
    STOA_TRY(const std::string url, upload_address(target));
    const Content content(upload.bytes);
    const std::string total = "/" + std::to_string(content.bytes());
    const std::int64_t begin_us = system_clock().monotonic_us();
    UploadReport report;
    std::string answer_body;
    std::uint64_t offset = 0;
    for (int tries = 0; answer_body.empty();) {
        const std::uint64_t to = std::min(content.bytes(), offset + upload.part_bytes);
        const bool all_there = offset == content.bytes();
        auto answer = all_there || tries > 0
                          ? send_part(target, url, "*" + total, {})
                          : send_part(target, url, std::to_string(offset) + "-" + std::to_string(to - 1) + total,
                                      content.part(offset, to));
        if (!answer || (answer->status != 200 && answer->status != 308)) {
            // No answer, or the store does not take files just now: ask, then go on from there.
            if (answer && answer->status < 500) return failed("A part was refused", answer);
            if (++tries > kTriesInARow) return failed("The upload does not go on", answer);
            ++report.repeated;
            std::this_thread::sleep_for(std::chrono::milliseconds(kTryPauseMs));
            continue;
        }
        tries = 0;
        ++report.parts;
        offset = offset_of(*answer, content.bytes());
        progress = offset;
        if (answer->status == 200) answer_body = std::move(answer->body);
        const auto due_us =
            begin_us + static_cast<std::int64_t>(static_cast<double>(upload.duration_ms) * 1000 *
                                                 static_cast<double>(offset) / static_cast<double>(content.bytes()));
        const std::int64_t early_us = due_us - system_clock().monotonic_us();
        if (early_us > 0 && answer_body.empty()) std::this_thread::sleep_for(std::chrono::microseconds(early_us));
    }
    STOA_CHECK(compare_content(target, text_at(answer_body, "DOWNLOAD_URL"), content));
    const std::string id = text_at(answer_body, "ID");
    (void)net::fetch(request_to(target, target.url + target.webhook + "disk.file.delete?id=" + id, 20'000));
    return report;
}

}  // namespace stoa::app::probe
