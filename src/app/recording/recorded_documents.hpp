#pragma once

#include "scanner/storage/document_store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace scanner::app {

/// The kind of a recorded change that holds an operator's documents.
inline constexpr std::string_view kDocumentsChange = "documents";

/// Alert rules and watchlists as one JSON object; of settings and profiles recorded options hold what they came to.
[[nodiscard]] std::string encode_documents(const storage::OperatorDocuments& documents);
/// Empty unless the text is such an object. More than kMaxRecordedDocuments of one kind are refused.
[[nodiscard]] std::optional<storage::OperatorDocuments> decode_documents(std::string_view text);
inline constexpr std::size_t kMaxRecordedDocuments = 10'000;

}  // namespace scanner::app
