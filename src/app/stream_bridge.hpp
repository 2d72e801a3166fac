#pragma once
// Notifies people of what happens in the stream, so that the two modules need not know each other.

#include "modules/stream/listener.hpp"

namespace stoa::app {

class StreamBridge final : public stream::StreamListener {
  public:
    /// Those who are named themselves; departments and everybody see it in the stream.
    Status post_addressed(model::Records& records, const model::Record& post,
                          const std::vector<std::string>& named) override;
    Status post_removed(model::Records& records, RecordId post) override;
    Status comment_added(model::Records& records, const model::Record& post, const model::Record& comment,
                         const std::vector<UserId>& followers) override;
    Status liked(model::Records& records, const model::Record& post, UserId author, UserId by) override;
};

}  // namespace stoa::app
