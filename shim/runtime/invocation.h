// The command line of runc (1.0 to HEAD) and crun, as a table. Never a search for words: a container called "create", a
// --log named "exec" or a command that holds "--bundle" must not confuse us (they confuse every other wrapper).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace hardened::runtime {

enum class Verb { pass_through, create, run, restore, exec, update };

// One value given on the command line, in order; a repeated flag is kept, the last one counts.
struct Flag {
  std::string_view name;  // the long name: "bundle"
  std::string value;      // "true" for a switch given without a value
  std::size_t value_at;   // index into argv of the word that holds the value ("--bundle=B" or "B")
};

struct Invocation {
  Verb verb = Verb::pass_through;
  std::string verb_name;                 // as written: "create", "kill"; empty when there is none
  std::size_t verb_at = 0;               // its index in argv
  std::vector<Flag> globals;             // before the verb
  std::vector<Flag> flags;               // of the verb; of a pass-through verb as spelled, values behind "=" only
  std::vector<std::string> positionals;  // the id first; for exec, then the command
  std::optional<Error> error;            // why this call must not go on (Code::usage); what was understood is above

  // The last value of the global flag or flag of the verb; empty when absent.
  [[nodiscard]] std::string global(std::string_view name) const;
  [[nodiscard]] std::string flag(std::string_view name) const;
  [[nodiscard]] bool has_flag(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;

  [[nodiscard]] std::string id() const { return positionals.empty() ? "" : positionals.front(); }
};

// Parses argv[1..]. Verbs other than the five that can give a process rights are pass_through and never an error.
// So is a call of the five that runs nothing: --help, or no container id (the runtime's own usage error is the better
// one; Podman probes `restore --lsm-mount-context` for it).
// Invocation::error is set, for the five only, by: an unknown flag, one that undermines the sandbox (--no-pivot,
// --no-new-keyring, crun's --config), or an unknown global flag that leaves open which word is the verb.
[[nodiscard]] Invocation parse(std::span<const char* const> arguments);

// argv with every value of the verb's flag `name` replaced by `value`, everything else byte for byte as it was.
[[nodiscard]] std::vector<std::string> with_flag_value(std::span<const char* const> arguments,
                                                       const Invocation& invocation, std::string_view name,
                                                       const std::string& value);

}  // namespace hardened::runtime
