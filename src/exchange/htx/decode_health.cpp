#include "exchange/htx/decode_health.hpp"

#include "exchange/htx/answer_fields.hpp"

namespace scanner::exchange::htx {

core::Result<Heartbeat> decode_heartbeat(JsonParser& parser, const Answer& answer) {
    auto root_object = open_answer(parser, answer);
    if (!root_object) return std::unexpected(root_object.error());
    FieldReader root(*root_object);
    const auto data_object = root.object("data");
    if (!data_object) return std::unexpected(root.error());
    FieldReader data(*data_object, "data");
    Heartbeat heartbeat;
    heartbeat.working = data.integer("linear_swap_heartbeat") == 1;
    heartbeat.estimated_recovery = data.optional_time("linear_swap_estimated_recovery_time");
    if (!data.ok()) return std::unexpected(data.error());
    return heartbeat;
}

}  // namespace scanner::exchange::htx
