// The only reader of /etc/hardened. Whoever can write there has the power of the runtime itself, so directories and
// files alike must be root's, not writable by others, and no symbolic links.
#pragma once

#include <dirent.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/document.h"

namespace hardened::policy {

// The policy file; nothing when it or its directory does not exist. Errors: Code::io, Code::policy ("FILE: cannot …"),
// Code::syntax.
[[nodiscard]] Result<std::optional<Document>> read_policy(const std::string& file);

// The profiles there are: the shipped ones, built into this program, and the site's own.
class Profiles {
 public:
  // The shipped ones alone.
  [[nodiscard]] static Profiles shipped();
  // Lists `directory` (need not exist). Errors: as above; Code::policy for a site profile with the name of a shipped
  // one.
  [[nodiscard]] static Result<Profiles> open(const std::string& directory);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }  // sorted
  [[nodiscard]] static bool is_shipped(const std::string& name);
  // The document of the profile `name`, one of names().
  [[nodiscard]] Result<Document> read(const std::string& name) const;

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };

  [[nodiscard]] Status list_site();

  std::string path_;
  std::unique_ptr<DIR, Close> site_;
  std::vector<std::string> names_;
};

}  // namespace hardened::policy
