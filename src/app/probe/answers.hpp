#pragma once
// What the probe reads out of answers of the REST interface. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "app/probe/transfers.hpp"
#include "base/ids.hpp"
#include "json/value.hpp"

namespace stoa::app::probe {

/// "" when there is none.
std::string text_of(const json::Value& record, std::string_view name);
/// 0 when there is none.
std::int64_t number_of(const json::Value& record, std::string_view name);
/// The rows of a list, or of the list of that name in it.
std::vector<const json::Value*> rows_of(const json::Value& body, std::string_view name = {});
/// The results of a batch's commands, when there are as many as asked for and no errors; else empty.
std::vector<const json::Value*> results_of_batch(const json::Value& body, std::size_t commands);
/// A deal of a pair; its amount is -1 when it is none.
StoredSide side_of(const json::Value& deal);

}  // namespace stoa::app::probe
