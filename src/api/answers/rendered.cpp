#include "api/answers/rendered.hpp"

#include "api/answers/content_hash.hpp"
#include "api/http/negotiation.hpp"

namespace scanner::api {

Rendered::Rendered(std::string content_type, std::string body, std::optional<ScanStamp> stamp, std::string_view version)
    : content_type_(std::move(content_type)),
      stamp_(stamp),
      body_(std::make_shared<const std::string>(std::move(body))) {
    const std::string hash = content_hash(version.empty() ? *body_ : *body_ + '\0' + std::string(version));
    etag_ = '"' + hash + '"';
    gzip_etag_ = '"' + hash + "-gzip\"";
}

const std::shared_ptr<const std::string>& Rendered::gzip() {
    if (!gzip_tried_) {
        gzip_ = gzip_if_worth(*body_);
        gzip_tried_ = true;
    }
    return gzip_;
}

const std::shared_ptr<const std::string>& Rendered::header_lines(Form form, Answer answer) {
    auto& lines = header_lines_[(form == Form::gzip ? 2U : 0U) + (answer == Answer::not_modified ? 1U : 0U)];
    if (lines == nullptr) lines = std::make_shared<const std::string>(render_header_lines(form, answer));
    return lines;
}

std::string Rendered::render_header_lines(Form form, Answer answer) const {
    std::string lines;
    const auto add = [&lines](std::string_view name, std::string_view value) {
        lines += name;
        lines += ": ";
        lines += value;
        lines += "\r\n";
    };
    add("ETag", form == Form::gzip ? gzip_etag_ : etag_);
    add("Cache-Control", "no-cache");
    add("Vary", "Accept-Encoding");
    if (stamp_) {
        add("X-Scan-Seq", std::to_string(stamp_->sequence));
        add("X-Scan-Ts", core::format_time(stamp_->time));
    }
    if (answer == Answer::not_modified) return lines;
    add("Content-Type", content_type_);
    add("X-Content-Type-Options", "nosniff");
    if (form == Form::gzip) add("Content-Encoding", "gzip");
    return lines;
}

std::shared_ptr<Rendered> RenderCache::find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->rendered;
}

void RenderCache::insert(const std::string& key, std::shared_ptr<Rendered> rendered) {
    constexpr std::size_t kBookkeeping = 2048;  // the header lines of all four kinds among it
    const std::size_t bytes = 2 * rendered->body()->size() + key.size() + kBookkeeping;
    if (bytes > limits_.bytes || limits_.entries == 0) return;
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        const auto entry = known->second;
        bytes_ -= entry->bytes;
        by_key_.erase(known);
        by_use_.erase(entry);
    }
    while (!by_use_.empty() && (by_use_.size() >= limits_.entries || bytes_ + bytes > limits_.bytes)) {
        bytes_ -= by_use_.back().bytes;
        by_key_.erase(by_use_.back().key);
        by_use_.pop_back();
    }
    by_use_.push_front({.key = key, .rendered = std::move(rendered), .bytes = bytes});
    by_key_.emplace(by_use_.front().key, by_use_.begin());
    bytes_ += bytes;
}

void RenderCache::forget(const std::function<bool(const ScanStamp&)>& is_over) {
    for (auto entry = by_use_.begin(); entry != by_use_.end();) {
        const auto& stamp = entry->rendered->stamp();
        if (!stamp || !is_over(*stamp)) {
            ++entry;
            continue;
        }
        bytes_ -= entry->bytes;
        by_key_.erase(entry->key);
        entry = by_use_.erase(entry);
    }
}

}  // namespace scanner::api
