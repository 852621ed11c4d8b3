// The runs that are being recorded, one file each in /run/hardened/training, root only: what create said of the
// container, its slot, and what start found. Kept until the run's log is written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::record {

struct Run {
  std::string id;  // 32 random hexadecimal digits: names the log
  std::string container;
  std::string runtime_root;
  std::string creator;  // "PID:START" of the create (state/process.h)
  std::string bundle;   // of a container that a hook told of, and then instead of the runtime's root; empty: of ours
  std::string image, image_digest, engine, runtime, profile;
  std::string stop_signal;                     // the image's; empty: the engine's default
  std::string upper;                           // where the container's writes land; empty: not known
  std::vector<std::string> mounts;             // destinations
  std::string tier;                            // "bpf", "audit"; empty: whichever this machine allows
  int slot = -1;                               // "bpf": of the maps; -1: all were taken
  std::uint32_t first_id = 0, ids = 0;         // "audit": the host's user ids that are the container's alone
  std::uint64_t buffer = 0;                    // "audit": bytes
  std::string listener;                        // "audit": "PID:START" of who reads the records
  std::string started;                         // RFC 3339: of the create, then of the start
  std::string init;                            // "PID:START" of the first process; empty: its start was not seen
  std::uint64_t missed = 0;                    // events the BPF programs had missed by its start
  std::map<std::string, std::string> cgroups;  // directories by controller; "" is version 2's
  std::vector<std::string> lost;

  // What the run is called in the BPF maps; never 0.
  [[nodiscard]] std::uint64_t number() const;
  bool operator==(const Run&) const = default;
};

[[nodiscard]] std::string encode(const Run& run);
// Errors: not what encode() or expect_recording() (runtime/recording.h) writes. `name` is used in errors only.
[[nodiscard]] Result<Run> decode(const std::string& text, const std::string& name);

// The directory of them.
class Runs {
 public:
  // Locked while this object lives: one step of one container at a time.
  [[nodiscard]] static Result<Runs> open(const std::string& state_root);
  // Not locked, to look only: whoever ends a container must not wait.
  [[nodiscard]] static Result<Runs> look(const std::string& state_root);

  [[nodiscard]] Result<std::optional<Run>> find(const std::string& runtime_root, const std::string& id) const;
  // All of them; those that cannot be read are left out.
  [[nodiscard]] std::vector<Run> all() const;
  [[nodiscard]] Status store(const Run& run) const;
  void remove(const Run& run) const;
  // Where store() puts it.
  [[nodiscard]] std::string path_of(const Run& run) const;
  // Removes those that say nothing of use: nobody would ever end them, and the recording would go on for them.
  void remove_damaged() const;
  // Is no run left?
  [[nodiscard]] bool empty() const;

 private:
  Runs(Fd directory, std::string path) : directory_(std::move(directory)), path_(std::move(path)) {}
  [[nodiscard]] std::vector<std::string> names() const;
  Fd directory_;
  std::string path_;
};

// A slot that none of `runs` has; -1 when all are taken.
[[nodiscard]] int free_slot(const std::vector<Run>& runs);

// Does the low-level runtime know the container, or of one that a hook told of, the engine?
[[nodiscard]] bool exists_in_runtime(const Run& run);

// Does the container still exist, or may its create still be under way?
[[nodiscard]] bool is_needed(const Run& run);

}  // namespace hardened::record
