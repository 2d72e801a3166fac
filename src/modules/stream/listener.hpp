#pragma once
// How whoever notifies people learns what happens in the stream, without the stream knowing him: wired by app.
// Called inside the write transaction; an error refuses the write.

#include <string>
#include <vector>

#include "model/records.hpp"

namespace stoa::stream {

class StreamListener {
  public:
    virtual ~StreamListener() = default;
    /// `named` are the codes that are new: of a new post all of them.
    virtual Status post_addressed(model::Records& records, const model::Record& post,
                                  const std::vector<std::string>& named) = 0;
    /// It and everything about it is gone.
    virtual Status post_removed(model::Records& records, RecordId post) = 0;
    /// `followers` want to hear of it; its author is not among them.
    virtual Status comment_added(model::Records& records, const model::Record& post, const model::Record& comment,
                                 const std::vector<UserId>& followers) = 0;
    /// `author` is that of the post or the comment.
    virtual Status liked(model::Records& records, const model::Record& post, UserId author, UserId by) = 0;
};

}  // namespace stoa::stream
