#include "kernel/statmount.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace hardened::kernel {
namespace {

// Debian 12's headers are older than these calls. The numbers are those of every architecture but alpha and mips.
constexpr long statmount_call = 457;
constexpr long listmount_call = 458;

// struct mnt_id_req, its first version
struct Request {
  std::uint32_t size = sizeof(Request);
  std::uint32_t unused = 0;
  std::uint64_t mount = 0;
  std::uint64_t param = 0;
};

// struct statmount; the strings follow it, and are told by where they begin.
struct Answer {
  std::uint32_t size;
  std::uint32_t options;
  std::uint64_t mask;
  std::uint32_t device_major;
  std::uint32_t device_minor;
  std::uint64_t magic;
  std::uint32_t super_flags;
  std::uint32_t type;
  std::uint64_t id;
  std::uint64_t parent;
  std::uint32_t old_id;
  std::uint32_t old_parent;
  std::uint64_t attributes;
  std::uint64_t propagation;
  std::uint64_t peer_group;
  std::uint64_t master;
  std::uint64_t propagate_from;
  std::uint32_t root;
  std::uint32_t target;
  std::uint64_t mount_namespace;
  std::uint32_t subtype;
  std::uint32_t source;
  std::uint64_t later[48];
};
static_assert(sizeof(Answer) == 512 && offsetof(Answer, subtype) == 120);

constexpr std::uint64_t sb_basic = 0x1, mnt_basic = 0x2, mnt_root = 0x8, mnt_point = 0x10, fs_type = 0x20,
                        mnt_opts = 0x80, fs_subtype = 0x100;  // STATMOUNT_*
constexpr std::uint64_t namespace_root = ~std::uint64_t{0};   // LSMT_ROOT

// The answer of a call, in a buffer that is as large as it needs.
class Asked {
 public:
  Asked(std::uint64_t mount, std::uint64_t wanted) : bytes_(4096) {
    Request request;
    request.mount = mount;
    request.param = wanted;
    constexpr std::size_t most_bytes = std::size_t{1} << 20;
    long result = 0;
    while ((result = ::syscall(statmount_call, &request, bytes_.data(), bytes_.size(), 0)) != 0 && errno == EOVERFLOW &&
           bytes_.size() < most_bytes)
      bytes_.resize(bytes_.size() * 2);
    error_ = result == 0 ? 0 : errno;
    if (result == 0) std::memcpy(&answer_, bytes_.data(), sizeof answer_);
  }

  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] bool has(std::uint64_t fields) const { return error_ == 0 && (answer_.mask & fields) == fields; }
  [[nodiscard]] const Answer& answer() const { return answer_; }
  [[nodiscard]] std::string text(std::uint32_t at) const { return bytes_.data() + sizeof(Answer) + at; }

 private:
  std::vector<char> bytes_;
  Answer answer_{};
  int error_ = 0;
};

// 0, or why not.
int look_up(int directory, const char* path, int flags, MountIds ids, FilePlace& place) {
  constexpr unsigned unique_id = 0x4000;  // STATX_MNT_ID_UNIQUE
  const unsigned kind = ids == MountIds::unique ? unique_id : STATX_MNT_ID;
  struct statx status {};
  if (::statx(directory, path, flags | AT_STATX_DONT_SYNC, STATX_INO | kind, &status) != 0) return errno;
  place.mount = (status.stx_mask & kind) != 0 ? status.stx_mnt_id : 0;
  place.device = ::makedev(status.stx_dev_major, status.stx_dev_minor);
  place.inode = status.stx_ino;
  return 0;
}

Result<std::vector<std::uint64_t>> listed(std::uint64_t mount) {
  constexpr std::size_t step = 1024;
  Request request;
  request.mount = mount;
  std::vector<std::uint64_t> ids;
  for (;;) {
    const std::size_t known = ids.size();
    ids.resize(known + step);
    const long count = ::syscall(listmount_call, &request, ids.data() + known, step, 0);
    if (count < 0) return fail_errno("cannot list the mounts", errno);
    ids.resize(known + static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < step) return ids;
    request.param = ids.back();
  }
}

}  // namespace

Result<FilePlace> place_of(int fd, MountIds ids) {
  FilePlace place;
  const int error = look_up(fd, "", AT_EMPTY_PATH, ids, place);
  if (error != 0) return fail_errno("cannot learn where a file is", error);
  return place;
}

Result<std::optional<FilePlace>> place_of(const std::string& path, MountIds ids) {
  FilePlace place;
  const int error = look_up(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, ids, place);
  if ((error == ENOENT || error == ENOTDIR) &&
      look_up(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, ids, place) == error)
    return std::nullopt;
  if (error != 0) return fail_errno("cannot learn where " + path + " is", error);
  return place;
}

Result<std::optional<MountStatus>> statmount(std::uint64_t mount) {
  constexpr std::uint64_t wanted = sb_basic | mnt_basic | mnt_root | fs_type;
  const Asked asked(mount, wanted | mnt_point | fs_subtype);
  if (asked.error() == ENOENT) return std::nullopt;
  if (asked.error() != 0) return fail_errno("cannot ask the kernel about a mount", asked.error());
  if (!asked.has(wanted)) return fail(Code::io, "cannot learn all of a mount from the kernel");
  const Answer& answer = asked.answer();
  MountStatus status;
  if (asked.has(mnt_point)) status.target = asked.text(answer.target);
  if (status.target.empty()) return std::nullopt;
  status.parent = answer.parent;
  status.mountinfo_id = answer.old_id;
  status.device = ::makedev(answer.device_major, answer.device_minor);
  status.root = asked.text(answer.root);
  status.type = asked.text(answer.type);
  if (asked.has(fs_subtype)) status.type += "." + asked.text(answer.subtype);
  return status;
}

std::optional<std::string> mount_options(std::uint64_t mount) {
  const Asked asked(mount, mnt_opts);
  if (!asked.has(mnt_opts)) return std::nullopt;
  return asked.text(asked.answer().options);
}

Result<std::vector<std::uint64_t>> listmount(std::uint64_t mount) {
  return listed(mount);
}
Result<std::vector<std::uint64_t>> listmount() {
  return listed(namespace_root);
}

}  // namespace hardened::kernel
