#include "base/metrics.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace stoa {
namespace {

bool has_line(const std::string& line) {
    return ("\n" + metrics_text()).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, counters_count_from_all_threads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            Counter& c = counter("test_calls_total", "Calls", {{"kind", "a"}});
            for (int n = 0; n < 10'000; ++n)
                c.add();
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(counter("test_calls_total", "Calls", {{"kind", "a"}}).value(), 40'000U);
    EXPECT_TRUE(has_line("# HELP test_calls_total Calls"));
    EXPECT_TRUE(has_line("# TYPE test_calls_total counter"));
    EXPECT_TRUE(has_line("test_calls_total{kind=\"a\"} 40000")) << metrics_text();
}

TEST(Metrics, the_order_of_labels_does_not_matter) {
    Gauge& a = gauge("test_open", "Open", {{"x", "1"}, {"y", "2"}});
    EXPECT_EQ(&a, &gauge("test_open", "Open", {{"y", "2"}, {"x", "1"}}));
    a.set(5);
    a.sub(2);
    a.add();
    EXPECT_TRUE(has_line("test_open{x=\"1\",y=\"2\"} 4")) << metrics_text();
}

TEST(Metrics, histograms_put_a_bound_into_its_own_bucket) {
    Histogram& h = histogram("test_bytes", "Bytes", {}, {10, 100});
    for (const double v : {1.0, 10.0, 10.5, 100.0, 101.0})
        h.observe(v);
    EXPECT_EQ(h.count(), 5U);
    EXPECT_TRUE(has_line("test_bytes_bucket{le=\"10\"} 2")) << metrics_text();
    EXPECT_TRUE(has_line("test_bytes_bucket{le=\"100\"} 4"));
    EXPECT_TRUE(has_line("test_bytes_bucket{le=\"+Inf\"} 5"));
    EXPECT_TRUE(has_line("test_bytes_count 5"));
    EXPECT_TRUE(has_line("test_bytes_sum 222.5"));
}

TEST(Metrics, one_name_is_one_kind) {
    counter("test_kind", "x");
    EXPECT_THROW(gauge("test_kind", "x"), std::logic_error);
    EXPECT_THROW(gauge("test_kind", "x", {{"new", "labels"}}), std::logic_error);
    EXPECT_NO_THROW(metrics_text());
}

TEST(Metrics, series_over_the_limit_share_one) {
    for (int i = 0; i < 1000; ++i)
        counter("test_many_total", "x", {{"id", std::to_string(i)}});
    Counter& a = counter("test_many_total", "x", {{"id", "1000"}});
    EXPECT_EQ(&a, &counter("test_many_total", "x", {{"id", "1001"}}));
    EXPECT_NE(&a, &counter("test_many_total", "x", {{"id", "999"}}));
    a.add();
    EXPECT_TRUE(has_line("test_many_total{id=\"other\"} 1"));
}

}  // namespace
}  // namespace stoa
