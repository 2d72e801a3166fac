// The bus of one process: a queue and the thread that runs the handlers.

#include <pthread.h>

#include <atomic>
#include <thread>

#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"
#include "bus/memory_streams.hpp"
#include "bus/message_queue.hpp"
#include "bus/subscribers.hpp"

namespace stoa::bus {
namespace {

class MemoryBus final : public Bus {
  public:
    MemoryBus() {
        subscribers_->on_change([this](const std::string& channel) {
            const MutexLock lock(mutex_);
            fresh_.insert(channel);
            wake_.notify_one();
        });
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "bus");
    }
    ~MemoryBus() override { close(); }

    Result<Subscription> subscribe(std::string channel, Subscriber subscriber) override {
        STOA_TRY(auto entry, subscribers_->add(std::move(channel), std::move(subscriber)));
        return Subscription(subscribers_, std::move(entry));
    }

    bool publish(std::string_view channel, std::string_view payload) override {
        if (!queue_.push(channel, payload)) return false;
        const MutexLock lock(mutex_);
        if (closed_) return false;
        pending_ = true;
        wake_.notify_one();
        return true;
    }

    bool connected() const override { return true; }

    Result<std::string> append(std::string_view stream, std::string_view payload, const StreamLimits& limits) override {
        return streams_.append(stream, payload, limits);
    }
    Result<StreamRead> read_after(std::string_view stream, std::string_view after_id, std::size_t count) override {
        return streams_.read_after(stream, after_id, count);
    }
    Result<std::vector<std::string>> tell(std::span<const Telling> what, const StreamLimits& limits) override {
        STOA_CHECK(check_telling(what, limits));
        std::vector<std::string> ids;
        // One at a time: the order of the ids is that of the messages.
        const MutexLock telling(telling_);
        for (const Telling& one : what) {
            STOA_TRY(const MemoryStreams::LogEntry entry, streams_.tell(one, limits));
            ids.push_back(entry.id);
            if (!entry.id.empty()) publish(log_channel(one.log), entry.id + " " + entry.previous + " " + one.payload);
        }
        return ids;
    }
    Result<std::string> last_id(std::string_view stream) override { return streams_.last_id(stream); }

    void close() override {
        subscribers_->close();
        {
            const MutexLock lock(mutex_);
            closed_ = true;
            wake_.notify_one();
        }
        if (thread_.joinable()) thread_.join();
    }

  private:
    void run() {
        while (true) {
            std::set<std::string> fresh;
            {
                const MutexLock lock(mutex_);
                while (!pending_ && fresh_.empty() && !closed_)
                    wake_.wait(mutex_);
                if (closed_) return;
                pending_ = false;
                fresh.swap(fresh_);
            }
            for (const std::string& channel : fresh)
                subscribers_->went_live(channel);
            for (const Message& message : queue_.take())
                subscribers_->deliver(message.channel, message.payload, true);
            for (const std::string& channel : queue_.take_gaps())
                subscribers_->gap(channel);
        }
    }

    const std::shared_ptr<Subscribers> subscribers_ = std::make_shared<Subscribers>();
    MessageQueue queue_;
    MemoryStreams streams_;
    Mutex telling_;
    Mutex mutex_;
    CondVar wake_;
    bool pending_ STOA_GUARDED_BY(mutex_) = false;
    bool closed_ STOA_GUARDED_BY(mutex_) = false;
    std::set<std::string> fresh_ STOA_GUARDED_BY(mutex_);  ///< channels with a new subscriber
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Bus> make_memory_bus() {
    return std::make_unique<MemoryBus>();
}

}  // namespace stoa::bus
