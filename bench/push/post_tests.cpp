// A post in the portal, made by REST, and how long it takes until every connected reader has heard of it.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "json/writer.hpp"
#include "report.hpp"
#include "tests.hpp"
#include "web_load.hpp"

namespace stoa::bench {
namespace {

constexpr int kWarmUpMs = 500, kBeforeMs = 3'000;
constexpr int kQuietMs = 200;  ///< no frame for so long: all of them are there
constexpr std::string_view kPostAdded = R"("command":"post_add")";

/// Who has heard of the post that is under way, and when the last frame came that anybody got, whatever it says:
/// counters and notifications belong to the post as well.
class Readers {
  public:
    explicit Readers(Load& load) : heard_(static_cast<std::size_t>(load.options().clients)) {
        load.listeners().on_other = [this](int number, std::string_view text) { take(number, text); };
    }
    void begin() {
        std::fill(heard_.begin(), heard_.end(), 0);
        count_ = frames_ = 0;
        last_ns_ = now_ns();
    }
    bool all_have_heard() const { return count_ == heard_.size(); }
    std::int64_t last_ns() const { return last_ns_; }
    std::size_t frames() const { return frames_; }
    std::size_t twice() const { return twice_; }

  private:
    void take(int number, std::string_view text) {
        ++frames_;
        last_ns_ = now_ns();
        if (text.find(kPostAdded) == std::string_view::npos) return;
        int& times = heard_[static_cast<std::size_t>(number)];
        if (++times > 1) {
            ++twice_;
        } else {
            ++count_;
        }
    }
    std::vector<int> heard_;
    std::size_t count_ = 0, frames_ = 0, twice_ = 0;
    std::int64_t last_ns_ = 0;
};

std::string post_request(const Options& options, int number) {
    std::string body;
    json::Writer out(body);
    out.begin_object().field("POST_TITLE", "Post " + std::to_string(number));
    out.field("POST_MESSAGE", "What everybody should know.");
    out.key("DEST").begin_array().text(options.post_to).end_array().end_object();
    return http_request("POST", options.post_path, body);
}

}  // namespace

void posts(Load& load) {
    const Options& options = load.options();
    Readers readers(load);
    load.connect_all(false);
    WebLoad web(options.web_port, options.web_path, options.web_rate);
    load.run_for(kWarmUpMs);
    web.set_phase(WebLoad::Phase::before);
    load.run_for(kBeforeMs);

    std::vector<std::int64_t> took_ns;
    std::size_t frames = 0;
    Sender author(load.epoll(), load.target().publish_port(), 0, [](Sender&) {});
    const double cpu_before_s = load.cost().cpu_s;
    for (int i = 0; i < options.messages; ++i) {
        readers.begin();
        const std::int64_t begun_ns = now_ns();
        web.set_phase(WebLoad::Phase::during);
        author.send(post_request(options, i));
        load.wait([&] { return readers.all_have_heard(); });
        web.set_phase(WebLoad::Phase::unmeasured);
        while (now_ns() - readers.last_ns() < kQuietMs * 1'000'000LL)
            load.run_for(kQuietMs / 4);
        took_ns.push_back(readers.last_ns() - begun_ns);
        frames += readers.frames();
    }
    const double median_ms = percentile_ms(took_ns, 0.5), longest_ms = percentile_ms(took_ns, 1);
    const double frames_each = static_cast<double>(frames) / options.messages / options.clients;
    Report out(options);
    out.add("all_heard_median_ms", median_ms, text_of("all have heard after %.0f ms,", median_ms));
    out.add("all_heard_longest_ms", longest_ms, text_of("%.0f ms at most", longest_ms));
    out.add("frames_per_reader", frames_each, text_of("%.2f frames each", frames_each));
    out.add("doubled", static_cast<double>(readers.twice()), text_of("doubled %zu", readers.twice()));
    out.add("cpu_ms_per_post", (load.cost().cpu_s - cpu_before_s) * 1e3 / options.messages);
    web.report_to(out);
    out.print();
}

}  // namespace stoa::bench
