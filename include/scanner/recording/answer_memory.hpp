#pragma once

#include "scanner/recording/record.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::recording {

/// A checkpoint's piece that holds the newest answer of a request. Its name is the URL, its content the status and the
/// body.
inline constexpr std::uint32_t kAnswerPiece = 1;
/// Empty unless the checkpoint is such a piece and sound.
[[nodiscard]] std::unique_ptr<RestAnswer> answer_of(const Checkpoint& checkpoint);

/// The newest answer of each request, the settings, and what operators had set last: what a segment begins with.
/// Bounded: beyond kMaxAnswers the oldest goes, and beyond kMaxChanges no further kind of change is kept. One thread.
class AnswerMemory {
public:
    static constexpr std::size_t kMaxAnswers = 4'096;
    static constexpr std::size_t kMaxChanges = 16;

    /// Takes note of what matters of a record.
    void note(const Record& record);
    /// Settings, changes by kind, and the pieces, oldest first, all of them at `at`: of answers that came at
    /// `since_wall_ns` or later.
    [[nodiscard]] std::vector<Record> checkpoint(Stamp at, bool with_settings = true,
                                                 std::int64_t since_wall_ns = INT64_MIN) const;

private:
    struct Kept {
        std::uint64_t order = 0;
        std::int64_t wall_ns = 0;
        std::string bytes;
    };
    void keep(const std::string& url, std::int64_t wall_ns, std::string bytes);

    std::map<std::string, Kept> answers_;
    std::map<std::uint64_t, std::string> by_age_;
    std::uint64_t order_ = 0;
    std::string settings_;
    std::map<std::string, std::string> changes_;  ///< what it is now, by kind
};

/// The contract code that a URL names in its query, decoded; empty where it names none.
[[nodiscard]] std::string contract_of_url(std::string_view url);

}  // namespace scanner::recording
