// A mount namespace with nothing in it, to make small ones from: unshare(2) copies every mount of the namespace it is
// called in, and the kernel has no way to begin with none (before UNSHARE_EMPTY_MNTNS).
#pragma once

#include <string>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::rootfs {

// Where this process, which has one thread, is: mount namespace, root and working directory.
class Whereabouts {
 public:
  // Errors: Code::io.
  [[nodiscard]] static Result<Whereabouts> now();
  // Goes back there. Errors: Code::io; the process may be anywhere then, and has to give up.
  [[nodiscard]] Status restore() const;

 private:
  Fd mounts_;
  Fd root_;
  Fd directory_;
};

// The empty namespace of this host, for setns(2). It is pinned (bound) at `state`/ns/empty-mnt, where `state` is a
// directory only root may write and `state`/ns an unbindable mount, and made by the first that asks for it; all that is
// visible in it is an empty directory that cannot be written. A mount namespace that does not see another's pin gets
// its own. Errors: Code::io; ELOOP among them on Linux 6.18 if the caller's own namespace is not the first one: the
// kernel pins younger namespaces only, and numbers them by processor, so that one in a few looks older. Whoever asks
// next may have more luck.
[[nodiscard]] Result<Fd> empty_namespace(const std::string& state);

}  // namespace hardened::rootfs
