#include "net/websocket_connection.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/limits.hpp"

namespace stoa::net {
namespace {

constexpr int kReadsPerTurn = 8;
constexpr std::size_t kPiecesPerWrite = 64;
constexpr std::size_t kKeptQueue = 16;  ///< places of an empty queue that stay

}  // namespace

WebSocketConnection::WebSocketConnection(IoThread& thread, std::size_t slot, IoLoop::Watch watch, Stream stream,
                                         bool drained)
    : Client(slot), thread_(thread), watch_(std::move(watch)), stream_(std::move(stream)), drained_(drained) {
    set_deadline();
}

void WebSocketConnection::start(const WebSocketOpener& opener, std::string_view bytes) {
    listener_ = opener(*this);
    if (phase_ != Phase::open) end_listener();  // it has ended the connection at once
    if (phase_ == Phase::closed) return;
    pending_ = bytes;
    if (pending_.empty() && drained_ && !stream_.tls()) return wait(IoLoop::Ready::to_read);
    // A fresh start of the loop's turn: the buffer for reading may be in use further up the stack, and TLS may hold
    // bytes that the socket does not show any more.
    thread_.loop().post([self = shared_from_this()] {
        if (self->phase_ != Phase::closed) self->read();
    });
}

void WebSocketConnection::on_ready(IoLoop::Ready direction) {
    (direction == IoLoop::Ready::to_read ? waiting_to_read_ : waiting_to_write_) = false;
    if (phase_ == Phase::closed) return;
    if (direction == IoLoop::Ready::to_read) read();
    flush();
}

void WebSocketConnection::on_deadline() {
    const bool half_message = message_deadline_ms_ != 0 && message_deadline_ms_ <= now_ms();
    if (phase_ != Phase::open || !half_message) return close();
    close(static_cast<std::uint16_t>(CloseCode::policy), "The message did not arrive in time.");
}

void WebSocketConnection::begin_drain() {
    if (phase_ == Phase::open) listener_->on_drain();
}

void WebSocketConnection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    const auto self = shared_from_this();
    end_listener();
    watch_.reset();
    queue_ = {};
    queued_bytes_ = 0;
    thread_.forget(slot());
}

void WebSocketConnection::read() {
    std::vector<char>& buffer = thread_.read_buffer();
    for (int turn = 0; turn < kReadsPerTurn && phase_ != Phase::closed; ++turn) {
        std::memcpy(buffer.data(), pending_.data(), pending_.size());
        std::span<char> bytes(buffer.data(), pending_.size());
        std::size_t room = buffer.size() - bytes.size();
        const IoResult result = stream_.read(buffer.data() + bytes.size(), room);
        const bool empty = result.kind == IoResult::Kind::want_read || result.kind == IoResult::Kind::want_write;
        drained_ = result.kind == IoResult::Kind::want_read || (!stream_.tls() && result.bytes < room);
        if (!empty && result.kind != IoResult::Kind::done) return close();
        bytes = {buffer.data(), bytes.size() + result.bytes};
        while (take(bytes)) {
        }
        if (phase_ == Phase::closed) return;
        pending_.assign(bytes.data(), bytes.size());
        if (bytes.empty() && pending_.capacity() > 64) std::string().swap(pending_);
        const bool waits_for_more = phase_ == Phase::open && (!pending_.empty() || reader_.in_message());
        if (!waits_for_more) {
            message_deadline_ms_ = 0;
        } else if (message_deadline_ms_ == 0) {
            message_deadline_ms_ = now_ms() + thread_.core().options.timeouts.header_ms;
        }
        set_deadline();
        if (result.kind == IoResult::Kind::want_write) return wait(IoLoop::Ready::to_write);
        if (drained_) return wait(IoLoop::Ready::to_read);
    }
    if (phase_ == Phase::closed) return;
    thread_.loop().post([self = shared_from_this()] {
        if (self->phase_ != Phase::closed) self->read();
    });
}

bool WebSocketConnection::take(std::span<char>& bytes) {
    if (bytes.empty() || phase_ == Phase::closed) return false;
    const FrameReader::Step step = reader_.feed(bytes);
    bytes = bytes.subspan(step.consumed);
    using Event = FrameReader::Event;
    if (phase_ == Phase::closing && step.event != Event::close && step.event != Event::failed) {
        return step.event != Event::need_more;  // whatever it says now comes too late
    }
    switch (step.event) {
        case Event::need_more:
            return false;
        case Event::part:
        case Event::pong:
            return true;
        case Event::text:
            message_deadline_ms_ = 0;
            listener_->on_text(reader_.payload());
            return true;
        case Event::binary:
            close(static_cast<std::uint16_t>(CloseCode::unsupported), "Only text is understood.");
            return true;
        case Event::ping: {
            std::string pong;
            append_frame(pong, Opcode::pong, reader_.payload());
            if (queue(std::make_shared<const std::string>(std::move(pong)))) flush();
            return true;
        }
        case Event::close: {
            peer_said_goodbye_ = true;
            if (phase_ == Phase::closing) return close(), false;
            const auto none = static_cast<std::uint16_t>(CloseCode::none);
            const auto normal = static_cast<std::uint16_t>(CloseCode::normal);
            close(reader_.close_code() == none ? normal : reader_.close_code(), {});
            return false;
        }
        case Event::failed:
            if (phase_ == Phase::closing) return close(), false;
            peer_said_goodbye_ = true;  // it is not waited for: what it sends has no meaning any more
            close(reader_.close_code(), "This is no valid frame.");
            return false;
    }
    return false;
}

bool WebSocketConnection::queue(const Frames& frames) {
    if (phase_ != Phase::open) return false;
    queue_.push_back(frames);
    queued_bytes_ += frames->size();
    if (queued_bytes_ <= limits::websocket_queue_bytes_max) return true;
    // What the socket has taken a part of must be sent whole; the rest goes for the word why.
    const std::size_t kept = first_ + (first_sent_ > 0 ? 1 : 0);
    const bool resumable = !stream_.tls();  // TLS wants the very same bytes again
    queue_.resize(kept);
    queued_bytes_ = kept > first_ ? queue_[first_]->size() - first_sent_ : 0;
    if (!resumable) return close(), false;
    return close(slow_code, "This client takes messages too slowly."), false;
}

void WebSocketConnection::send(const Frames& frames) {
    if (phase_ != Phase::open) return;
    std::size_t taken = 0;
    if (queue_.empty() && !waiting_to_write_) {
        const IoResult result = stream_.write(*frames);
        if (result.kind == IoResult::Kind::failed || result.kind == IoResult::Kind::end) return close();
        taken = result.bytes;
        if (taken == frames->size()) return;
    }
    if (!queue(frames)) return;
    if (taken > 0) sent(taken);
    flush();
}

void WebSocketConnection::flush() {
    while (phase_ != Phase::closed && !waiting_to_write_ && first_ < queue_.size()) {
        std::array<std::string_view, kPiecesPerWrite> pieces;
        std::size_t count = 0;
        for (std::size_t i = first_; i < queue_.size() && count < pieces.size(); ++i)
            pieces[count++] = *queue_[i];
        pieces[0].remove_prefix(first_sent_);
        const IoResult result = stream_.write(std::span(pieces.data(), count));
        switch (result.kind) {
            case IoResult::Kind::done:
                sent(result.bytes);
                continue;
            case IoResult::Kind::want_write:
            case IoResult::Kind::want_read:
                if (write_deadline_ms_ == 0) write_deadline_ms_ = now_ms() + thread_.core().options.timeouts.write_ms;
                set_deadline();
                return wait(result.kind == IoResult::Kind::want_write ? IoLoop::Ready::to_write
                                                                      : IoLoop::Ready::to_read);
            default:
                return close();
        }
    }
    if (phase_ == Phase::closing && first_ == queue_.size() && peer_said_goodbye_) close();
}

void WebSocketConnection::sent(std::size_t bytes) {
    queued_bytes_ -= bytes;
    first_sent_ += bytes;
    while (first_ < queue_.size() && first_sent_ >= queue_[first_]->size()) {
        first_sent_ -= queue_[first_]->size();
        queue_[first_++].reset();
    }
    write_deadline_ms_ = 0;
    set_deadline();
    if (first_ < queue_.size()) return;
    first_ = 0;
    queue_.clear();
    if (queue_.capacity() > kKeptQueue) queue_ = {};
}

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
    if (phase_ != Phase::open) return;
    phase_ = Phase::closing;
    close_deadline_ms_ = now_ms() + limits::websocket_close_timeout_ms;
    message_deadline_ms_ = 0;
    set_deadline();
    std::string frame;
    append_frame(frame, Opcode::close, close_payload(code, reason));
    queued_bytes_ += frame.size();
    queue_.push_back(std::make_shared<const std::string>(std::move(frame)));
    const auto self = shared_from_this();
    end_listener();
    flush();
}

/// It may be up the stack.
void WebSocketConnection::end_listener() {
    if (!listener_) return;
    const std::shared_ptr<WebSocketListener> gone(std::move(listener_));
    gone->on_closed();
    thread_.loop().post([gone] {});
}

void WebSocketConnection::wait(IoLoop::Ready direction) {
    bool& waiting = direction == IoLoop::Ready::to_read ? waiting_to_read_ : waiting_to_write_;
    if (waiting || phase_ == Phase::closed) return;
    waiting = true;
    if (direction == IoLoop::Ready::to_read && drained_) return watch_->wait_for_more(shared_from_this());
    watch_->wait(direction, shared_from_this());
}

void WebSocketConnection::set_deadline() {
    deadline_ms_ = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t one : {message_deadline_ms_, write_deadline_ms_, close_deadline_ms_}) {
        if (one != 0) deadline_ms_ = std::min(deadline_ms_, one);
    }
}

}  // namespace stoa::net
