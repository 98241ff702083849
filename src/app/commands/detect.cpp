#include "app/commands/detect.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"
#include "scanner/signals/detect/pump_ignition.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

using std::chrono::milliseconds;

constexpr double kFloor = 1e-5;  ///< least probability that is told
constexpr std::int64_t kWarmUpBars = std::chrono::hours(6) / signals::kIgnitionBar;
/// 1990 to 2200: what lies outside is no time of a trade in milliseconds.
constexpr std::int64_t kFirstTime = 631'152'000'000;
constexpr std::int64_t kLastTime = 7'258'118'400'000;

using Problem = std::string;

class TapeFile {
public:
    explicit TapeFile(const std::string& path)
        : file_(path == "-" ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path.c_str(), "rb"), &gzclose) {
        if (file_) gzbuffer(file_.get(), 1U << 17U);
    }

    [[nodiscard]] bool is_open() const { return file_ != nullptr; }

    /// The next line without its end; false at the end of the file or where it cannot be read on.
    [[nodiscard]] std::expected<bool, Problem> next(std::string_view& line) {
        if (gzgets(file_.get(), text_.data(), static_cast<int>(text_.size())) == nullptr) {
            if (auto problem = read_problem()) return std::unexpected(*std::move(problem));
            return false;
        }
        line = text_.data();
        if (line.ends_with('\n')) {
            line.remove_suffix(1);
        } else if (auto problem = read_problem()) {  // a tape that is cut off gives what is left of a line first
            return std::unexpected(*std::move(problem));
        } else if (gzeof(file_.get()) == 0) {
            return std::unexpected(Problem("the line is too long for a trade"));
        }
        if (line.ends_with('\r')) line.remove_suffix(1);
        return true;
    }

private:
    [[nodiscard]] std::optional<Problem> read_problem() const {
        int code = Z_OK;
        const char* const message = gzerror(file_.get(), &code);
        if (code == Z_OK || code == Z_STREAM_END) return std::nullopt;
        return fmt::format("cannot be read: {}", message);
    }

    std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
    std::array<char, 512> text_{};
};

std::expected<market::Trade, Problem> parse_trade(std::string_view line, std::int64_t not_before) {
    std::array<std::string_view, 4> fields;
    std::size_t count = 0;
    for (std::string_view rest = line;; ++count) {
        const std::size_t comma = rest.find(',');
        if (count == fields.size()) return std::unexpected(Problem("more than four fields: ts_ms,side,price,amount"));
        fields[count] = rest.substr(0, comma);
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    if (count + 1 != fields.size()) return std::unexpected(Problem("fewer than four fields: ts_ms,side,price,amount"));
    const auto bad = [&](std::string_view name, std::size_t index, std::string_view expected) {
        return std::unexpected(
            fmt::format("{}: must be {}, is \"{}\"", name, expected, core::visible_text(fields[index])));
    };
    const auto time = core::parse_int(fields[0]);
    if (!time || *time < kFirstTime || *time > kLastTime) return bad("ts_ms", 0, "milliseconds since the epoch");
    if (*time < not_before) return bad("ts_ms", 0, "at least that of the line before");
    if (fields[1] != "b" && fields[1] != "s") return bad("side", 1, "b or s");
    const auto price = core::parse_double(fields[2]);
    if (!price || !core::is_finite_positive(*price)) return bad("price", 2, "a number over 0");
    const auto amount = core::parse_double(fields[3]);
    if (!amount || !core::is_finite_positive(*amount)) return bad("amount", 3, "a number over 0");
    return market::Trade{.price = *price,
                         .size = *amount,
                         .taker_side = fields[1] == "b" ? market::Side::buy : market::Side::sell,
                         .time = core::WallTime(milliseconds(*time))};
}

class BarWriter {
public:
    BarWriter(std::string file, bool features, std::ostream& out)
        : file_(std::move(file)), features_(features), out_(out) {}

    /// Whether a bar gets a line.
    [[nodiscard]] bool wants(const signals::IgnitionBar& bar) const {
        return bar.trades > 0 && bar.bars_before >= kWarmUpBars && (features_ || bar.probability > kFloor);
    }
    void write(const signals::IgnitionBar& bar, const std::vector<std::string_view>& flags) {
        const auto closes_at = std::chrono::floor<milliseconds>(bar.closes_at).time_since_epoch().count();
        nlohmann::ordered_json line{{"file", file_},
                                    {"ts_ms", closes_at},
                                    {"score", bar.probability},
                                    {"p", bar.probability},
                                    {"flags", flags}};
        if (features_) {
            nlohmann::ordered_json& seen = line["features"];
            for (const signals::IgnitionTerm& term : signals::ignition_terms()) {
                seen[std::string(term.name)] = bar.features.*term.feature;
            }
        }
        out_ << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    }

private:
    std::string file_;
    bool features_;
    std::ostream& out_;
};

/// The daemon's detectors over the same trades. A tape has neither books nor an index: what needs them is unknown.
class TapeFlags {
public:
    void add(const market::Trade& trade) { pending_.push_back(trade); }
    /// What is raised once the bar has closed. `asked`: whether anything wants to know.
    std::vector<std::string_view> at_close(core::WallTime closes_at, bool asked) {
        const auto later = std::ranges::lower_bound(pending_, closes_at, {}, &market::Trade::time);
        // A second later the detectors take the bar for complete.
        const core::WallTime known = closes_at + std::chrono::seconds(1);
        detectors_.on_trades({pending_.begin(), later}, known);
        pending_.erase(pending_.begin(), later);
        static_cast<void>(detectors_.take_episode_changes());
        std::vector<std::string_view> names;
        if (!asked) return names;
        const signals::Verdict& verdict = detectors_.verdict(known);
        for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
            if (verdict.flags.has(flag.flag)) names.push_back(flag.name);
        }
        if (!verdict.reversed.empty()) names.push_back(to_string(signals::EpisodePhase::post_surge_reversal));
        if (!verdict.exhausted.empty()) names.push_back(to_string(signals::EpisodePhase::exhausted_spike));
        return names;
    }

private:
    signals::ContractDetectors detectors_{signals::ContractDetectors::Thresholds::shipped};
    std::vector<market::Trade> pending_;
};

std::expected<void, Problem> detect_in(const std::string& path, bool features, std::ostream& out) {
    TapeFile tape(path);
    if (!tape.is_open()) return std::unexpected(Problem("cannot be opened"));
    BarWriter writer(path == "-" ? path : std::filesystem::path(path).filename().string(), features, out);
    signals::PumpIgnition detector;
    TapeFlags flags;
    const auto close = [&](core::WallTime now) {
        while (const auto bar = detector.close_bar(now)) {
            const bool wanted = writer.wants(*bar);
            const auto raised = flags.at_close(bar->closes_at, wanted);
            if (wanted) writer.write(*bar, raised);
        }
    };
    std::int64_t last = std::numeric_limits<std::int64_t>::min();
    std::string_view line;
    for (std::size_t number = 1;; ++number) {
        const auto more = tape.next(line);
        if (!more) return std::unexpected(fmt::format("line {}: {}", number, more.error()));
        if (!*more || !out) break;
        const auto trade = parse_trade(line, last);
        if (!trade) return std::unexpected(fmt::format("line {}: {}", number, trade.error()));
        close(trade->time);
        detector.add(*trade);
        flags.add(*trade);
        last = std::chrono::floor<milliseconds>(trade->time).time_since_epoch().count();
    }
    // The last bar is known once it has closed, which is all that a tape's end tells.
    if (last >= kFirstTime) {
        const core::WallTime end = core::WallTime(milliseconds(last)) + signals::kIgnitionBar;
        close(end);
    }
    return {};
}

}  // namespace

int run_detect(const std::vector<std::string>& tapes, bool features, std::ostream& out, std::ostream& err) {
    bool sound = true;
    for (const std::string& path : tapes) {
        if (const auto done = detect_in(path, features, out); !done) {
            err << core::visible_text(path) << ": " << done.error() << '\n';
            sound = false;
        }
    }
    out.flush();
    if (!out) err << "the results could not be written\n";
    return sound && out ? 0 : 1;
}

}  // namespace scanner::app
