#pragma once
// Making pipelines: by crm.category.add and with a new smart process.

#include "model/records.hpp"

namespace stoa::crm {

struct NewPipeline {
    int type_id = 0;
    std::string name;
    std::int64_t sort = 500;
    bool is_default = false;
    std::string origin_id{}, originator_id{};
};

/// Adds the pipeline and its stages on behalf of `records`' actor. A new default takes the place of the old one.
Result<RecordId> add_pipeline(model::Records& records, const NewPipeline& pipeline);

}  // namespace stoa::crm
