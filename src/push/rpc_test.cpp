// JSON-RPC 2.0, good and bad.

#include "push/rpc.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace stoa::push {
namespace {

TEST(Rpc, RequestsAreReadAloneAndInBatches) {
    const auto one = read_rpc(R"({"jsonrpc":"2.0","method":"ping","params":{},"id":7})");
    ASSERT_TRUE(one.ok());
    ASSERT_EQ(one->size(), 1U);
    EXPECT_EQ(one->front().method, "ping");
    EXPECT_EQ(one->front().id, "7");
    const auto batch = read_rpc(R"([{"method":"a"},{"method":"b","id":"x","params":{"n":1}},{"result":1,"id":3}])");
    ASSERT_TRUE(batch.ok());
    ASSERT_EQ(batch->size(), 2U) << "answers are no requests";
    EXPECT_EQ((*batch)[0].id, "");
    EXPECT_EQ((*batch)[1].id, "\"x\"");
    EXPECT_EQ((*batch)[1].params.find("n")->integer(), 1);
}

TEST(Rpc, WhatIsNoRequestIsRefused) {
    for (const char* text : {"", "hello", "1", "[1]", "{}", R"({"method":1})", R"({"method":"a","id":{}})", "[[]]"})
        EXPECT_EQ(read_rpc(text).error().code, Errc::invalid_argument) << text;
}

TEST(Rpc, ABatchHasSoManyRequests) {
    const auto batch = [](std::size_t count) {
        std::string text = "[";
        for (std::size_t i = 0; i < count; ++i)
            text += std::string(i > 0 ? "," : "") + R"({"method":"a"})";
        return text + "]";
    };
    EXPECT_TRUE(read_rpc(batch(limits::push_rpc_batch_max)).ok());
    EXPECT_EQ(read_rpc(batch(limits::push_rpc_batch_max + 1)).error().code, Errc::too_large);
}

TEST(Rpc, AnswersNameTheRequest) {
    EXPECT_EQ(rpc_result("7", "{}"), R"({"jsonrpc":"2.0","id":7,"result":{}})");
    EXPECT_EQ(rpc_error("\"x\"", -32601, "No \"such\" method."),
              R"({"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"No \"such\" method."}})");
    EXPECT_EQ(rpc_error("", -32600, "Bad."), R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Bad."}})");
}

}  // namespace
}  // namespace stoa::push
