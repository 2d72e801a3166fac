#include "net/connection.hpp"

#include <algorithm>
#include <cstring>

#include "net/responder_channel.hpp"
#include "net/response_head.hpp"
#include "net/websocket_connection.hpp"

namespace stoa::net {
namespace {

constexpr int kLingerMs = 2'000;
constexpr int kDrainLingerMs = 500;
constexpr int kDrainGraceMs = 250;
constexpr std::size_t kProgressBytes = 4096;          // moves a deadline: single bytes now and then do not
constexpr int kReadsPerTurn = 8;                      // then other connections have a turn
constexpr std::size_t kCopiedBodyMax = 4096;          // smaller bodies travel in the buffer of their head
constexpr std::size_t kCopiedTlsBodyMax = 15 * 1024;  // head and body in one TLS record

TlsSession session_for(IoThread& thread, const Accepted& accepted) {
    return accepted.tls ? make_server_session(*thread.core().tls, accepted.fd.get()) : nullptr;
}

}  // namespace

Connection::Connection(IoThread& thread, Accepted accepted, std::size_t slot)
    : Client(slot),
      thread_(thread),
      watch_(std::in_place, thread.loop(), accepted.fd.get()),
      stream_(accepted.fd.get(), session_for(thread, accepted)),
      reader_(limits::header_bytes_max, limits::body_bytes_max),
      remote_address_(std::move(accepted.remote_address)),
      refuse_at_start_(accepted.refuse) {
    accepted.fd.release();  // watch_ closes it
    if (accepted.tls) phase_ = Phase::handshaking;
}

void Connection::start() {
    if (phase_ == Phase::handshaking) {
        if (refuse_at_start_ || !stream_.tls()) return close();
        set_deadline(timeouts().header_ms);
        return wait(IoLoop::Ready::to_read);
    }
    if (refuse_at_start_) return refuse(503);
    set_deadline(timeouts().idle_ms);
    wait(IoLoop::Ready::to_read);
}

void Connection::on_ready(IoLoop::Ready direction) {
    (direction == IoLoop::Ready::to_read ? waiting_to_read_ : waiting_to_write_) = false;
    switch (phase_) {
        case Phase::handshaking:
            return handshake();
        case Phase::reading:
            return read_requests();
        case Phase::writing:
            flush();
            if (phase_ == Phase::reading) resume();
            return;
        case Phase::lingering:
            return linger();
        case Phase::answering:
        case Phase::closed:
            return;
    }
}

void Connection::on_deadline() {
    switch (phase_) {
        case Phase::reading:
            if (!request_begun_) return close();
            return refuse(408);
        case Phase::answering:
            return refuse(504);
        case Phase::handshaking:
        case Phase::writing:
        case Phase::lingering:
        case Phase::closed:
            return close();
    }
}

void Connection::begin_drain() {
    if (phase_ != Phase::reading || request_begun_) return;
    // A request may have arrived that the loop has not told us of: it is still answered.
    read_requests();
    if (phase_ != Phase::reading || request_begun_) return;
    // A new connection has its first request under way, most likely.
    if (!served_) return set_idle_deadline();
    begin_linger();
}

void Connection::answer(Response response) {
    if (phase_ != Phase::answering) return;  // closed or timed out in the meantime
    send(response);
    if (upgraded_ && !dispatching_) return hand_over({});
    // While the handler is on the stack, read_requests() goes on after it.
    if (phase_ == Phase::reading && !dispatching_) resume();
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    const auto self = shared_from_this();
    account_body(0);
    watch_.reset();
    outgoing_.reset();
    thread_.forget(slot());
}

void Connection::handshake() {
    const IoResult result = stream_.handshake();
    switch (result.kind) {
        case IoResult::Kind::done:
            phase_ = Phase::reading;
            set_idle_deadline();
            return read_requests();
        case IoResult::Kind::want_read:
            drained_ = true;
            return wait(IoLoop::Ready::to_read);
        case IoResult::Kind::want_write:
            return wait(IoLoop::Ready::to_write);
        case IoResult::Kind::plain_http: {
            stream_.drop_tls();
            phase_ = Phase::answering;
            Response response = refusal(400);
            response.content_type = "text/plain; charset=utf-8";
            response.body = "This port speaks https.\n";
            return send(response);
        }
        case IoResult::Kind::end:
        case IoResult::Kind::failed:
            return close();
    }
}

/// Reads and serves until the socket is empty, an answer is outstanding, or it is other connections' turn.
void Connection::read_requests() {
    std::vector<char>& buffer = thread_.read_buffer();
    bool& busy = thread_.read_buffer_busy();
    if (busy) {  // called from another connection's handler
        thread_.loop().post([self = shared_from_this()] {
            if (self->phase_ == Phase::reading) self->read_requests();
        });
        return;
    }
    busy = true;
    struct Unbusy {
        bool& flag;
        ~Unbusy() { flag = false; }
    } const unbusy{busy};

    std::memcpy(buffer.data(), pending_.data(), pending_.size());
    std::string_view bytes(buffer.data(), pending_.size());
    pending_.clear();
    drained_ = false;
    for (int turn = 0;; ++turn) {
        while (!bytes.empty() && parse(bytes)) {
        }
        if (phase_ != Phase::reading || drained_ || turn == kReadsPerTurn) break;
        if (bytes.data() != buffer.data()) {
            std::memmove(buffer.data(), bytes.data(), bytes.size());
            bytes = {buffer.data(), bytes.size()};
        }
        const std::size_t room = buffer.size() - bytes.size();
        const IoResult result = stream_.read(buffer.data() + bytes.size(), room);
        if (result.kind == IoResult::Kind::want_read || result.kind == IoResult::Kind::want_write) {
            pending_.assign(bytes);
            drained_ = result.kind == IoResult::Kind::want_read;
            return wait(drained_ ? IoLoop::Ready::to_read : IoLoop::Ready::to_write);
        }
        if (result.kind != IoResult::Kind::done) return close();
        bytes = {buffer.data(), bytes.size() + result.bytes};
        if (reader_.header_done()) note_progress(result.bytes, timeouts().body_ms);
        // A plain socket that gave less than asked is empty; TLS may hold more inside.
        drained_ = !stream_.tls() && result.bytes < room;
    }
    if (upgraded_) return hand_over(bytes);
    if (phase_ == Phase::closed || phase_ == Phase::lingering) return;
    if (pending_.capacity() > 4096 && bytes.empty()) pending_.shrink_to_fit();
    pending_.append(bytes);
    if (phase_ != Phase::reading) return;
    if (drained_) return wait(IoLoop::Ready::to_read);
    thread_.loop().post([self = shared_from_this()] {
        if (self->phase_ == Phase::reading) self->read_requests();
    });
}

/// Takes one step in `bytes`. False: more must be read, or this connection is no longer reading.
bool Connection::parse(std::string_view& bytes) {
    const bool header_was_done = reader_.header_done();
    const RequestReader::Step step = reader_.feed(bytes);
    bytes.remove_prefix(step.consumed);
    if (step.state == RequestReader::State::failed) return refuse(reader_.status()), false;
    if (step.state == RequestReader::State::complete) {
        dispatch();
        return phase_ == Phase::reading;
    }
    if (!request_begun_) {
        request_begun_ = true;
        set_deadline(timeouts().header_ms);
    }
    if (reader_.header_done() && !header_was_done) {
        progress_ = 0;
        set_deadline(timeouts().body_ms);
    }
    if (reader_.header_done() && !account_body(reader_.request().body.size())) return refuse(503), false;
    if (reader_.expects_continue() && !continue_sent_) {
        continue_sent_ = true;
        stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    return false;
}

void Connection::dispatch() {
    Request& request = reader_.request();
    const std::int64_t now = system_clock().monotonic_us();
    head_only_ = request.method == "HEAD";
    http_1_0_ = reader_.http_1_0();
    close_after_ = !reader_.keep_alive();
    request.remote_address = remote_address_;
    request.tls = stream_.tls();
    request.received_us = now;
    account_body(0);  // from here on it is the handler's
    phase_ = Phase::answering;
    deadline_ms_ = now / 1000 + timeouts().request_ms;
    dispatching_ = true;
    {
        const auto channel = std::make_shared<Responder::Channel>(shared_from_this(), thread_.shared_loop());
        try {
            thread_.core().handler(request, Responder(channel));
        } catch (...) {
            channel->answer(refusal(500));
        }
    }
    dispatching_ = false;
    if (phase_ == Phase::closed) return;
    reader_.reset();
    continue_sent_ = false;
}

void Connection::refuse(int status) {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::answering;
    Response response = refusal(status);
    account_body(0);
    pending_.clear();
    send(response);
}

void Connection::send(Response& response) {
    if (response.websocket) return upgrade(response);
    close_after_ = close_after_ || response.close || draining();
    const std::string& body = response.shared_body ? *response.shared_body : response.body;
    const auto persistence = close_after_ ? Persistence::close
                             : http_1_0_  ? Persistence::keep_alive
                                          : Persistence::implied;
    std::string& head = thread_.head_buffer();
    head.clear();
    const std::uint64_t bytes = head_only_ ? response.head_bytes.value_or(body.size()) : body.size();
    append_response_head(head, response, bytes, persistence, thread_.date());
    std::string_view body_rest =
        head_only_ || !status_has_body(response.status) ? std::string_view() : std::string_view(body);
    if (body_rest.size() <= (stream_.tls() ? kCopiedTlsBodyMax : kCopiedBodyMax)) {
        head.append(body_rest);
        body_rest = {};
    }

    // Most answers fit into the socket's buffer: no waiting, nothing kept.
    IoResult result = stream_.write(head, body_rest);
    if (result.kind == IoResult::Kind::done && result.bytes == head.size() + body_rest.size()) return answer_done();
    if (result.kind == IoResult::Kind::failed || result.kind == IoResult::Kind::end) return close();

    outgoing_ = std::make_unique<Outgoing>();
    outgoing_->head_sent = std::min(result.bytes, head.size());
    outgoing_->body_sent = result.bytes - outgoing_->head_sent;
    outgoing_->head = head;
    if (!body_rest.empty()) {
        outgoing_->body = std::move(response.body);
        outgoing_->shared_body = std::move(response.shared_body);
    }
    phase_ = Phase::writing;
    progress_ = 0;
    set_deadline(timeouts().write_ms);
    flush();
}

/// The socket goes to a WebSocketConnection; what this one still holds follows when it is off the stack.
void Connection::upgrade(const Response& response) {
    if (http_1_0_ || draining()) {
        Response refused = refusal(http_1_0_ ? 400 : 503);
        return send(refused);
    }
    std::string& head = thread_.head_buffer();
    head.clear();
    append_upgrade_head(head, response);
    const IoResult result = stream_.write(head);
    if (result.kind != IoResult::Kind::done || result.bytes != head.size()) return close();
    phase_ = Phase::closed;
    opener_ = response.websocket;
    upgraded_ =
        std::make_shared<WebSocketConnection>(thread_, slot(), std::move(*watch_), std::move(stream_), drained_);
    thread_.replace(slot(), upgraded_);
}

void Connection::hand_over(std::string_view rest) {
    const auto self = shared_from_this();
    const auto upgraded = std::move(upgraded_);
    upgraded->start(*opener_, pending_.append(rest));
}

void Connection::flush() {
    Outgoing& out = *outgoing_;
    while (true) {
        const std::string_view head = out.head_rest();
        const std::string_view body = out.body_rest();
        if (head.empty() && body.empty()) {
            outgoing_.reset();
            return answer_done();
        }
        const IoResult result = head.empty() ? stream_.write(body) : stream_.write(head, body);
        switch (result.kind) {
            case IoResult::Kind::done: {
                const std::size_t of_head = std::min(result.bytes, head.size());
                out.head_sent += of_head;
                out.body_sent += result.bytes - of_head;
                note_progress(result.bytes, timeouts().write_ms);
                continue;
            }
            case IoResult::Kind::want_write:
                return wait(IoLoop::Ready::to_write);
            case IoResult::Kind::want_read:
                return wait(IoLoop::Ready::to_read);
            default:
                return close();
        }
    }
}

void Connection::answer_done() {
    served_ = true;
    request_begun_ = false;
    if (close_after_ || draining()) return begin_linger();
    phase_ = Phase::reading;
    set_idle_deadline();
}

/// Closing with unread input would reset the connection and could destroy the answer on its way: wait for the peer.
void Connection::begin_linger() {
    phase_ = Phase::lingering;
    set_deadline(draining() ? kDrainLingerMs : kLingerMs);
    stream_.end_writing();
    linger();
}

/// After an answer given outside read_requests(): serve what is already here, else wait.
void Connection::resume() {
    if (pending_.empty() && !stream_.tls()) return wait(IoLoop::Ready::to_read);
    read_requests();
}

void Connection::linger() {
    const IoResult::Kind kind = stream_.discard().kind;
    switch (kind) {
        case IoResult::Kind::done:
        case IoResult::Kind::want_read:
            drained_ = kind == IoResult::Kind::want_read;
            return wait(IoLoop::Ready::to_read);
        default:
            return close();
    }
}

/// Sets our part of the bodies that are still arriving. False when all parts together are too large.
bool Connection::account_body(std::size_t bytes) {
    if (bytes == accounted_) return true;
    std::atomic<std::size_t>& total = thread_.core().arriving_body_bytes;
    const std::size_t after = total.fetch_add(bytes - accounted_, std::memory_order_relaxed) + bytes - accounted_;
    const bool grows = bytes > accounted_;
    accounted_ = bytes;
    return !grows || after <= thread_.core().options.arriving_body_bytes_max;
}

void Connection::note_progress(std::size_t bytes, int timeout_ms) {
    progress_ += bytes;
    if (progress_ < kProgressBytes) return;
    progress_ = 0;
    set_deadline(timeout_ms);
}

void Connection::wait(IoLoop::Ready direction) {
    bool& waiting = direction == IoLoop::Ready::to_read ? waiting_to_read_ : waiting_to_write_;
    if (waiting) return;
    waiting = true;
    if (direction == IoLoop::Ready::to_read && drained_) return watch_->wait_for_more(shared_from_this());
    watch_->wait(direction, shared_from_this());
}

void Connection::set_idle_deadline() {
    set_deadline(draining() ? kDrainGraceMs : timeouts().idle_ms);
}

void Connection::set_deadline(int timeout_ms) {
    deadline_ms_ = now_ms() + timeout_ms;
}

}  // namespace stoa::net
