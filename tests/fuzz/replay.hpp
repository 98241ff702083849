#pragma once

#include "scanner/core/url.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

/// What long runs found on the way, merged down to one input for what each is the shortest to reach:
/// corpus/<target>.kept, an input a line, percent-encoded where it is no printable ASCII.
inline void replay_kept(const std::string& path, void (*function)(std::string_view)) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    for (std::string line; std::getline(file, line);) {
        const auto input = core::percent_decode(line);
        ASSERT_TRUE(input) << line;
        function(*input);
    }
}

/// Runs a fuzzed function over the seeds of its target, and over each cut short at every so many bytes, and over what
/// is kept of long runs. A broken promise ends the program.
inline void replay(std::string_view target, void (*function)(std::string_view)) {
    const std::filesystem::path folder = std::string(SCANNER_SOURCE_DIR) + "/tests/fuzz/corpus/" + std::string(target);
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    ASSERT_FALSE(files.empty()) << folder;
    std::ranges::sort(files);
    for (const auto& path : files) {
        SCOPED_TRACE(path.filename().string());
        std::ifstream file(path, std::ios::binary);
        const std::string input{std::istreambuf_iterator<char>(file), {}};
        function(input);
        // Copies of just that length: reading past the end is then an error that a sanitizer sees.
        const std::size_t step = std::max<std::size_t>(input.size() / 32, 1);
        for (std::size_t length = 0; length < input.size(); length += step) function(std::string(input, 0, length));
    }
    replay_kept(folder.string() + ".kept", function);
}

}  // namespace scanner::fuzz
