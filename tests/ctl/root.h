// A host put together in a directory, for `doctor --host` to look at.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "ctl/host.h"
#include "ctl/host_checks.h"
#include "temporary.h"

namespace hardened::testing {

struct Root {
  TemporaryDirectory temporary;

  void put(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    const std::string file = temporary.path() + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    write_text(file, text);
    ::chmod(file.c_str(), mode);
  }
  [[nodiscard]] ctl::Host host() const { return ctl::Host::open(temporary.path()).value(); }
  [[nodiscard]] ctl::Finding look(const std::string& check) const {
    for (const ctl::HostFinding& found : ctl::look_at_host(host())) {
      if (found.id == check) return found.finding;
    }
    FAIL("there is no check " << check);
    return {};
  }
};

}  // namespace hardened::testing
