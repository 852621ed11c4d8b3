// Host paths, each opened once and judged through that descriptor.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/doubts.h"
#include "host/facts.h"
#include "host/mount_table.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::host {

// A path held open: what it is cannot change any more, and its mount cannot go away.
struct Opened {
  Fd fd;  // O_PATH; not valid where nothing could be opened
  PathFact fact;
  std::uint64_t mount = 0;  // its id in the mount table, after locate(); 0 where the kernel does not tell (before 5.8)
};

class Inspector {
 public:
  // Opens `path` (relative ones from `directory`) following symbolic links, as the runtime would. All of the fact but
  // what locate() and find_mounts_below() know is filled in; `exists` is false where it cannot be opened (see
  // certain()). `resolved` is empty when the object has no path (a namespace, a pipe) and the path it last had when it
  // was unlinked.
  [[nodiscard]] Opened open(int directory, const std::string& path);

  // Fills in `location` and `file_system`; left empty where `opened` lies in no mount of our mount namespace. The mount
  // table is read at the first call: open everything before, because only a mount that is held open keeps its id.
  // Errors: Code::io when the mount table cannot be read.
  [[nodiscard]] Status locate(Opened& opened);

  // The options of the file system mounted at `opened` itself, as the kernel escapes them, after locate(); empty where
  // it is no mount point. Errors: Code::io.
  [[nodiscard]] Result<std::string> mount_options(const Opened& opened) const;

  // The mount table as locate() read it; an empty one where it was never called. Nothing is located afterwards.
  [[nodiscard]] MountTable take_mount_table() { return table_ ? std::move(*table_) : MountTable(); }

  // Fills in `mounted_below`, after locate(). Errors: Code::io when the mounts cannot be listed.
  [[nodiscard]] Status find_mounts_below(Opened& opened) const;

  // Does the absolute `path` lead over a symbolic link that somebody other than root may exchange, or that lies below
  // one of `graph_roots`, where root is the root of any container?
  [[nodiscard]] bool by_foreign_link(const std::string& path, const std::vector<std::string>& graph_roots);

  // Is the clean absolute path `directory`, and everything above it, a real directory owned by root and not writable by
  // group or others? Then nobody but root can change what a path below it names. Sticky directories count as writable.
  // Root is also the root of a container without a user namespace: inside a volume this says nothing.
  [[nodiscard]] bool root_controlled_directory(const std::string& directory);

  // Something about `path` could not be told, but `error` (errno) says why.
  void doubt(const std::string& path, int error) { doubts_.note(path, error); }
  void doubt(const Error& error) { doubts_.note(error); }
  // An error as soon as something that was asked could not be told: then no answer above may be relied on.
  [[nodiscard]] const Status& certain() const { return doubts_.certain(); }

 private:
  [[nodiscard]] bool root_controlled(const PathFact& fact);
  [[nodiscard]] std::string path_of(int fd, bool unlinked);
  [[nodiscard]] std::uint64_t capacity_of(const Opened& opened);
  [[nodiscard]] bool has_status(const std::string& path, struct stat& status);  // lstat(2)

  std::map<std::string, bool> controlled_;  // answers of root_controlled_directory()
  std::optional<MountTable> table_;
  Doubts doubts_;
};

}  // namespace hardened::host
