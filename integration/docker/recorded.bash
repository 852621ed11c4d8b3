# What training mode recorded: the log of the only run there is. Sourced after helpers.bash.
# shellcheck shell=bash

logs() { printf '%s\n' "$HARDENED_STAGE/var/lib/hardened/training"; }
train() { docker run --runtime=hardened-train "$@"; }

# the_log: the only one there is.
the_log() {
  local -a files
  files=("$(logs)"/*.jsonl)
  equals "${#files[@]} $(wc -l <"${files[0]}")" "1 1" && cat "${files[0]}"
}

# logged FILTER [ARGUMENT...]: jq's word on it.
logged() {
  the_log | jq -e "${@:2}" "$1" >/dev/null || {
    the_log
    return 1
  }
}

# used CALL: the phases it was seen in.
used() { the_log | jq -c --arg call "$1" '.syscalls.SCMP_ARCH_X86_64[$call]'; }

serving() { docker logs "$1" | grep -q serving; }
recorder() { printf '%s\n' "$HARDENED_STAGE/libexec/hardened/hardened-record"; }
