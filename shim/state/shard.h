// One of the 256 directories that hold grants, locked while this object lives.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "state/grant.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::state {

inline constexpr char grant_file[] = "grant.json";
inline constexpr std::size_t grant_limit = std::size_t{16} << 20;  // bytes: twice the largest spec

// The state directory, made where it is missing. Errors: Code::policy when it is not root's own, Code::io.
[[nodiscard]] Result<Fd> open_state(const std::string& state_root);

// The name of a grant's directory (key.h); its first two characters are the shard's.
[[nodiscard]] std::string key_of(const std::string& runtime_root, const std::string& id);

// Does a container that lives, or is being created, have the host ids from `first` on (empty: others than we gave it)?
// Its grant `key` says so; where that was lost, the runtime's own directory `container` does. What cannot be told is
// taken for one.
[[nodiscard]] bool holds_ids(const std::string& state_root, const std::string& key, const std::string& first,
                             const std::string& container);

// The target of the symbolic link `name`; empty when it is none. Errors: Code::io; that cannot be told.
[[nodiscard]] Result<std::string> link_target(int directory, const std::string& name);

class Shard {
 public:
  // Opens (makes) and locks the shard of `key`.
  [[nodiscard]] static Result<Shard> open(const std::string& state_root, const std::string& key,
                                          std::chrono::milliseconds patience);

  // Removes what writers left that were killed, and the grants of containers that are gone. Best effort: what cannot be
  // removed now is met again by the next sweep.
  void sweep() const;
  // Adds a grant. Errors: Code::usage when `key` is a living grant of another creator; Code::io.
  [[nodiscard]] Status put(const std::string& key, const Grant& grant) const;
  // Replaces what the grant `key` says, at once; its links stay. Errors: Code::io.
  [[nodiscard]] Status rewrite(const std::string& key, const Grant& grant) const;
  // Removes a grant: it is renamed away first, so that nobody reads half of it. Fine when there is none.
  [[nodiscard]] Status discard(const std::string& key) const;

  // Is the container of that grant there, or being created? False only when it is certain that it is not.
  [[nodiscard]] bool is_needed(const std::string& key) const;

 private:
  friend bool holds_ids(const std::string& state_root, const std::string& key, const std::string& first,
                        const std::string& container);
  explicit Shard(Fd directory) : directory_(std::move(directory)) {}
  [[nodiscard]] bool exists(const std::string& key) const;
  [[nodiscard]] bool container_exists(const std::string& key) const;
  [[nodiscard]] Result<std::optional<Process>> creator_of(const std::string& key) const;
  [[nodiscard]] Status write(const Grant& grant) const;
  Fd directory_;
};

}  // namespace hardened::state
