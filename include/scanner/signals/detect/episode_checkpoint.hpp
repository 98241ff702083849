#pragma once

#include "scanner/core/checkpoint.hpp"
#include "scanner/signals/detect/episode.hpp"

namespace scanner::signals {

/// An episode as checkpoints hold it (core/checkpoint.hpp): everything. Evidence that is none of the detectors' is not
/// read back.
void persist(const Episode& self, core::CheckpointWriter& archive);
void persist(Episode& self, core::CheckpointReader& archive);

}  // namespace scanner::signals
