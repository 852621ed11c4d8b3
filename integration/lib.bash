# What the harness scripts share: packages, builds, the staged installation, polling. Sourced, never run.
# shellcheck shell=bash

HARDENED_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HARDENED_BUILD=$HARDENED_SOURCE/build
export HARDENED_SOURCE HARDENED_BUILD

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$0: $*"
  exit 1
}

require_root() {
  [ "$(id -u)" = 0 ] || die "cannot start containers without root: run it with sudo"
}

# How many times longer than on usual hardware anything may take: an emulated machine is that slow.
HARDENED_PATIENCE=${HARDENED_PATIENCE:-1}

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; 1 when the time is up.
wait_for() {
  local deadline=$((SECONDS + $1 * HARDENED_PATIENCE))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

declare -A running=() # "TELL NAME" by process

# start AT_ONCE TELL NAME FUNCTION ARGUMENT...: in the background, beside at most that many others, for the first of which
# it waits otherwise; when it has ended, TELL NAME STATUS is called.
start() {
  while [ "${#running[@]}" -ge "$1" ]; do finish; done
  beside "${@:4}"
  running[$!]="$2 $3"
}

# beside COMMAND...: in the background, in a process group of its own, so that end_all reaches all of it. Sets $!.
beside() {
  set -m
  "$@" </dev/null &
  set +m
}

# finish: waits for the first that ends, and tells of it.
finish() {
  local process status said
  wait -n -p process "${!running[@]}"
  status=$?
  said=${running[$process]}
  unset "running[$process]"
  "${said%% *}" "${said#* }" "$status"
}

finish_all() { while [ "${#running[@]}" -gt 0 ]; do finish; done; }

# end_all: without waiting for what they would say.
end_all() {
  local leader
  for leader in $(jobs -rp); do kill -- "-$leader"; done
}

# Without limits a hanging container would hang the run.
export BATS_TEST_TIMEOUT=$((120 * HARDENED_PATIENCE))
run_bats=(timeout --kill-after=30 $((900 * HARDENED_PATIENCE)) bats --tap --print-output-on-failure)

# run_suite LOG FILE...: suites of bats.
run_suite() { "${run_bats[@]}" "${@:2}" >"$1" 2>&1 </dev/null; }

# suite_apart LOG FILE...: the same in a process of their own, with the staged programs and nothing else of the stage: policy,
# grants, ids and logs are its own, so that suites can run at once. Does not return.
suite_apart() {
  mkdir -p "$HARDENED_STAGE.apart"
  # shellcheck disable=SC2016 # expanded by the inner shell
  exec unshare --mount --propagation private bash -c '
    mount -t tmpfs -o mode=0755 tmpfs "$HARDENED_STAGE.apart" &&
      cp -a "$HARDENED_STAGE"/{bin,libexec,share} "$HARDENED_STAGE.apart" &&
      mount --move "$HARDENED_STAGE.apart" "$HARDENED_STAGE" && exec "$@"' suite_apart "${run_bats[@]}" "${@:2}" \
    >"$1" 2>&1 </dev/null
}

# tap_counts LOG STATUS: "PASSED FAILED SKIPPED". A test that was planned and never reported has failed.
tap_counts() {
  local log=$1 status=$2 planned good bad skips
  planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$log" | head -n 1)
  skips=$(grep -cE '^ok .* # skip' "$log")
  good=$(($(grep -c '^ok ' "$log") - skips))
  bad=$((${planned:-1} - good - skips))
  [ "$bad" -gt 0 ] || [ "$status" -eq 0 ] || bad=1
  printf '%d %d %d\n' "$good" "$bad" "$skips"
}

# packages_missing GROUP...
packages_missing() {
  local group package program wanted=" $* "
  while read -r group package program; do
    [[ $wanted == *" $group "* ]] || continue
    [ -z "$program" ] || ! command -v "$program" >/dev/null || continue
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
  done < <(grep -v '^#' "$HARDENED_SOURCE/integration/packages")
}

# known_packages NAME...: those this release has; a package list is fetched only where there is none yet.
known_packages() {
  compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-get update -qq >&2
  apt-cache pkgnames | grep -Fx -f <(printf '%s\n' "$@")
}

# install_packages GROUP...: with apt-get, and only when something is missing.
install_packages() {
  local missing known
  mapfile -t missing < <(packages_missing "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  mapfile -t known < <(known_packages "${missing[@]}")
  [ "${#known[@]}" -gt 0 ] || return 0
  export DEBIAN_FRONTEND=noninteractive
  # The lists may be older than the archive; the second try is with fresh ones.
  apt-get install -qq -y --no-install-recommends "${known[@]}" >&2 && return 0
  apt-get update -qq >&2
  apt-get install -qq -y --no-install-recommends "${known[@]}" >&2 || die "cannot install ${known[*]}"
}

# archive_of RELEASE: "deb" lines for a release of Debian: this machine's own archive with another name in it. Debian's
# security archive is left out: a package installs on what the release began with.
archive_of() {
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u |
    sed "s|.*|deb [signed-by=$keys] & $1 main|"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  local log=$HARDENED_BUILD/$preset.log
  mkdir -p "$HARDENED_BUILD"
  (cd "$HARDENED_SOURCE" && cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}) \
    >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    return 1
  }
}

# root_controlled DIRECTORY: it and everything above it belongs to root, nobody else may write there, and everybody may
# pass. The runtime trusts no configuration in any other place, and the root of a container, who is nobody on the host,
# passes through the state directory to its root file system: not through a home that is root's alone.
root_controlled() {
  local directory=$1
  while :; do
    if [ -e "$directory" ]; then
      [ "$(stat -c %u "$directory")" = 0 ] || return 1
      (($(stat -c '0%a' "$directory") & 022)) && return 1
      (($(stat -c '0%a' "$directory") & 001)) || return 1
    fi
    [ "$directory" = / ] && return 0
    directory=$(dirname "$directory")
  done
}

# stage_directory: where the installation under test goes: below build/, unless the checkout is some user's, or where
# nobody passes.
stage_directory() {
  if root_controlled "$HARDENED_BUILD"; then
    printf '%s\n' "$HARDENED_BUILD/stage"
  else
    printf '%s\n' /var/lib/hardened-test/stage
  fi
}

# build_stage: a release build installed with a prefix of its own; every path it uses lies below the prefix, so a test
# never touches the machine's own installation. Sets and exports HARDENED_STAGE. Further arguments are targets to build too.
build_stage() {
  local stage log=$HARDENED_BUILD/stage.log
  stage=$(stage_directory)
  mkdir -p "$HARDENED_BUILD" "$stage"
  {
    cmake -S "$HARDENED_SOURCE" --preset release -B "$HARDENED_BUILD/stage-build" -DHARDENED_TESTS=ON \
      ${HARDENED_STAGE_OPTIONS:+"$HARDENED_STAGE_OPTIONS"} \
      -DCMAKE_INSTALL_PREFIX="$stage" -DCMAKE_INSTALL_SYSCONFDIR="$stage/etc" \
      -DCMAKE_INSTALL_LOCALSTATEDIR="$stage/var" -DCMAKE_INSTALL_RUNSTATEDIR="$stage/run" &&
      cmake --build "$HARDENED_BUILD/stage-build" --target hardened_programs "$@" &&
      cmake --install "$HARDENED_BUILD/stage-build"
  } >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    return 1
  }
  export HARDENED_STAGE=$stage
}

# build_package: the package of what build_stage built last, for its real places; only the file that knows those is
# compiled anew. Prints its path, below build/package.
build_package() {
  local tree=$HARDENED_BUILD/stage-build log=$HARDENED_BUILD/package.log
  mkdir -p "$HARDENED_BUILD/package"
  {
    cmake -S "$HARDENED_SOURCE" --preset release -B "$tree" -DHARDENED_TESTS=OFF -DCMAKE_INSTALL_SYSCONFDIR=/etc \
      -DCMAKE_INSTALL_LOCALSTATEDIR=/var &&
      cmake --build "$tree" && (cd "$tree" && cpack -G DEB -B "$HARDENED_BUILD/package")
  } >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    return 1
  }
  sed -n 's/^CPack: - package: \(.*\.deb\) generated\.$/\1/p' "$log"
}

# build_workloads: the programs the tests run inside and beside containers, static, so that any image can hold them.
# Sets and exports HARDENED_WORKLOADS.
build_workloads() {
  local source program
  export HARDENED_WORKLOADS=$HARDENED_BUILD/workloads
  mkdir -p "$HARDENED_WORKLOADS"
  for source in "$HARDENED_SOURCE"/integration/workloads/*.cc; do
    program=$HARDENED_WORKLOADS/$(basename "$source" .cc)
    [ "$program" -nt "$source" ] && continue
    g++ -std=c++20 -O2 -static -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -o "$program" "$source" ||
      return 1
  done
}
