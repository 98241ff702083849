#include "api/streams/stream_metrics.hpp"

namespace scanner::api {

void collect(core::MetricSink& sink, const StreamStatistics& streams) {
    const auto subscribers = [&sink](std::string_view kind, std::size_t count) {
        sink.gauge("scanner_stream_subscribers", "Subscribers now, by kind", count, {{"kind", kind}});
    };
    subscribers("websocket", streams.websockets);
    subscribers("events", streams.events);
    subscribers("heartbeat", streams.heartbeats);
    sink.gauge("scanner_stream_channels", "Different parameter sets that are followed now", streams.channels);
    sink.counter("scanner_stream_frames_rendered_total", "Frames made: one a ranking and parameter set",
                 streams.rendered);
    sink.counter("scanner_stream_frames_sent_total", "Frames delivered to a subscriber", streams.sent);
    sink.counter("scanner_stream_frames_conflated_total", "Frames passed over because a subscriber was behind",
                 streams.conflated);
    sink.counter("scanner_stream_dropped_total", "Subscribers cut off because they did not read", streams.dropped);
    sink.counter("scanner_stream_refused_total", "Subscribers turned away because there were too many",
                 streams.refused);
}

}  // namespace scanner::api
