# A fault at each system call of the runtime program, one a trial, and what must hold after it. Sourced after
# daemon.bash, policy.bash and images.bash; no engine runs the trials, but the spec is one that Docker made.
# shellcheck shell=bash

hardened_state() { printf '%s\n' "$HARDENED_STAGE/run/hardened"; }

# faults_up: a spec of Docker's for a container that its daemon has stopped, a root file system of two layers, and two
# neighbours whose grants the trials must leave alone. They are in the shard that each trial's create sweeps, and their
# ids are the first that it tries.
faults_up() {
  WORK=$HARDENED_DAEMON/faults
  OWN=$WORK/moby # by its last part we know Docker's specs
  RUNTIME=$HARDENED_STAGE/bin/hardened-runtime
  SPEC=$WORK/docker.json LOG=$WORK/log.json BUNDLE=$WORK/bundle
  mkdir -p "$WORK"
  # Narrower than the built-in profile: who falls back on that is seen. And a host that has no user namespaces may do
  # without: who takes a failure for that is seen.
  NARROW='{"extends": "strict", "user_namespace": {"unavailable": "host"}, "limits": {"memory": {"default": "128MiB", "max": "256MiB"},
    "pids": {"default": 64, "max": 128}, "cpu": {"default": 0.5, "max": 1.0}}}'
  profile faults "$NARROW"
  rm -rf "$(hardened_state)"
  mkfifo "$WORK/stdin"
  # Who has them is looked for.
  OWN_IDS=$(first_own_id)
  subordinate_ids "$OWN_IDS" $((24 * 65536))
  capture_spec
  stand_in making 'exec sleep infinity'
  stand_in ending 'exit 0'
  ln -s "$(low_level_runtime)" "$WORK/runtime"
  policy "$(jq -n --arg runtime "$WORK/runtime" '{runtimes: [$runtime],
    select: [{image: "hardened-test/box:1", profile: "faults"}]}')"
  neighbour living "$(low_level_runtime)"
  neighbour making "$WORK/making"
  ln -sfn "$(low_level_runtime)" "$WORK/runtime"
  remember_whole
}

end_neighbours() {
  local id
  [ -z "${MAKING:-}" ] || kill "$MAKING"
  for id in ${NEIGHBOURS:-}; do ROOT=$WORK/others ours delete --force "$id"; done
  MAKING='' NEIGHBOURS=''
}

faults_down() {
  end_neighbours
  policy_reset
  rm -f "$HARDENED_STAGE/etc/hardened/profiles.d/faults.json"
}

# Outside of a trial: our runtime, for the containers of ROOT.
ours() {
  inside "$RUNTIME" --root "${ROOT:-$OWN}" --log "$LOG" --log-format json "$@" \
    <>"$WORK/stdin" >"$WORK/out" 2>"$WORK/err"
}

capture_spec() {
  local layers
  docker run -d --name stock --runtime=runc "$BOX" sleep 600 >/dev/null || die "cannot run a container"
  ID=$(docker inspect --format '{{.Id}}' stock)
  layers=$(docker info --format '{{.DockerRootDir}}')/overlay2/faults
  mkdir -p "$layers"/{1/opt,diff,work,merged}
  box_rootfs "$layers/2"
  inside mount -t overlay overlay "$layers/merged" \
    -o "lowerdir=$layers/1:$layers/2,upperdir=$layers/diff,workdir=$layers/work" || die "cannot mount $layers/merged"
  # libnetwork's hook knows only the engine's own containers. jq 1.6 would round the numbers of the filter.
  sed -E 's/"hooks":\{[^}]*\}\]\}/"hooks":{}/; s#"root":\{"path":"[^"]*"#"root":{"path":"'"$layers/merged"'"#' \
    "$(bundle_of stock)/config.json" >"$SPEC"
  docker stop --time 0 stock >/dev/null
}

# shard_of ROOT ID: the first two digits of a grant's name (state/plain_key.h).
shard_of() {
  local text=${1//\//=}@$2 hash=2166136261 index code
  for ((index = 0; index < ${#text}; index++)); do
    printf -v code '%d' "'${text:index:1}"
    hash=$((((hash ^ code) * 16777619) & 0xffffffff))
  done
  printf '%x\n' $((hash >> 24))
}

# An id that has its grant where the container of the trials has its.
id_beside() {
  local number shard
  shard=$(shard_of "$OWN" "$ID")
  for ((number = 0; ; number++)); do [ "$(shard_of "$WORK/others" "$1$number")" != "$shard" ] || break; done
  printf '%s\n' "$1$number"
}

# stand_in NAME COMMAND: a low-level runtime that does COMMAND for any call.
stand_in() {
  printf '%s\n' '#!/bin/sh' "[ \"\$1\" != --version ] || exec echo '$(low_level_version)'" "$2" >"$WORK/$1"
  chmod +x "$WORK/$1"
}
low_level_version() { "$(low_level_runtime)" --version | head -n 1; }

grant_of() { find "$(hardened_state)/grants" -mindepth 2 -maxdepth 2 -name "*@$1" | grep .; }

# neighbour NAME RUNTIME
neighbour() {
  local bundle=$WORK/$1.bundle id ROOT=$WORK/others
  id=$(id_beside "$1")
  NEIGHBOURS="${NEIGHBOURS:-} $id"
  box_rootfs "$bundle/rootfs"
  runc spec --bundle "$bundle"
  jq '.process.args = ["/bin/sleep", "3600"] | .process.terminal = false' "$bundle/config.json" >"$bundle/new"
  mv "$bundle/new" "$bundle/config.json"
  ln -sfn "$2" "$WORK/runtime"
  ours create --bundle "$bundle" "$id" 3>&- &
  wait_for 10 grant_of "$id" || die "cannot create a container: $(cat "$LOG")"
  if [ "$1" = making ]; then
    MAKING=$(readlink "$(grant_of "$id")/creator")
    MAKING=${MAKING%:*}
    disown
  else
    wait $! || die "cannot create a container: $(cat "$LOG")"
  fi
}

# under_fault POINT FAULT ARGUMENT...: the runtime program; without a POINT, only its calls are counted.
under_fault() {
  local -a fault=("$1" "$2")
  [ -n "$1" ] || fault=()
  shift 2
  rm -f "$LOG"
  inside "$HARDENED_WORKLOADS/faults" "$WORK/trace" "${fault[@]}" -- \
    "$RUNTIME" --root "$OWN" --log "$LOG" --log-format json "$@" <>"${INPUT:-$WORK/stdin}" >"$WORK/out" 2>"$WORK/err"
}

# violates TEXT...: for the trial TRIAL.
violates() {
  printf "%s\n" "$TRIAL" >>"$WORK/violated"
  printf "%s: %s\n" "$TRIAL" "$*" >&2
}

# judge_error STATUS: who fails without being killed says why, once: in the log, or where that cannot be written, on
# standard error.
judge_error() {
  local -a said=()
  : >"$WORK/said"
  [ "$1" -ne 0 ] && [ "$1" -ne 137 ] || return 0
  [ ! -e "$LOG" ] || mapfile -t said <"$LOG"
  printf '%s\n' "${said[@]}" >"$WORK/said"
  [[ ${#said[@]} -eq 1 && ${said[0]} == *'"level":"error"'* ]] || { [ "${#said[@]}" -eq 0 ] && [ -s "$WORK/err" ]; } ||
    violates "status $1, in the log: ${said[*]} on standard error: $(head -c 500 "$WORK/err")"
}

# fresh_bundle SPEC
fresh_bundle() {
  cp "$1" "$BUNDLE/config.json"
  # The neighbours' ids are tried first, and the machine's processes, whose number is none of ours, are not looked at.
  ln -sfn "0/$OWN_IDS/$OWN_IDS/24" "$(hardened_state)/ids/next"
}

# All that the kernel says about the container with the first process PID, and the spec that its runtime was given:
# whoever is weaker in anything has another one.
signature() {
  local kind first cgroups
  read -r _ first _ <"/proc/$1/uid_map"
  mapfile -t cgroups < <(cut -d: -f3 "/proc/$1/cgroup" | sort -u | grep "$ID")
  {
    grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters):' "/proc/$1/status"
    for kind in "/proc/$1/ns"/*; do
      [ ! "$kind" -ef "/proc/$HARDENED_HOLDER/ns/${kind##*/}" ] || printf 'shared %s\n' "${kind##*/}"
    done
    cat "/proc/$1"/{uid_map,gid_map,limits,oom_score_adj}
    cut -d' ' -f4- "/proc/$1/mountinfo"
    for kind in "${cgroups[@]}"; do
      grep -s . /sys/fs/cgroup{,/pids,/cpu}"$kind"/{pids.max,cpu.{max,cfs_quota_us}} \
        /sys/fs/cgroup{,/memory}"$kind"/memory.{limit_in_bytes,memsw.limit_in_bytes,max,swap.max}
    done
  } | sed -E "s/\b$first\b/FIRST/g; s/\b$((first + 5))\b/TTYS/g; s/(shared|master|propagate_from):[0-9]+/\1/g
              s#/proc/self/fd/[0-9]+#/proc/self/fd/N#g"
  # A member a line, so that what differs is told. Docker's filter has numbers that an id may be, too.
  sed -E "s/(\"hostID\":)$first\b/\1FIRST/g; s/[,{]/&\n/g" "$BUNDLE/config.json"
}

# What is there besides the containers: mounts, the files of ours and the runtime's, cgroups. Without a process: it is
# asked after each trial. The links of the ids stay, to be taken over; what a runtime said it is; the
# count of records that were lost; and the mount namespace that creates begin with.
left() {
  local line logs=$HARDENED_STAGE/var/log/hardened
  local -a fields
  while read -r -a fields; do
    [[ ${fields[4]} == */hardened/ns* ]] || printf '%s %s\n' "${fields[4]}" "${fields[5]}"
  done <"/proc/$HARDENED_HOLDER/mountinfo"
  shopt -s globstar dotglob nullglob
  for line in "$(hardened_state)"/** "$OWN"/** "$logs"/** /sys/fs/cgroup/{,*/}docker/"$ID"; do
    [[ $line == */ids/[0-9]* || $line == */hardened/ns* || $line == */runtimes/[0-9a-f]* || $line == */audit.lost ]] ||
      printf '%s\n' "$line"
  done
  shopt -u globstar dotglob nullglob
}

# Whoever has the host ids from $1 on, and has not ended.
inhabitants() {
  local map key state
  for map in $(grep -lsE "^ +[0-9]+ +$1 " /proc/[0-9]*/uid_map); do
    while read -r key state _; do [ "$key" != State: ] || break; done <"${map%uid_map}status"
    [ "$state" = Z ] || printf '%s\n' "$map"
  done 2>/dev/null
}
nobody_has() { [ -z "$(inhabitants "$1")" ]; }

create_container() {
  fresh_bundle "$SPEC"
  ours create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID" || violates "cannot create a container: $(cat "$LOG")"
}

# begin_container: what `create` has made. Sets PID.
begin_container() {
  local comm='' deadline=$((SECONDS + 10))
  read -r PID <"$WORK/pid"
  ours start "$ID" || violates "cannot be started: $(tail -n 1 "$WORK/err")"
  until [ "$comm" = sleep ]; do
    read -r comm <"/proc/$PID/comm" && [ "$SECONDS" -lt "$deadline" ] || return
  done 2>/dev/null
}

end_container() {
  ours delete --force "$ID" || violates "cannot be deleted: $(tail -n 1 "$WORK/err")"
  [ ! -e "$OWN/$ID" ] || violates "is still there when it was deleted"
}

# The container that was made is the one that is made without a fault.
judge_container() {
  begin_container
  signature "$PID" >"$WORK/signature"
  cmp -s "$WORK/signature" "$WORK/whole" ||
    violates "another container: $(diff "$WORK/whole" "$WORK/signature" | cut -c 1-2000)"
}

# The create after a trial finds the ids free, and leaves what one leaves that was never disturbed. The low-level
# runtime does nothing then: what it would leave is its own.
create_next() {
  local pattern='"uidMappings":\[\{"containerID":0,"hostID":([0-9]+)' spec first=none
  ln -sfn "$WORK/ending" "$WORK/runtime"
  fresh_bundle "$SPEC"
  ours create --bundle "$BUNDLE" "$ID" || violates "the next create fails: $(cat "$LOG")"
  ln -sfn "$(low_level_runtime)" "$WORK/runtime"
  spec=$(<"$BUNDLE/config.json")
  [[ ! $spec =~ $pattern ]] || first=${BASH_REMATCH[1]}
  [ "$first" = "${FIRST:=$first}" ] ||
    violates "the ids from $FIRST on are not free, the next create has others: $first"
  judge_left
  nobody_has "$FIRST" || wait_for 10 nobody_has "$FIRST" || violates "it leaves processes: $(inhabitants "$FIRST")"
}

judge_left() {
  left >"$WORK/left"
  cmp -s "$WORK/left" "$WORK/nothing" || violates "it leaves: $(diff "$WORK/nothing" "$WORK/left" | cut -c 1-2000)"
}

# What is there without a fault: WORK/whole, WORK/nothing, FIRST.
remember_whole() {
  TRIAL=undisturbed FIRST='' PID=''
  mkdir -p "$BUNDLE"
  create_container
  begin_container
  signature "$PID" >"$WORK/whole"
  inside "$HARDENED_STAGE/bin/hardenctl" verify "$ID" >&2 || violates "weaker than granted"
  end_container
  create_next 2>/dev/null
  left >"$WORK/nothing"
  : >"$WORK/violated"
  create_next
  [ ! -s "$WORK/violated" ] || die "cannot make a container without a fault"
}
