// record.bpf.c as compiled.
#pragma once

#include <cstddef>
#include <span>

namespace hardened::record {

[[nodiscard]] std::span<const std::byte> object();

}  // namespace hardened::record
