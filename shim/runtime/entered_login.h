// Between exec, which writes it, and training mode's recorder, which finds it in audit records.
#pragma once

#include <cstdint>

namespace hardened::runtime {

// The login id of processes that exec brought into a container that is recorded.
inline constexpr std::uint32_t entered_login = 1751216740;  // "hard", in ASCII

}  // namespace hardened::runtime
