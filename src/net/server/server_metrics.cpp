#include "scanner/net/server_metrics.hpp"

namespace scanner::net {

void collect(core::MetricSink& sink, const HttpServerStatistics& server) {
    sink.counter("scanner_http_connections_total", "Connections accepted, refused ones included", server.accepted);
    sink.counter("scanner_http_connections_refused_total", "Connections beyond the limit", server.refused);
    sink.counter("scanner_http_protocol_errors_total", "Malformed HTTP requests", server.protocol_errors);
    sink.counter("scanner_http_request_timeouts_total", "Requests that did not arrive in time",
                 server.request_timeouts);
    sink.counter("scanner_http_handler_exceptions_total", "Answers ended by an exception", server.handler_exceptions);
    sink.counter("scanner_http_slow_readers_dropped_total", "Clients dropped because they did not read",
                 server.slow_readers_dropped);
}

}  // namespace scanner::net
