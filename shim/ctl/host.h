// What a host's files, settings and programs say about its engines: read once, judged by the tables of host_checks.h.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "ctl/dockerd.h"
#include "oci/json.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::ctl {

class Host {
 public:
  // The host whose root directory is `root`. Links lead nowhere out of it; a root that was put together for a test has
  // its own /proc. Errors: Code::io where it is no directory.
  [[nodiscard]] static Result<Host> open(const std::string& root);

  // What the absolute `path` is; nothing where it is not there.
  [[nodiscard]] std::optional<struct stat> status(const std::string& path) const;
  [[nodiscard]] bool has(const std::string& path) const { return status(path).has_value(); }
  // A file's text; empty where there is none that can be read.
  [[nodiscard]] std::string text(const std::string& path) const;
  // The names in a directory, sorted; "." and ".." are none.
  [[nodiscard]] std::vector<std::string> names_in(const std::string& path) const;
  // The first of `paths` that is there; empty where none is.
  [[nodiscard]] std::string first(const std::vector<std::string>& paths) const;
  // Where the program `name` is in the usual directories; empty where it is not.
  [[nodiscard]] std::string program(const std::string& name) const;
  // The first line that `program --version` prints. Errors (Code::io): others than root can have put it there, or it
  // cannot be asked.
  [[nodiscard]] Result<std::string> version_text(const std::string& program) const;
  // Where systemd finds the unit `name`; empty where it does not.
  [[nodiscard]] std::string unit(const std::string& name) const;
  // The id of the group; nothing where /etc/group has none of that name.
  [[nodiscard]] std::optional<gid_t> group(const std::string& name) const;
  // Its line in /etc/group, in fields.
  [[nodiscard]] std::vector<std::string> group_line(const std::string& name) const;

  // Is there a dockerd to speak of?
  [[nodiscard]] bool has_docker() const;
  // dockerd's settings: by `option` ("--icc") on the command line it runs with, or would be started with, else by `key`
  // in daemon.json; nothing where neither says.
  [[nodiscard]] std::optional<bool> flag(const std::string& key) const;
  [[nodiscard]] std::optional<std::string> word(const std::string& key) const;
  // Of a list, which has an option of its own, both together.
  [[nodiscard]] std::vector<std::string> words(const std::string& key, const std::string& option) const;
  // Are there any entries below `key` of daemon.json, or the option?
  [[nodiscard]] bool any(const std::string& key, const std::string& option) const;
  // Why daemon.json cannot be judged; empty where it can.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // Do containers get one of ours that name no runtime?
  [[nodiscard]] bool hardened_by_default() const;

 private:
  [[nodiscard]] Result<Fd> open_at_root(const std::string& path, int flags) const;
  void find_daemon();

  Fd root_;
  bool this_host_ = false;
  Dockerd daemon_;
  Json config_ = Json::object();
  std::string problem_;
};

}  // namespace hardened::ctl
