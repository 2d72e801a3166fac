#include "app/probe/verdict.hpp"

#include <utility>

namespace stoa::app::probe {
namespace {

constexpr std::size_t kDetailsMax = 10;

}  // namespace

void Verdict::lose(std::string what) {
    ++lost;
    tell(std::move(what));
}

void Verdict::repeat(std::string what) {
    ++doubled;
    tell(std::move(what));
}

void Verdict::swap(std::string what) {
    ++swapped;
    tell(std::move(what));
}

void Verdict::tell(std::string what) {
    if (details.size() < kDetailsMax) details.push_back(std::move(what));
}

}  // namespace stoa::app::probe
