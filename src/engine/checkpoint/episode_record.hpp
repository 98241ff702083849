#pragma once

#include "scanner/core/checkpoint.hpp"
#include "scanner/storage/episodes.hpp"

namespace scanner::storage {

void persist(core::ConstOr<EpisodeRecord> auto& self, auto& archive) {
    auto& [id, revision, symbol, flag, kind, phase, start, end, probability, severity, simulated, details, context] =
        self;
    archive(id, revision, symbol, flag, kind, phase, start, end, probability, severity, simulated, details, context);
    archive.require(core::is_unix_ms(core::to_unix_ms(start)) && (!end || core::is_unix_ms(core::to_unix_ms(*end))));
}

}  // namespace scanner::storage
