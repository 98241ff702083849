#include "storage/detectors/packed_state.hpp"

#include "scanner/core/log.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/private_files.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <map>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>

// The file: a line that says what it is, then records one after the other: length, checksum, and what they cover: the
// contract's code, when it was saved, and the packed state. The last record of a contract holds. After a crash the last
// one may be cut short: it is left out, and the next write makes the file anew.
namespace scanner::storage {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kMagic = "detector-states 2\n";
constexpr std::string_view kFirstVersion = "manip-watch";
constexpr std::size_t kMaxFileBytes = 512U << 20U;
constexpr std::size_t kMaxCodeBytes = 80;
constexpr std::size_t kMaxRecordBytes = 256U << 10U;
constexpr std::size_t kHeadBytes = 8;
/// So much may be added before the file is made anew, or three times what it holds.
constexpr std::size_t kLeastGrowth = 8U << 20U;

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}
std::uint64_t number(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
}
std::uint32_t checksum_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

struct Packed {
    core::WallTime saved_at;
    std::string bytes;
};

std::string record_of(std::string_view code, const Packed& state) {
    std::string body;
    body.reserve(9 + code.size() + state.bytes.size());
    put(body, code.size(), 1);
    body += code;
    put(body, std::bit_cast<std::uint64_t>(core::to_unix_ms(state.saved_at)), 8);
    body += state.bytes;
    std::string record;
    record.reserve(kHeadBytes + body.size());
    put(record, body.size(), 4);
    put(record, checksum_of(body), 4);
    return record += body;
}

/// What a record says; nothing for what is none.
std::optional<std::pair<std::string, Packed>> read_record(std::string_view body) {
    const std::size_t code_bytes = body.empty() ? 0 : number(body.substr(0, 1));
    if (code_bytes == 0 || code_bytes > kMaxCodeBytes || body.size() < 1 + code_bytes + 8) return std::nullopt;
    const auto ms = std::bit_cast<std::int64_t>(number(body.substr(1 + code_bytes, 8)));
    if (!core::is_unix_ms(ms)) return std::nullopt;
    return std::pair(std::string(body.substr(1, code_bytes)),
                     Packed{.saved_at = core::from_unix_ms(ms), .bytes = std::string(body.substr(1 + code_bytes + 8))});
}

/// Blocking; used on one thread.
class Log {
public:
    Log(std::string path, const core::Clock& clock) : path_(std::move(path)), clock_(clock) {}

    core::Result<std::vector<DetectorState>> read() {
        make_private(path_);
        const auto bytes = read_whole_file(path_, kMaxFileBytes);
        states_.clear();
        file_.reset();
        if (!bytes && bytes.error().code() == core::ErrorCode::not_found) return std::vector<DetectorState>();
        if (!bytes) return std::unexpected(bytes.error());
        std::vector<DetectorState> found;
        if (bytes->starts_with(kFirstVersion)) {
            found.push_back({.contract_code = "", .saved_at = clock_.now(), .bytes = *bytes});
            return found;
        }
        if (!bytes->starts_with(kMagic)) return core::fail(core::ErrorCode::malformed, path_ + ": not such a file");
        std::size_t damaged = 0;
        for (std::string_view rest = std::string_view(*bytes).substr(kMagic.size()); !rest.empty();) {
            const std::size_t length = rest.size() < kHeadBytes ? 0 : number(rest.substr(0, 4));
            if (length == 0 || length > kMaxRecordBytes || rest.size() < kHeadBytes + length) {
                ++damaged;
                break;
            }
            const std::string_view body = rest.substr(kHeadBytes, length);
            auto record = checksum_of(body) == number(rest.substr(4, 4)) ? read_record(body) : std::nullopt;
            if (record) {
                states_.insert_or_assign(std::move(record->first), std::move(record->second));
            } else {
                ++damaged;
            }
            rest.remove_prefix(kHeadBytes + length);
        }
        if (damaged > 0) core::log(core::LogLevel::warning, "detector_states_damaged", {{"records", damaged}});
        forget_old();
        for (const auto& [code, packed] : states_) {
            if (auto state = unpack_state(packed.bytes); state && !state->empty()) {
                found.push_back({.contract_code = code, .saved_at = packed.saved_at, .bytes = std::move(*state)});
            }
        }
        return found;
    }

    core::Result<void> write(const std::vector<DetectorState>& changed) {
        std::string records;
        for (const DetectorState& state : changed) {
            if (state.contract_code.empty() || state.contract_code.size() > kMaxCodeBytes) continue;
            Packed& kept = states_[state.contract_code];
            kept = {.saved_at = state.saved_at, .bytes = pack_state(state.bytes)};
            records += record_of(state.contract_code, kept);
        }
        if (file_.is_open() && grown_ + records.size() <= allowed_) {
            grown_ += records.size();
            if (const auto added = add(records)) return {};
            file_.reset();  // what is at its end now is not known: it is made anew
        }
        return rewrite();
    }

private:
    core::Result<void> add(std::string_view records) {
        if (auto written = write_all(file_.get(), records); !written) return written;
        if (::fdatasync(file_.get()) != 0) return std::unexpected(io_error("cannot be made durable", path_));
        return {};
    }

    core::Result<void> rewrite() {
        forget_old();
        std::erase_if(states_, [](const auto& entry) { return entry.second.bytes.empty(); });
        std::string whole(kMagic);
        for (const auto& [code, packed] : states_) whole += record_of(code, packed);
        file_.reset();
        if (auto replaced = replace_private_file(path_, whole); !replaced) return replaced;
        grown_ = 0;
        allowed_ = std::max(kLeastGrowth, 3 * whole.size());
        if (auto opened = open_private_file(path_, O_WRONLY | O_APPEND)) file_ = std::move(*opened);
        return {};
    }

    void forget_old() {
        const core::WallTime oldest = clock_.now() - kDetectorStateLifetime;
        std::erase_if(states_, [oldest](const auto& entry) { return entry.second.saved_at < oldest; });
    }

    std::string path_;
    const core::Clock& clock_;
    std::map<std::string, Packed, std::less<>> states_;
    FileDescriptor file_;  ///< open where the file is known to be whole
    std::size_t grown_ = 0;
    std::size_t allowed_ = 0;
};

class DetectorFile final : public DetectorStates {
public:
    DetectorFile(std::string path, const core::Clock& clock) : log_(std::move(path), clock) {}
    ~DetectorFile() override { pool_.join(); }

    asio::awaitable<core::Result<std::vector<DetectorState>>> read() override {
        co_return co_await asio::co_spawn(pool_, read_there(log_), asio::use_awaitable);
    }
    asio::awaitable<core::Result<void>> write(std::vector<DetectorState> changed) override {
        co_return co_await asio::co_spawn(pool_, write_there(log_, std::move(changed)), asio::use_awaitable);
    }

private:
    static asio::awaitable<core::Result<std::vector<DetectorState>>> read_there(Log& log) { co_return log.read(); }
    static asio::awaitable<core::Result<void>> write_there(Log& log, std::vector<DetectorState> changed) {
        co_return log.write(changed);
    }

    Log log_;
    asio::thread_pool pool_{1};
};

}  // namespace

std::unique_ptr<DetectorStates> make_detector_file(std::string path, const core::Clock& clock) {
    return std::make_unique<DetectorFile>(std::move(path), clock);
}

}  // namespace scanner::storage
