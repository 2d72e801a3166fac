#include "files/s3/client.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "files/s3/faults.hpp"

namespace stoa::files::s3 {
namespace {

constexpr int kAttemptsMax = 6;
constexpr int kFirstPauseMs = 40;
constexpr int kPauseMsMax = 400;
constexpr int kConnectMsMax = 1'000;
constexpr int kLeastMsForAnAttempt = 100;

/// Feeds the request from the source; keeps its error, which the HTTP client cannot carry.
net::UploadSource upload_of(const Call& call, std::optional<Error>& failed) {
    return {call.bytes, [&call, &failed](std::uint64_t offset, char* to, std::size_t size) -> std::size_t {
                auto piece = call.source->piece(call.offset + offset, size);
                if (!piece) {
                    failed = piece.error();
                    return 0;
                }
                std::memcpy(to, piece->data(), piece->size());
                return piece->size();
            }};
}

}  // namespace

std::string_view Answer::header(std::string_view name) const {
    for (const net::Header& each : headers) {
        if (equals_any_case(each.name, name)) return each.value;
    }
    return {};
}

Result<Answer> Client::send(const Call& call, Beat& beat) {
    for (int i = 0;; ++i) {
        Attempt tried = attempt(call, beat);
        if (!tried.again) return std::move(tried.answer);
        if (i + 1 < kAttemptsMax && wait_before_attempt(i, beat)) continue;
        if (!tried.answer) return s3_silence(call.what, endpoint_, tried.answer.error(), beat);
        return fault(call, *tried.answer, beat);
    }
}

Result<Answer> Client::expect(const Call& call, Beat& beat) {
    STOA_TRY(Answer answer, send(call, beat));
    if (!answer.ok()) return fault(call, answer, beat);
    return answer;
}

Error Client::fault(const Call& call, const Answer& answer, Beat& beat) const {
    return s3_fault(call.what, endpoint_, answer.status, answer.fault, beat);
}

/// False when there is no time left, or nobody who waits.
bool Client::wait_before_attempt(int attempt, Beat& beat) const {
    const int longest = std::min(kFirstPauseMs << attempt, kPauseMsMax);
    // Half of it at random: those that failed together do not come back together.
    const int pause = longest / 2 + static_cast<unsigned char>(random_bytes(1)[0]) * longest / 512;
    const auto left_ms = endpoint_.stall_ms - beat.since_us() / 1'000 - pause;
    if (beat.abandoned() || left_ms < kLeastMsForAnAttempt) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    return true;
}

Client::Attempt Client::attempt(const Call& call, Beat& beat) {
    std::size_t turn = authority_.load();
    Signable signable{call.method,  endpoint_.authorities[turn % endpoint_.authorities.size()],
                      call.path,    call.query,
                      call.headers, call.sha256,
                      clock_.now()};
    if (!call.source) signable.payload_sha256 = sha256_hex(call.body);
    std::optional<Error> source_failed;
    std::uint64_t moved = 0;

    net::ClientRequest request;
    request.method = call.method;
    request.url = endpoint_.scheme + "://" + signable.host + encoded_path(call.path);
    if (!call.query.empty()) request.url += "?" + encoded_query(call.query);
    request.headers = sign(endpoint_.key, signable);
    request.body = call.body;
    if (call.source) request.upload = upload_of(call, source_failed);
    request.timeout_ms = 0;
    request.stall_ms = endpoint_.stall_ms;
    request.connect_timeout_ms = std::min(kConnectMsMax, endpoint_.stall_ms);
    request.answer_bytes_max = call.answer_bytes_max;
    request.allow_private_targets = true;
    request.ca_file = endpoint_.ca_file;
    request.on_progress = [&](std::uint64_t bytes) {
        if (bytes != moved) beat.beat();
        moved = bytes;
        return !beat.abandoned();
    };
    auto response = net::fetch(request);
    if (source_failed) return {*source_failed, false};
    if (!response) {
        const Errc code = response.error().code;
        const bool silent = code == Errc::unavailable || code == Errc::timeout;
        if (silent) authority_.compare_exchange_strong(turn, turn + 1);  // the next host's turn, once
        return {std::move(response).error(), silent};
    }
    Answer answer{response->status, std::move(response->headers), std::move(response->body), {}};
    if (!answer.ok()) answer.fault = read_fault(answer.body);
    const bool again = may_try_again(answer.status, answer.fault.code);
    if (!again) beat.beat();
    return {std::move(answer), again};
}

std::string Client::presigned(const std::string& path, const Query& query, int lifetime_s) const {
    const Signable signable{"GET", endpoint_.public_authority, path, query, {}, {}, clock_.now()};
    return endpoint_.public_scheme + "://" + endpoint_.public_authority + presign(endpoint_.key, signable, lifetime_s);
}

}  // namespace stoa::files::s3
