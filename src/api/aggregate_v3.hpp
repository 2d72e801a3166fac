#pragma once
// `X.aggregate` of REST v3: sums, counts, minima, maxima and averages over a filter, by one query.

#include "api/call.hpp"

namespace stoa::api {

/// select: {sum: {amount: "alias"}, count: ["id"], …} → {result: {sum: {alias: 1}, count: {id: 7}}}.
Status aggregate_items(Call& call, const model::Entity& entity);

}  // namespace stoa::api
