#pragma once
// Stages of leads, deals and smart processes: entries of a dictionary per pipeline (crm.status).
// Used on the transaction's thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "model/records.hpp"

namespace stoa::crm {

/// Pipeline 0 is the deals' first one; it has a row of its own (CODE kFirstDealPipeline) but no number in stage codes.
inline constexpr std::string_view kFirstDealPipeline = "DEAL_0";
inline constexpr std::int64_t kStagesMax = 500;

struct Stage {
    std::string code;  ///< with its prefix: "C5:NEW"
    std::string name;
    std::int64_t sort = 0;
    char semantics = 'P';  ///< P in progress, S success, F failure
};

bool has_pipelines(int type_id);  ///< deals and smart processes
bool has_stages(int type_id);     ///< those and leads

/// Dictionary of a pipeline: "STATUS", "DEAL_STAGE", "DEAL_STAGE_5", "DYNAMIC_130_STAGE_7".
std::string stage_dictionary(int type_id, RecordId pipeline);
/// What stage codes of the pipeline begin with: "", "C5:", "DT130_7:".
std::string stage_prefix(int type_id, RecordId pipeline);

/// What a stage dictionary's name says; type_id 0 for other dictionaries.
struct StageDictionary {
    int type_id = 0;
    RecordId pipeline = 0;
};
StageDictionary parse_stage_dictionary(std::string_view dictionary);

/// In order of SORT.
Result<std::vector<Stage>> load_stages(model::Records& records, int type_id, RecordId pipeline);
const Stage* find_stage(const std::vector<Stage>& stages, std::string_view code);
/// Where records start: the first stage in progress; nullptr when the pipeline has none.
const Stage* first_stage(const std::vector<Stage>& stages);

/// 0 for deals; the default pipeline of a smart process. Error: NOT_FOUND when it has none.
Result<RecordId> default_pipeline(model::Records& records, int type_id);
Result<bool> pipeline_exists(model::Records& records, int type_id, RecordId pipeline);

}  // namespace stoa::crm
