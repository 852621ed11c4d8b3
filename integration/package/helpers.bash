# What the suites of the package share: clean Debian systems to install into. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output, stderr and status

bats_require_minimum_version 1.5.0

# shellcheck source=integration/lib.bash
source "$BATS_TEST_DIRNAME/../lib.bash"

# suite_directory: one that the programs trust.
suite_directory() {
  mkdir -p /var/lib/hardened-test
  mktemp -d /var/lib/hardened-test/p.XXXXXX
}

# root_archive RELEASE [PACKAGE...]: the path of a tar of a minimal system, with these packages; made once for all runs of
# this checkout.
root_archive() {
  local tar=$HARDENED_BUILD/package/$1${2:+-$2}.tar include="${*:2}"
  if ! [ -s "$tar" ]; then
    mkdir -p "$HARDENED_BUILD/package"
    archive_of "$1" | mmdebstrap --quiet --format=tar --variant=minbase --skip=check/qemu \
      ${include:+"--include=${include// /,}"} "" "$tar.new" - >&2 && mv "$tar.new" "$tar" || return 1
  fi
  printf '%s\n' "$tar"
}

# make_root RELEASE [PACKAGE...]: a fresh system of that release. Sets ROOT.
make_root() {
  local tar
  tar=$(root_archive "$@") || {
    echo "cannot make a system of $*"
    return 1
  }
  ROOT=$(suite_directory)
  tar -C "$ROOT" --numeric-owner --exclude='./dev/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/doc/*' \
    --exclude='./var/cache/apt/*.bin' -xf "$tar"
}

# tree: every file of the system with its kind, owner, mode and content, but for what apt and dpkg note for themselves,
# and what an engine keeps.
tree() {
  local path
  local -a but=()
  for path in var/lib/{dpkg,apt,docker,containerd} var/cache var/log/apt var/log/dpkg.log; do
    but+=(-path "$ROOT/$path" -o)
  done
  find "$ROOT" -xdev \( "${but[@]}" -path "$ROOT/tmp/*" \) -prune -o -printf '%P %y %U:%G %m %l\n' | sort
  find "$ROOT" -xdev \( "${but[@]}" -path "$ROOT/var/log/*" -o -path "$ROOT/tmp/*" \) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum
}

# in_root COMMAND...: with what a service of that system would have, and no way back to this machine's.
in_root() {
  unshare --mount --pid --fork --propagation private bash -c '
    mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev" &&
      mknod -m 666 "$1/dev/null" c 1 3 && mknod -m 666 "$1/dev/urandom" c 1 9 && cd "$1" && root=$1 && shift &&
      exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' \
    in_root "$ROOT" "$@" 3>&-
}

remove_root() { [ -z "${ROOT:-}" ] || rm -rf --one-file-system "$ROOT"; }

# contains TEXT: the output of the last `run`.
contains() {
  [[ $output == *"$1"* ]] || {
    printf 'expected to find: %s\nin: %s\n' "$1" "$output"
    return 1
  }
}

# newer_package DEB DIRECTORY: prints the path of the same package with a higher version.
newer_package() {
  local deb=$1 directory=$2
  dpkg-deb --raw-extract "$deb" "$directory/newer" &&
    sed -i 's/^Version: .*/&+newer/' "$directory/newer/DEBIAN/control" &&
    dpkg-deb -Zgzip -z1 --build --root-owner-group "$directory/newer" "$directory/newer.deb" >/dev/null &&
    rm -r "$directory/newer" && printf '%s\n' "$directory/newer.deb"
}

# package_under_test: HARDENED_PACKAGE, or built anew.
package_under_test() { if [ -n "${HARDENED_PACKAGE:-}" ]; then printf '%s\n' "$HARDENED_PACKAGE"; else build_package; fi; }
