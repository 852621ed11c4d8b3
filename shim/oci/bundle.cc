#include "oci/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "oci/schema.h"
#include "oci/strict_json.h"
#include "util/file.h"

namespace hardened::oci {
namespace {

constexpr char file_name[] = "config.json";

Result<Json> read_spec(int directory, struct stat& status) {
  TRY(file, open_at(directory, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (::fstat(file.get(), &status) != 0) return fail_errno("cannot stat config.json", errno);
  if (!S_ISREG(status.st_mode)) return fail(Code::io, "cannot read config.json: not a regular file");
  TRY(text, read_all(file.get(), StrictOptions{}.max_bytes, file_name));
  TRY(document, parse_strict(text, file_name));
  return std::move(document.value);
}

bool is_finite(const Json& value) {
  if (value.is_structured()) return std::all_of(value.begin(), value.end(), is_finite);
  return !value.is_number_float() || std::isfinite(value.get<double>());
}

// JSON has no form for infinity, nor for a string that is not UTF-8. Everything else reads back as it was.
Result<std::string> written(const Json& spec) {
  try {
    if (is_finite(spec)) return spec.dump();
  } catch (const Json::type_error&) {
  }
  return fail(Code::internal, "cannot store config.json: what was written would read differently");
}

}  // namespace

Result<Bundle> Bundle::open(const std::string& path) {
  Bundle bundle;
  bundle.path_ = path.empty() ? "." : path;
  TRY(directory, open_at(AT_FDCWD, bundle.path_, O_RDONLY | O_DIRECTORY));
  bundle.directory_ = std::move(directory);
  struct stat status {};
  TRY(spec, read_spec(bundle.directory_.get(), status));
  TRY(unknown, check_shape(spec, spec_shape, file_name));
  bundle.spec_ = std::move(spec);
  bundle.unknown_ = std::move(unknown);
  bundle.owner_ = status.st_uid;
  bundle.group_ = status.st_gid;
  bundle.mode_ = status.st_mode;
  return bundle;
}

Status Bundle::store(const Json& spec) const {
  TRY(text, written(spec));
  TRY(file, AtomicFile::beside(directory_.get(), file_name));
  TRY_DO(file.write(text));
  TRY_DO(file.adopt(owner_, group_, mode_));
  return file.commit();
}

}  // namespace hardened::oci
