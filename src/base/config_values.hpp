#pragma once
// Private to config.cpp: the kinds of values that a key can have. Each reads a node of the file into the type of the
// Config's field and prints it as TOML.

#include <toml++/toml.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/config.hpp"

namespace stoa::config_values {

/// What is wrong with a value, to be read after its key: "must be a string".
using Fault = std::optional<std::string>;

std::string quoted(std::string_view text);

struct Text {
    static Fault read(const toml::node& node, std::string& out);
    static std::string print(const std::string& value) { return quoted(value); }
};

struct Flag {
    static Fault read(const toml::node& node, bool& out);
    static std::string print(bool value) { return value ? "true" : "false"; }
};

struct Number {
    int min, max;
    Fault read(const toml::node& node, int& out) const;
    static std::string print(int value) { return std::to_string(value); }
};

/// Per second.
struct Rate {
    static Fault read(const toml::node& node, double& out);
    static std::string print(double value);
};

template <class T>
struct Choice {
    std::vector<std::pair<std::string_view, T>> choices;
    Fault read(const toml::node& node, T& out) const {
        const auto* value = node.as_string();
        std::string expected = "must be one of";
        for (const auto& [name, choice] : choices) {
            if (value && value->get() == name) {
                out = choice;
                return std::nullopt;
            }
            expected += " " + quoted(name);
        }
        return expected;
    }
    std::string print(T value) const {
        for (const auto& [name, choice] : choices) {
            if (choice == value) return quoted(name);
        }
        return "\"\"";
    }
};

/// The address of an engine that speaks one of the schemes; "" for none.
struct Engine {
    std::vector<std::string_view> schemes;
    Fault read(const toml::node& node, EngineUrl& out) const;
    static std::string print(const EngineUrl& value);
};

struct Texts {
    static Fault read(const toml::node& node, std::vector<std::string>& out);
    static std::string print(const std::vector<std::string>& values);
};

/// "10.0.0.1:80" or "[::1]:80".
struct Addresses {
    static Fault read(const toml::node& node, std::vector<Config::Listen>& out);
    static std::string print(const std::vector<Config::Listen>& values);
};

}  // namespace stoa::config_values
