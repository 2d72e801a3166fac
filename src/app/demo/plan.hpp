#pragma once
// A plan: the records to make, in order, before any is made. A field that names another record of the plan holds a
// reference to its place. Plain values, one thread at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "json/value.hpp"

namespace stoa::app::demo {

using Place = std::size_t;  ///< position in the plan

struct PlannedRecord {
    std::string entity;   ///< registry name
    json::Object fields;  ///< classic names; see reference()
};

class Plan {
  public:
    Place add(std::string entity, json::Object fields) {
        records_.push_back({std::move(entity), std::move(fields)});
        return records_.size() - 1;
    }
    const std::vector<PlannedRecord>& records() const { return records_; }
    std::size_t size() const { return records_.size(); }

    /// A value that becomes the id of the record at that place.
    static json::Value reference(Place place) {
        json::Object marker;
        marker.set("@place", static_cast<std::int64_t>(place));
        return marker;
    }
    /// A value that becomes text with the id in it: before + id.
    static json::Value reference_text(std::string before, Place place) {
        json::Object marker;
        marker.set("@place", static_cast<std::int64_t>(place));
        marker.set("@before", std::move(before));
        return marker;
    }

  private:
    std::vector<PlannedRecord> records_;
};

/// Replaces references by ids, at any depth.
json::Value resolve(const json::Value& value, const std::vector<std::int64_t>& ids);

}  // namespace stoa::app::demo
