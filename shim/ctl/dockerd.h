// The dockerd on this machine: which ones run, what their command lines say, whether one would take a configuration.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::ctl {

struct Dockerd {
  pid_t pid = 0;
  std::vector<std::string> arguments;
};

// Those that see the file system as we do.
[[nodiscard]] std::vector<Dockerd> dockerds();

// Those of them that read the configuration file `config`.
[[nodiscard]] std::vector<Dockerd> dockerds_of(const std::string& config);

// The last value of the option `name` ("--data-root"), given as two words or as one; nothing when it is absent.
[[nodiscard]] std::optional<std::string> option_of(const Dockerd& daemon, const std::string& name);

// Where its containers and images are: by its command line, else its configuration, else /var/lib/docker.
[[nodiscard]] std::string data_root(const Dockerd& daemon);

// dockerd does not start when a setting is in its configuration and on its command line. Code::policy when one of
// `daemons` was started with an option for `settings` ("--add-runtime").
[[nodiscard]] Status check_options(const std::vector<Dockerd>& daemons, const std::vector<std::string>& settings);

// Has the installed dockerd read `text` (`dockerd --validate`, Docker 23 and later; older ones and none say nothing).
// Code::syntax with its words when it would refuse.
[[nodiscard]] Status validate(const std::string& text);

// A file in memory with `text`, to be read from its beginning.
[[nodiscard]] Result<Fd> memory_file(const std::string& text);

}  // namespace hardened::ctl
