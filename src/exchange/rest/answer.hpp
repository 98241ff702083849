#pragma once

#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/exchange_options.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What the decoders of all venues share. Pure: bytes in, values out; no clock, no I/O.
namespace scanner::exchange::rest {

/// What came back over HTTP. `body` is decompressed and need only live for the call.
struct Answer {
    int http_status = 200;
    std::string_view body;
};

/// A JSON parser whose buffers are used again and again. What it parsed is valid until it parses the next text, so
/// every decoder copies what it keeps. One thread at a time.
class JsonParser {
public:
    JsonParser();
    ~JsonParser();
    JsonParser(const JsonParser&) = delete;
    JsonParser& operator=(const JsonParser&) = delete;

    struct Impl;
    [[nodiscard]] Impl& impl() { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

/// The good rows of a bulk answer and what is wrong with the others. More bad rows than good ones make the answer
/// malformed instead.
template <class T>
struct BulkAnswer {
    Bulk<T> bulk;
    std::vector<RowProblem> problems;
};

}  // namespace scanner::exchange::rest
