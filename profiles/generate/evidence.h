// What all runs together show.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "generate/logs.h"

namespace hardened::generate {

struct Seen {
  std::size_t runs = 0;
  std::string first, last;  // when the first and the last of them started
  Phases phases;
};

struct Argument {
  std::set<std::uint64_t> values;
  bool any = false;
};

// How often each call asked for a capability, by call.
using Counts = std::map<std::string, std::uint64_t>;

struct WrittenPath {
  std::uint64_t bytes = 0;  // the most of a run
  std::set<WriteKind> kinds;
};

struct Evidence {
  std::vector<Run> runs;                                                // sorted by time
  std::map<std::string, std::string> digests;                           // SHA-256 of the files they are from
  std::string architecture;                                             // the machine's own
  std::map<std::string, std::map<std::string, Seen>> calls;             // by architecture and name
  std::map<std::pair<std::string, std::uint64_t>, Argument> arguments;  // by call and index
  std::map<std::string, Counts> granted, refused;                       // by capability
  std::map<std::string, WrittenPath> writes;
  Peaks peaks;  // the highest
  Phases phases;

  // The calls of the machine's own architecture.
  [[nodiscard]] const std::map<std::string, Seen>& own_calls() const;
};

// Adds where a log may lie about counts: at the end of the type the sum stays there.
void add_up(std::uint64_t& sum, std::uint64_t more);

// How careful to be with what is put together.
struct Demands {
  bool incomplete = false;  // runs that lost something are good enough
  bool mixed = false;       // runs of several images are meant
};

// Merges `logs.runs`. Errors (Code::policy): no run, a run that is incomplete, several images, several architectures.
[[nodiscard]] Result<Evidence> gather(const Logs& logs, const Demands& demands);

}  // namespace hardened::generate
