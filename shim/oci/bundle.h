// The bundle's config.json: read strictly, replaced atomically with owner and mode kept.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "oci/json.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::oci {

class Bundle {
 public:
  // Opens the bundle directory and its config.json (not through a symbolic link). `path` as on the command line; empty
  // means the working directory, as for runc.
  [[nodiscard]] static Result<Bundle> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int directory() const { return directory_.get(); }
  [[nodiscard]] const Json& spec() const { return spec_; }
  [[nodiscard]] Json take_spec() { return std::move(spec_); }
  // Members the runtime-spec does not define, as JSON pointers.
  [[nodiscard]] const std::vector<std::string>& unknown_members() const { return unknown_; }

  // Replaces config.json by `spec`, unless its text would read back as another document. On an error the old file
  // stands untouched.
  [[nodiscard]] Status store(const Json& spec) const;

 private:
  Bundle() = default;
  std::string path_;
  Fd directory_;
  Json spec_;
  std::vector<std::string> unknown_;
  uid_t owner_ = 0;
  gid_t group_ = 0;
  mode_t mode_ = 0600;
};

}  // namespace hardened::oci
