// One line of the training log (profiles/schemas/training.schema.json) as a struct.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/document.h"
#include "policy/words.h"

namespace hardened::generate {

enum class Phase { start, serve, stop, exec };
inline constexpr policy::Choice<Phase> phase_words[] = {
    {"start", Phase::start}, {"serve", Phase::serve}, {"stop", Phase::stop}, {"exec", Phase::exec}};
using Phases = std::set<Phase>;

// "start, serve"; empty for none.
[[nodiscard]] std::string words_of(const Phases& phases);

enum class WriteKind { file, directory, other, removed };

struct ArgumentValues {
  std::string syscall;
  std::uint64_t index = 0;
  std::optional<std::vector<std::uint64_t>> values;  // nothing: more than were kept
  bool any = false;
};

struct CapabilityUse {
  std::string capability;
  std::string syscall;
  bool granted = false;
  std::uint64_t count = 0;
};

struct Write {
  std::string path;
  WriteKind kind = WriteKind::file;
  std::uint64_t bytes = 0;
};

struct Peaks {
  std::optional<std::uint64_t> memory;  // bytes
  std::optional<std::uint64_t> pids;
  std::optional<std::uint64_t> cpu_ms;
};

using Calls = std::map<std::string, Phases>;  // by name

struct Run {
  std::string file;  // it was read from
  std::string run, container, image, image_digest, engine, runtime, kernel, architecture, profile, tier;
  std::string started, ended;  // RFC 3339 in UTC
  Phases phases;
  std::map<std::string, Calls> syscalls;  // by architecture
  std::vector<ArgumentValues> arguments;
  std::optional<std::vector<CapabilityUse>> capabilities;  // nothing: who recorded was not told of them
  std::vector<Write> writes;
  Peaks peaks;
  bool complete = false;
  std::vector<std::string> lost;
};

// Errors (Code::policy): "FILE: cannot …" for whatever the schema refuses, and for times that are not in UTC: they must
// compare as text.
[[nodiscard]] Result<Run> decode_run(const policy::Document& line);

}  // namespace hardened::generate
