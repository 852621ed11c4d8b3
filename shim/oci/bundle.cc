#include "oci/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

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
  // A string that is not UTF-8 cannot be written as JSON; replaced here, it makes the comparison below fail.
  const std::string text = spec.dump(-1, ' ', false, Json::error_handler_t::replace);
  TRY(written, parse_strict(text, file_name));
  if (written.value != spec)
    return fail(Code::internal, "cannot store config.json: what was written would read differently");
  TRY(file, AtomicFile::beside(directory_.get(), file_name));
  TRY_DO(file.write(text));
  TRY_DO(file.adopt(owner_, group_, mode_));
  return file.commit();
}

}  // namespace hardened::oci
