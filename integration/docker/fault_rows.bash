# The calls that faults are tried on, each with what must hold after it, and the rows of the table. Sourced after
# faults.bash.
# shellcheck shell=bash
# shellcheck disable=SC2153 # in capitals: set there

FAULTS=(before after ENOSPC EIO ENOMEM EMFILE EACCES EINTR)
EXIT_GROUP=231 # nobody is there to be killed after it

try_create() {
  local status=0
  fresh_bundle "$SPEC"
  under_fault "$1" "$2" create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID" || status=$?
  judge_error "$status"
  [ "$status" -ne 0 ] || judge_container
  [ ! -e "$OWN/$ID" ] || end_container
  create_next
}

# The first create ever has to ask its runtime which one it is, and to make all directories. There are no neighbours, so
# it is the last row.
try_first_create() {
  rm -rf "$(hardened_state)" "$HARDENED_STAGE/var/log/hardened"
  mkdir -p "$(hardened_state)/ids"
  try_create "$@"
}
before_first_create() {
  end_neighbours
  rm -rf "$(hardened_state)"
  mkdir -p "$(hardened_state)/ids"
  remember_whole
}

# What is looked for is found where it is: a container with wider limits, and host ids that are not given back.
judges_notice() {
  TRIAL='wider limits, which must be noticed'
  profile faults '{"extends": "strict"}'
  create_container
  judge_container 2>/dev/null
  end_container
  profile faults "$NARROW"
  [ -s "$WORK/violated" ] || die "a container with wider limits is not noticed"
  : >"$WORK/violated"
  TRIAL='ids in use, which must be noticed'
  create_container
  create_next 2>/dev/null
  end_container
  [ -s "$WORK/violated" ] || die "host ids that are not given back are not noticed"
  : >"$WORK/violated"
}

# What the policy forbids stays forbidden, whatever could not be seen.
try_refused() {
  local status=0
  fresh_bundle "$WORK/$1.json"
  under_fault "$2" "$3" create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID" || status=$?
  judge_error "$status"
  [ "$status" -ne 0 ] || violates "what is forbidden is created"
  [ ! -e "$OWN/$ID" ] || end_container
  create_next
}

# A volume, then every sensitive path of the host is looked at; what must not be mounted, and what must not be joined.
mounting() {
  local options='"options":["rbind","ro","rprivate"]'
  sed 's#"mounts":\[#&{"destination":"/data","type":"bind","source":"'"$1\",$options},#" "$SPEC"
}
before_create_with_volume() {
  mkdir -p "$WORK/volume"
  mounting "$WORK/volume" >"$WORK/volume.json"
  SPEC=$WORK/volume.json
  remember_whole
}
try_create_with_volume() { try_create "$@"; }
after_create_with_volume() {
  SPEC=$WORK/docker.json
  remember_whole
}
before_create_with_socket() { mounting /run/docker.sock >"$WORK/socket.json"; }
try_create_with_socket() { try_refused socket "$@"; }
before_create_in_hosts_network() {
  local network='{"type":"network"'
  sed "s#${network}[^}]*}#$network,\"path\":\"/proc/$HARDENED_HOLDER/ns/net\"}#" "$SPEC" >"$WORK/network.json"
}
try_create_in_hosts_network() { try_refused network "$@"; }

# running_container: what exec and update are tried on.
running_container() {
  create_container
  begin_container
  left >"$WORK/standing"
}

# Nothing has changed but what the call is for.
judge_standing() {
  left >"$WORK/left"
  cmp -s "$WORK/left" "$WORK/standing" ||
    violates "it leaves: $(diff "$WORK/standing" "$WORK/left" | cut -c 1-2000)"
  signature "$PID" >"$WORK/signature"
  cmp -s "$WORK/signature" "$WORK/whole" || violates "another container: $(diff "$WORK/whole" "$WORK/signature")"
}

alone() { [ "$(inhabitants "$FIRST" | wc -l)" -eq 1 ]; }

# One that asks for everything, as `docker exec --privileged` does.
try_exec() {
  local status=0 told='^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|Max.*):| +[0-9]+ +[0-9]+'
  under_fault "$1" "$2" exec --process "$WORK/process.json" "$ID" || status=$?
  judge_error "$status"
  grep -E "$told" "$WORK/out" >"$WORK/inside"
  [ -n "$1" ] || cp "$WORK/inside" "$WORK/granted"
  [ "$status" -ne 0 ] || [ -s "$WORK/inside" ] || violates "exec succeeds and nothing was executed"
  [ ! -s "$WORK/inside" ] || cmp -s "$WORK/inside" "$WORK/granted" ||
    violates "another process: $(diff "$WORK/granted" "$WORK/inside")"
  alone || wait_for 10 alone || violates "it leaves a process"
  judge_standing
}

before_exec() {
  running_container
  jq '.process | .args = ["/bin/cat", "/proc/self/status", "/proc/self/uid_map", "/proc/self/limits"]
    | .noNewPrivileges = false | .capabilities |= with_entries(.value += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])' \
    "$SPEC" >"$WORK/process.json"
}

# The limit of processes of the container, kept as the file PIDS; what it was granted, as GRANT.
before_update() {
  running_container
  PIDS=$(find /sys/fs/cgroup -path "*$ID/pids.max" | head -n 1)
  GRANT=$(grant_of "$ID")/grant.json
  cp "$GRANT" "$WORK/grant.json"
  printf '{"pids": {"limit": 100}}' >"$WORK/within"
  printf '{"pids": {"limit": -1}, "memory": {"limit": 8589934592}, "cpu": {"quota": -1}}' >"$WORK/beyond"
}

# update_by FILE POINT FAULT
update_by() {
  local status=0 pids
  INPUT=$WORK/$1 under_fault "$2" "$3" update --resources - "$ID" || status=$?
  judge_error "$status"
  read -r pids <"$PIDS"
  if [ "$1" = within ]; then
    [ "$status" -ne 0 ] || [ "$pids" = 100 ] || violates "update succeeds and changes nothing"
    [ "$pids" = 64 ] || [ "$pids" = 100 ] || violates "a limit nobody asked for: $pids"
    [ "$pids" = 64 ] || grep -q '"raised":{"pids":{"limit":100}}' "$GRANT" || violates "a raised limit that verify calls weaker"
    cp "$WORK/grant.json" "$GRANT"
    ours update --resources "$WORK/within" "$ID" || violates "the next update fails: $(cat "$LOG")"
    echo 64 >"$PIDS"
    cp "$WORK/grant.json" "$GRANT"
  else
    [ "$status" -ne 0 ] || violates "an update beyond the maximum succeeds"
  fi
  judge_standing
}

try_update() { update_by within "$@"; }
before_refused_update() { before_update; }
try_refused_update() { update_by beyond "$@"; }

after_exec() { end_container; create_next; }
after_update() { after_exec; }
after_refused_update() { after_exec; }

# delete_by POINT FAULT ARGUMENT...: of a container that runs.
delete_by() {
  local status=0
  running_container
  under_fault "$@" || status=$?
  judge_error "$status"
  [ "$status" -ne 0 ] || [ ! -e "$OWN/$ID" ] || violates "delete succeeds and the container is there"
  [ ! -e "$OWN/$ID" ] || end_container
  create_next
}

# The short way, before the C library, and the long way: only one of the two runtimes knows either flag.
try_delete() { delete_by "$1" "$2" delete --force "$ID"; }
try_delete_long() {
  local flag=--rootless=false
  [ "$(basename "$(low_level_runtime)")" = runc ] || flag=--cgroup-manager=cgroupfs
  delete_by "$1" "$2" "$flag" delete --force "$ID"
}

# trials EVERY SEED: of the calls in the trace, each with each fault, or every EVERY-th of these.
trials() {
  local index=$2 call number fault
  while read -r call number; do
    for fault in "${FAULTS[@]}"; do
      [ "$fault$number" != "after$EXIT_GROUP" ] || continue
      ((index++ % $1)) || printf '%s %s\n' "$call" "$fault"
    done
  done <"$WORK/calls"
}

# fault_row VERB EVERY SEED: tries them, and prints a row: VERB, calls, kills, failures, violations.
fault_row() {
  local verb=$1 call fault kills=0 failures=0 violations
  TRIAL="$verb without a fault"
  : >"$WORK/violated"
  if declare -F "before_$verb" >/dev/null; then "before_$verb"; fi
  "try_$verb" "" ""
  grep -v hit "$WORK/trace" >"$WORK/calls"
  while read -r -u 7 call fault; do
    TRIAL="$verb $call $fault ($(awk -v call="$call" '$1 "" == call { print $2 }' "$WORK/calls"))"
    "try_$verb" "$call" "$fault"
    grep -q hit "$WORK/trace" || violates "the fault was never met: $(cat "$WORK/said")"
    case $fault in before | after) kills=$((kills + 1)) ;; *) failures=$((failures + 1)) ;; esac
  done 7< <(trials "$2" "$3")
  violations=$(sort -u "$WORK/violated" | wc -l)
  # shellcheck disable=SC2034 # violates() tells it
  TRIAL="after $verb"
  if declare -F "after_$verb" >/dev/null; then "after_$verb"; fi
  printf '| %s | %s | %d | %d | %d | %d |\n' "${verb//_/ }" "$(basename "$(low_level_runtime)")" \
    "$(wc -l <"$WORK/calls")" "$kills" "$failures" "$violations"
  [ "$violations" -eq 0 ]
}
