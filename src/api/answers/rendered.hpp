#pragma once

#include "scanner/core/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace scanner::api {

/// Which cycle an answer was made from; what the X-Scan-* and X-Data-Age-Ms headers are computed from at serving time.
struct ScanStamp {
    std::uint64_t sequence = 0;
    core::WallTime time;                      ///< when the ranking was made
    std::optional<core::WallTime> data_time;  ///< of the oldest input that the answer shows
    bool simulated = false;
};

/// A body that is ready to be sent, shared by all requests for the same resource. Its gzip form is made when the first
/// client asks for it.
class Rendered {
public:
    /// `version`: what else tells two states of the resource apart whose bytes are the same; goes into the tag.
    Rendered(std::string content_type, std::string body, std::optional<ScanStamp> stamp, std::string_view version = {});

    [[nodiscard]] const std::string& content_type() const noexcept { return content_type_; }
    [[nodiscard]] const std::optional<ScanStamp>& stamp() const noexcept { return stamp_; }
    [[nodiscard]] const std::shared_ptr<const std::string>& body() const noexcept { return body_; }
    /// Strong, quotes included: the same bytes have the same tag and no others have it.
    [[nodiscard]] const std::string& etag() const noexcept { return etag_; }
    /// nullptr when it is not worth it. Its tag is another one: other bytes.
    [[nodiscard]] const std::shared_ptr<const std::string>& gzip();
    [[nodiscard]] const std::string& gzip_etag() const noexcept { return gzip_etag_; }

    enum class Form { plain, gzip };
    enum class Answer { full, not_modified };
    /// Header lines ("ETag: …\r\n…") shared by all responses in this form, for a 200 or a 304. Rendered when they are
    /// first needed.
    [[nodiscard]] const std::shared_ptr<const std::string>& header_lines(Form form, Answer answer);

private:
    [[nodiscard]] std::string render_header_lines(Form form, Answer answer) const;

    std::string content_type_;
    std::optional<ScanStamp> stamp_;
    std::shared_ptr<const std::string> body_;
    std::string etag_;
    std::string gzip_etag_;
    std::shared_ptr<const std::string> gzip_;
    bool gzip_tried_ = false;
    std::array<std::shared_ptr<const std::string>, 4> header_lines_;  ///< by form and answer
};

struct RenderCacheLimits {
    std::size_t entries = 512;
    std::size_t bytes = 32U << 20U;
};

/// The most recently used answers, bounded in number and bytes. A key names the cycle and the canonical query, so that
/// an entry never becomes wrong; it is only forgotten. One thread.
class RenderCache {
public:
    explicit RenderCache(RenderCacheLimits limits) : limits_(limits) {}

    /// nullptr when it is not there.
    [[nodiscard]] std::shared_ptr<Rendered> find(const std::string& key);
    /// Keeps it, forgetting the least recently used ones; an answer larger than the whole cache is not kept.
    void insert(const std::string& key, std::shared_ptr<Rendered> rendered);

    /// Evicts the answers of cycles that, according to `is_over`, no request can name any more.
    void forget(const std::function<bool(const ScanStamp&)>& is_over);

    [[nodiscard]] std::size_t entries() const noexcept { return by_use_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Entry {
        std::string key;
        std::shared_ptr<Rendered> rendered;
        std::size_t bytes = 0;  ///< body and gzip form at its largest, key, headers, bookkeeping
    };

    RenderCacheLimits limits_;
    std::list<Entry> by_use_;                                                  ///< latest first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  ///< keys live in by_use_
    std::size_t bytes_ = 0;
};

}  // namespace scanner::api
