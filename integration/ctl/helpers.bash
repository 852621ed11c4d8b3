# What the suites of hardenctl share: running it, and looking at what it says and ends with.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output, stderr and status

load ../runc/helpers

hardenctl() { "$HARDENED_STAGE/bin/hardenctl" "$@"; }

# remove_state: policy, log, grants, and what is mounted among them (rootfs/empty_namespace.h).
remove_state() {
  local directory=$HARDENED_STAGE/run/hardened/ns
  ! mountpoint -q "$directory" || umount --recursive "$directory"
  rm -rf "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened" "$HARDENED_STAGE/run/hardened"
}

# ends STATUS ARGUMENT...: leaves standard output in $output and the rest in $stderr.
ends() {
  local wanted=$1
  shift
  run --separate-stderr hardenctl "$@"
  [ "$status" = "$wanted" ] || {
    printf 'hardenctl %s ended with %s, not %s\n%s\n%s\n' "$*" "$status" "$wanted" "$output" "$stderr"
    return 1
  }
}

complains() {
  [[ $stderr == *"$1"* ]] || {
    printf 'expected a complaint: %s\nin: %s\n' "$1" "$stderr"
    return 1
  }
}
