// Which containers there are: ours by their grants, others by what their runtimes and engines keep of them.
#pragma once

#include <string>
#include <vector>

#include "state/grant.h"

namespace hardened::ctl {

// A living container that we did not make.
struct Stranger {
  std::string id;
  std::string runtime_root;  // the --root of its runtime
  std::string bundle;        // with the spec it was made from; empty where its runtime does not say
};

// Those that runc and crun keep records of where the engines that there are have them put, by id. `grants`: ours.
[[nodiscard]] std::vector<Stranger> strangers(const std::vector<state::Grant>& grants);

// The ids of Docker's containers called `name`, in the data directories of every dockerd that runs here and in Docker's
// own; sorted.
[[nodiscard]] std::vector<std::string> docker_ids(const std::string& name);

// The name Docker gave the container `id`; empty where none of those directories has it.
[[nodiscard]] std::string docker_name(const std::string& id);

// As `docker ps` shows it.
[[nodiscard]] std::string shortened(const std::string& id);

}  // namespace hardened::ctl
