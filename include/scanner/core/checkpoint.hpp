#pragma once

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// The whole state of an object as bytes, so that another one goes on from it exactly.
///
/// A class that is kept has `static void persist(auto& self, auto& archive)`, which gives its members to `archive` in a
/// fixed order; plain structs have a function `persist(self, archive)` in their namespace. The same function writes and
/// reads, so that the two cannot differ. Fixed numbers are little-endian; what is behind a shared pointer is written
/// once, and shared again when it is read. Not thread-safe. Pure.
namespace scanner::core {

/// `T`, or a const one: what a function that both writes and reads takes.
template <class T, class Of>
concept ConstOr = std::same_as<std::remove_const_t<T>, Of>;

namespace checkpoint {

template <class T>
concept Raw = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
struct IsTime : std::false_type {};
template <class C, class D>
struct IsTime<std::chrono::time_point<C, D>> : std::true_type {};

/// Times are added and compared: within this nothing overflows. The first and the last stand for never.
inline constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 4;

}  // namespace checkpoint

/// Appends to a string. The loop stands still meanwhile, so it costs a copy a member and little more.
class CheckpointWriter {
public:
    static constexpr bool kReads = false;

    /// `expected`: bytes, about so many; more are no mistake.
    explicit CheckpointWriter(std::size_t expected = 0) {
        if (expected > 0) grow(expected);
    }

    template <class... T>
    void operator()(const T&... values) {
        (write(values), ...);
    }
    /// What is known to hold of a state that exists.
    void require(bool /*holds*/) {}
    /// One of `known`, which are literals.
    void literal(std::string_view text, std::span<const std::string_view> /*known*/) { write_text(text); }
    [[nodiscard]] bool ok() const { return true; }
    [[nodiscard]] std::string take() {
        out_.resize(used_);
        return std::move(out_);
    }

private:
    void raw(const void* bytes, std::size_t size) {
        if (size == 0) return;
        if (out_.size() - used_ < size) grow(size);
        std::memcpy(out_.data() + used_, bytes, size);
        used_ += size;
    }
    /// Room that nothing is written to in advance.
    [[gnu::noinline]] void grow(std::size_t size) {
        constexpr std::size_t kLeast = 4096;
        out_.resize_and_overwrite(std::max({2 * out_.size(), used_ + size, kLeast}),
                                  [](char*, std::size_t room) { return room; });
    }
    void write_text(std::string_view text) {
        write(static_cast<std::uint64_t>(text.size()));
        raw(text.data(), text.size());
    }

    template <checkpoint::Raw T>
    void write(const T& value) {
        static_assert(std::endian::native == std::endian::little);
        raw(&value, sizeof(T));
    }
    void write(const std::string& text) { write_text(text); }
    template <class Rep, class Period>
    void write(const std::chrono::duration<Rep, Period>& value) {
        write(static_cast<std::int64_t>(value.count()));
    }
    template <class C, class D>
    void write(const std::chrono::time_point<C, D>& value) {
        write(value.time_since_epoch());
    }
    template <class T>
    void write(const std::optional<T>& value) {
        write(value.has_value());
        if (value) write(*value);
    }
    template <class A, class B>
    void write(const std::pair<A, B>& value) {
        write(value.first);
        write(value.second);
    }
    template <class T, std::size_t N>
    void write(const std::array<T, N>& values) {
        if constexpr (std::is_arithmetic_v<T>) {
            raw(values.data(), sizeof(T) * N);
        } else {
            for (const T& value : values) write(value);
        }
    }
    template <class T>
    void write(const std::vector<T>& values) {
        write(static_cast<std::uint64_t>(values.size()));
        if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>) {
            raw(values.data(), sizeof(T) * values.size());
        } else {
            for (const auto& value : values) write(static_cast<const T&>(value));
        }
    }
    template <class T>
    void write(const std::deque<T>& values) {
        write(static_cast<std::uint64_t>(values.size()));
        for (const T& value : values) write(value);
    }
    template <class V, class C>
    void write(const std::map<std::string, V, C>& values) {
        write(static_cast<std::uint64_t>(values.size()));
        for (const auto& [key, value] : values) {
            write(key);
            write(value);
        }
    }
    /// In the order of the keys: the same content makes the same bytes.
    template <class V, class H, class E>
    void write(const std::unordered_map<std::string, V, H, E>& values) {
        std::vector<const std::pair<const std::string, V>*> sorted;
        sorted.reserve(values.size());
        for (const auto& entry : values) sorted.push_back(&entry);
        std::ranges::sort(sorted, {}, [](const auto* entry) -> const std::string& { return entry->first; });
        write(static_cast<std::uint64_t>(sorted.size()));
        for (const auto* const entry : sorted) {
            write(entry->first);
            write(entry->second);
        }
    }
    void write(const std::unordered_set<std::string>& values) {
        std::vector<std::string> sorted(values.begin(), values.end());
        std::ranges::sort(sorted);
        write(sorted);
    }
    template <class T>
    void write(const std::shared_ptr<T>& shared) {
        if (shared == nullptr) return write(kNull);
        const auto [place, is_new] = shared_.try_emplace(shared.get(), 0);
        if (!is_new) return write(place->second);
        write(kNew);
        write(static_cast<const T&>(*shared));
        shared_[shared.get()] = next_++;
    }
    template <class T>
        requires(std::is_class_v<T> && !checkpoint::IsTime<T>::value)
    void write(const T& value) {
        if constexpr (requires { T::persist(value, *this); }) {
            T::persist(value, *this);
        } else {
            persist(value, *this);
        }
    }

    friend class CheckpointReader;
    static constexpr std::uint32_t kNull = 0;
    static constexpr std::uint32_t kNew = 1;

    std::string out_;  ///< as far as `used_`; beyond it is room
    std::size_t used_ = 0;
    std::unordered_map<const void*, std::uint32_t> shared_;
    std::uint32_t next_ = 2;
};

/// Reads it back. Bytes may come from anywhere: what cannot be makes `ok` false, and nothing is read from then on.
class CheckpointReader {
public:
    static constexpr bool kReads = true;

    explicit CheckpointReader(std::string_view bytes) : rest_(bytes) {}

    template <class... T>
    void operator()(T&... values) {
        (read(values), ...);
    }
    /// What must hold of what was read, so that it can be gone on from.
    void require(bool holds) {
        if (holds) return;
        ok_ = false;
        rest_ = {};
    }
    void literal(std::string_view& text, std::span<const std::string_view> known) {
        std::string got;
        read(got);
        const auto found = std::ranges::find(known, std::string_view(got));
        require(found != known.end());
        text = ok_ ? *found : std::string_view();
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
    /// A number of things that follow, each of at least one byte.
    [[nodiscard]] std::size_t count() {
        std::uint64_t number = 0;
        read(number);
        require(number <= rest_.size());
        return ok_ ? static_cast<std::size_t>(number) : 0;
    }

private:
    bool raw(void* into, std::size_t size) {
        if (size > rest_.size()) {
            require(false);
            return false;
        }
        if (size > 0) std::memcpy(into, rest_.data(), size);
        rest_.remove_prefix(size);
        return true;
    }

    void read(bool& value) {
        std::uint8_t byte = 0;
        raw(&byte, 1);
        require(byte <= 1);
        value = ok_ && byte == 1;
    }
    template <checkpoint::Raw T>
    void read(T& value) {
        T got{};
        if (!raw(&got, sizeof(T))) return;
        if constexpr (std::is_floating_point_v<T>) require(!std::isnan(got));
        if (ok_) value = got;
    }
    void read(std::string& text) {
        const std::size_t size = count();
        text.assign(rest_.substr(0, size));
        rest_.remove_prefix(size);
    }
    template <class Rep, class Period>
    void read(std::chrono::duration<Rep, Period>& value) {
        std::int64_t got = 0;
        read(got);
        require((got >= -checkpoint::kFar && got <= checkpoint::kFar) ||
                got == std::numeric_limits<std::int64_t>::max() || got == std::numeric_limits<std::int64_t>::min());
        value = std::chrono::duration<Rep, Period>(static_cast<Rep>(ok_ ? got : 0));
    }
    template <class C, class D>
    void read(std::chrono::time_point<C, D>& value) {
        D since{};
        read(since);
        value = std::chrono::time_point<C, D>(since);
    }
    template <class T>
    void read(std::optional<T>& value) {
        bool has = false;
        read(has);
        value.reset();
        if (!has) return;
        T read_back{};
        read(read_back);
        value = std::move(read_back);
    }
    template <class A, class B>
    void read(std::pair<A, B>& value) {
        read(value.first);
        read(value.second);
    }
    template <class T, std::size_t N>
    void read(std::array<T, N>& values) {
        for (T& value : values) read(value);
    }
    template <class T>
    void read(std::vector<T>& values) {
        values.clear();
        const std::size_t size = count();
        if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>) {
            require(size <= rest_.size() / sizeof(T));
            if (ok_) values.reserve(size);
        }
        for (std::size_t i = 0; i < size && ok_; ++i) {
            T value{};
            read(value);
            values.push_back(std::move(value));
        }
    }
    template <class T>
    void read(std::deque<T>& values) {
        values.clear();
        const std::size_t size = count();
        for (std::size_t i = 0; i < size && ok_; ++i) read(values.emplace_back());
    }
    template <class Map>
    void read_map(Map& values) {
        values.clear();
        const std::size_t size = count();
        for (std::size_t i = 0; i < size && ok_; ++i) {
            std::string key;
            read(key);
            const auto [place, is_new] = values.try_emplace(std::move(key));
            require(is_new);
            read(place->second);
        }
    }
    template <class V, class C>
    void read(std::map<std::string, V, C>& values) {
        read_map(values);
    }
    template <class V, class H, class E>
    void read(std::unordered_map<std::string, V, H, E>& values) {
        read_map(values);
    }
    void read(std::unordered_set<std::string>& values) {
        std::vector<std::string> sorted;
        read(sorted);
        values = std::unordered_set<std::string>(sorted.begin(), sorted.end());
    }
    template <class T>
    void read(std::shared_ptr<T>& shared) {
        using Value = std::remove_const_t<T>;
        shared.reset();
        std::uint32_t number = 0;
        read(number);
        if (!ok_ || number == CheckpointWriter::kNull) return;
        if (number != CheckpointWriter::kNew) {
            const std::size_t place = number - CheckpointWriter::kNew - 1;
            require(place < shared_.size() && shared_[place].type == typeid(Value));
            if (ok_) shared = std::static_pointer_cast<Value>(shared_[place].object);
            return;
        }
        require(++depth_ < kMaxDepth);
        const auto made = std::make_shared<Value>();
        if (ok_) read(*made);
        --depth_;
        shared_.push_back({.type = typeid(Value), .object = made});
        shared = made;
    }
    template <class T>
        requires(std::is_class_v<T> && !checkpoint::IsTime<T>::value)
    void read(T& value) {
        if constexpr (requires { T::persist(value, *this); }) {
            T::persist(value, *this);
        } else {
            persist(value, *this);
        }
    }

    struct Shared {
        std::type_index type = typeid(void);
        std::shared_ptr<void> object;
    };
    static constexpr int kMaxDepth = 16;

    std::string_view rest_;
    std::vector<Shared> shared_;
    int depth_ = 0;
    bool ok_ = true;
};

}  // namespace scanner::core
