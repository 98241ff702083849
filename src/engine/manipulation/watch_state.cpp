#include "engine/manipulation/watch_state.hpp"

#include "scanner/storage/detector_states.hpp"

#include <zlib.h>

#include <bit>
#include <cmath>
#include <utility>

namespace scanner::engine {
namespace {

constexpr std::string_view kMagic = "manip-watch";
constexpr std::uint8_t kFirstVersion = 1;
constexpr std::uint8_t kContractVersion = 2;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kMaxCodeBytes = 80;
constexpr std::size_t kMaxDetectorBytes = 64U << 10U;
/// The clocks of two starts may differ by so much.
constexpr std::chrono::minutes kMaxAhead{1};

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}
void put_time(std::string& out, core::WallTime time) {
    put(out, std::bit_cast<std::uint64_t>(core::to_unix_ms(time)), 8);
}

/// Past the end everything is 0, and `ok` false from then on.
class Bytes {
public:
    explicit Bytes(std::string_view rest) : rest_(rest) {}
    [[nodiscard]] std::string_view take(std::size_t count) {
        if (count > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    [[nodiscard]] std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        const std::string_view taken = take(bytes);
        for (std::size_t i = 0; i < taken.size(); ++i) {
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
        }
        return value;
    }
    [[nodiscard]] core::WallTime time() {
        const auto ms = std::bit_cast<std::int64_t>(number(8));
        if (!core::is_unix_ms(ms)) ok_ = false;
        return ok_ ? core::from_unix_ms(ms) : core::WallTime();
    }
    void refuse() { ok_ = false; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

std::uint32_t checksum_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

KeptContract read_contract(Bytes& in) {
    KeptContract contract;
    const std::size_t code_bytes = in.number(1);
    if (code_bytes == 0 || code_bytes > kMaxCodeBytes) in.refuse();
    contract.contract_code = in.take(code_bytes);
    contract.contract_size = std::bit_cast<double>(in.number(8));
    if (!std::isfinite(contract.contract_size) || contract.contract_size <= 0.0) in.refuse();
    if (in.number(1) != 0) contract.last_over = in.time();
    const std::size_t bytes = in.number(4);
    if (bytes > kMaxDetectorBytes) in.refuse();
    const std::string_view state = in.take(in.ok() ? bytes : 0);
    const auto* const begin = reinterpret_cast<const std::byte*>(state.data());
    contract.detectors = std::make_shared<const std::vector<std::byte>>(begin, begin + state.size());
    return contract;
}

core::Error damaged(const char* what) {
    return {core::ErrorCode::malformed, std::string("state of the detectors: ") + what};
}

}  // namespace

std::string encode_contract(const KeptContract& contract) {
    std::string out;
    out.reserve(128 + contract.detectors->size());
    put(out, kContractVersion, 1);
    put(out, contract.contract_code.size(), 1);
    out += contract.contract_code;
    put(out, std::bit_cast<std::uint64_t>(contract.contract_size), 8);
    put(out, contract.last_over ? 1 : 0, 1);
    if (contract.last_over) put_time(out, *contract.last_over);
    put(out, contract.detectors->size(), 4);
    out.append(reinterpret_cast<const char*>(contract.detectors->data()), contract.detectors->size());
    return out;
}

core::Result<KeptContract> decode_contract(std::string_view bytes, core::WallTime saved_at) {
    Bytes in(bytes);
    if (in.number(1) != kContractVersion)
        return std::unexpected(damaged("of a version that this program does not know"));
    KeptContract contract = read_contract(in);
    if (!in.ok() || !in.at_end()) return std::unexpected(damaged("a value that cannot be"));
    contract.saved_at = saved_at;
    return contract;
}

core::Result<std::vector<KeptContract>> decode_first_version(std::string_view bytes) {
    if (bytes.size() < kMagic.size() + kChecksumBytes || !bytes.starts_with(kMagic)) {
        return std::unexpected(damaged("not such a file"));
    }
    const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
    Bytes end(bytes.substr(body.size()));
    if (end.number(kChecksumBytes) != checksum_of(body)) return std::unexpected(damaged("the checksum is another"));
    Bytes in(body.substr(kMagic.size()));
    if (in.number(1) != kFirstVersion) return std::unexpected(damaged("of a version that this program does not know"));
    const core::WallTime saved_at = in.time();
    const std::uint64_t count = in.number(4);
    if (!in.ok() || count > kMaxKeptContracts) return std::unexpected(damaged("cut short"));
    std::vector<KeptContract> contracts;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        contracts.push_back(read_contract(in));
        contracts.back().saved_at = saved_at;
    }
    if (!in.ok() || !in.at_end()) return std::unexpected(damaged("a value that cannot be"));
    return contracts;
}

bool is_recent(core::WallTime saved_at, core::WallTime now) {
    return saved_at <= now + kMaxAhead && now - saved_at <= storage::kDetectorStateLifetime;
}

}  // namespace scanner::engine
