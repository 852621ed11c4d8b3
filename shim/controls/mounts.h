// The mounts of a spec as the controls read them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "oci/spec.h"

namespace hardened::controls {

struct MountView {
  std::size_t index = 0;
  std::string destination;  // cleaned as the runtime does it; empty where the spec has none
  std::string spelled;      // the destination as the spec spells it
  std::string type;
  std::string source;
  std::vector<std::string> options;
  // Would any runtime bind-mount the source? runc goes by the options "bind" and "rbind" and ignores the type then;
  // crun also goes by the type; type "none" or none at all means nothing else.
  bool bind = false;

  // Is that the whole of an option? "nosuid=" is none of a runtime's flags: it goes to the file system as data, so it
  // must not pass for "nosuid", nor "bind=1" for a bind mount.
  [[nodiscard]] bool has(std::string_view option) const;
  // Is there an option of that name with a value ("nr_blocks" is the name of "nr_blocks=4")?
  [[nodiscard]] bool sets(std::string_view name) const;
  // Do the options end up read-only? They are applied in order; "rrw" is applied after all of them.
  [[nodiscard]] bool read_only() const;
  // The pointer of the mount, and of its option `name` (see oci/change.h).
  [[nodiscard]] std::string pointer() const;
  [[nodiscard]] std::string option(std::string_view name) const;
};

[[nodiscard]] std::vector<MountView> mounts_of(const Spec& spec);

// Is that the type of a mount, other than a bind, that every container may have ("proc", "tmpfs")? Each is a file
// system of the kernel's that is named no path.
[[nodiscard]] bool is_usual_type(std::string_view type);

}  // namespace hardened::controls
