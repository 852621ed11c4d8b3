#!/usr/bin/env bats
# hardenctl verify: it finds nothing wrong with healthy containers of every kind, and each way to weaken one behind our
# back: from the host by cgroups, mounts and processes, and by a runtime that runs another spec than it was given.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() {
  [ -z "${BROUGHT:-}" ] || kill "$BROUGHT" 2>/dev/null
  remove_containers
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
  policy_reset
}

verify() { inside "$HARDENED_STAGE/bin/hardenctl" verify --json "$@"; }

id_of() { docker inspect --format '{{.Id}}' "$1"; }

# found CONTAINER CONTROLS: its weaknesses are of these, which are a list in JSON.
found() {
  run --separate-stderr verify "$(id_of "$1")"
  equals "$status $(jq -c '[.containers[].weaknesses[].control] | unique' <<<"$output")" "1 $2" || {
    printf '%s\n%s\n' "$output" "$stderr"
    return 1
  }
}

# weakened CONTROL COMMAND...
weakened() { weakened_by "[\"$1\"]" "${@:2}"; }

# weakened_by CONTROLS COMMAND...: a fresh container whose first process is $PID.
weakened_by() {
  local controls=$1
  shift
  sleeper box
  PID=$(pid_of box)
  "$@" || {
    echo "cannot weaken: $*"
    return 1
  }
  found box "$controls" || {
    echo "weakened by: $*"
    return 1
  }
  docker rm -f box >/dev/null
}

unified() { ! [ -d /sys/fs/cgroup/pids ]; }

# limit CONTROLLER FILE VALUE: of the first process' cgroup.
limit() { echo "$3" >"$(cgroup_directory "$PID" "$1")/$2"; }
unlimited_memory() { limit memory memory.memsw.limit_in_bytes "$1" && limit memory memory.limit_in_bytes "$1"; }
# moved_out CONTROLLER: into the root.
moved_out() { echo "$PID" >"/sys/fs/cgroup/$(unified || echo "$1")/cgroup.procs"; }
mounted() { nsenter --target "$PID" --mount --pid "$@"; }

# brought_in COMMAND...: a process of the host's that COMMAND becomes is put into the container's cgroup; no hardening
# of ours has touched it.
brought_in() {
  local started
  "$@" sleep 600 3>&- </dev/null >/dev/null 2>&1 &
  started=$!
  disown
  wait_for 10 sleeps "$started" || return 1
  BROUGHT=$(sleeper_below "$started")
  echo "$BROUGHT" >"$(cgroup_directory "$PID" pids)/cgroup.procs"
}
sleeper_below() {
  local child
  grep -qx sleep "/proc/$1/comm" && echo "$1" && return
  child=$(cat "/proc/$1/task/$1/children") && [ -n "$child" ] && sleeper_below "${child% }"
}
sleeps() { [ -n "$(sleeper_below "$1")" ]; }

# The same inside its namespaces, but for the mounts that setpriv(1) comes from, as its root, with the rights that the
# options of setpriv leave.
entered() {
  brought_in nsenter --target "$PID" --user --pid --net --ipc --uts --cgroup --setuid 0 --setgid 0 setpriv "$@"
}

# tampered CONTROL FILTER: a container whose spec the runtime changed by the shell command FILTER.
tampered() {
  policy "$(jq -n --arg runtime "$(tampering_runtime "$2")" '{runtimes: [$runtime]}')"
  weakened "$1" true
}

@test "containers of every kind are what they were granted" {
  local -a kinds=('' '--user 1000' '--memory 64m' '--memory 64m --memory-swap 128m' '--cpus 0.5' '--pids-limit 50'
    '--network none' '--read-only' '--tmpfs /scratch' '-v data:/data' '--hostname other' '--init' '--tty' '--shm-size 16m'
    '--ulimit nofile=100:200' '--oom-score-adj 500' '--cap-drop ALL' '--env A=b' '--workdir /tmp' '--label x=y')
  local index=0 kind count
  for kind in "${kinds[@]}"; do
    # shellcheck disable=SC2086 # words
    sleeper "kind$((index++))" $kind
  done
  docker run -d --name compat --runtime=hardened-compat "$BOX" sleep 600 >/dev/null
  sleeper joined --network container:kind0
  docker exec -d kind0 sleep 600
  run --separate-stderr verify
  equals "$status $(jq -c '[.containers[] | select(.weaknesses != [])]' <<<"$output")" "0 []"
  count=$(jq '.containers | length' <<<"$output")
  equals "$count" 22
  run inside "$HARDENED_STAGE/bin/hardenctl" verify "$(id_of compat)"
  contains 'nothing is weaker than granted'
}

@test "held against the Top 10 and CIS: in a table, as JSON, and as a page" {
  local page=$BATS_TEST_TMPDIR/page.html
  sleeper box
  stock -d --name stranger "$BOX" sleep 600 >/dev/null
  run --separate-stderr inside "$HARDENED_STAGE/bin/hardenctl" verify --all --score
  equals "$status" 0
  matches $'pass +CIS Docker 1.6.0 5.22 +Seccomp filter in force +by the kernel\'s account'
  matches 'allowed +OWASP Docker Top 10 D08 .*lists no approved images'
  matches '- +CIS Docker 1.6.0 5.27 +Health check'
  run --separate-stderr inside "$HARDENED_STAGE/bin/hardenctl" verify --html "$page"
  equals "$status" 0
  run inside "$HARDENED_STAGE/bin/hardenctl" verify --html "$page"
  equals "$status" 2
  contains "--force replaces it"
  grep -q "$(id_of box)" "$page"
  grep -q "$(id_of stranger)" "$page"
  # One that something changed behind our back.
  nsenter --target "$(pid_of box)" --mount --pid mount -o remount,rw,bind /
  run --separate-stderr verify "$(id_of box)"
  equals "$(jq -r '.containers[0].scorecard[] | select(.item == "5.13") | .result' <<<"$output")" WEAKER
  equals "$(jq '.containers[0].scorecard | length' <<<"$output")" 42
  inside "$HARDENED_STAGE/bin/hardenctl" verify --html "$page" --force || equals "$?" 1
}

@test "the page in a real browser" {
  local page=$BATS_TEST_TMPDIR/page.html
  command -v chromium >/dev/null || skip "this host has no chromium"
  sleeper box
  nsenter --target "$(pid_of box)" --mount --pid mount -o remount,rw,bind /
  inside "$HARDENED_STAGE/bin/hardenctl" verify --html "$page" || equals "$?" 1
  # A browser mends what is malformed: then it shows other rows than it was given.
  chromium --headless --no-sandbox --disable-gpu --dump-dom "file://$page" >"$page.dom" 2>/dev/null </dev/null
  equals "$(grep -c '<td>' "$page.dom")" "$(grep -c '<td>' "$page")"
  grep -q '<td class="weaker">WEAKER</td>' "$page.dom"
}

@test "while containers are made, entered and removed, nothing is found that is not there" {
  local index
  local -a workers=()
  sleeper steady
  for ((index = 0; index < 20; index++)); do docker exec steady true; done 3>&- &
  workers+=($!)
  for ((index = 0; index < 5; index++)); do hardened --rm "$BOX" true; done 3>&- &
  workers+=($!)
  for ((index = 0; index < 10; index++)); do
    run --separate-stderr verify
    equals "$status" 0 || { printf '%s\n%s\n' "$output" "$stderr" && return 1; }
  done
  wait "${workers[@]}"
}

@test "a limit that an update raised by leave is no weakness; one beyond it is" {
  sleeper box
  docker update --pids-limit 300 --memory 768m --memory-swap 768m --cpus 1.5 box
  equals "$(cgroup_of box pids pids.max)" 300
  run --separate-stderr verify "$(id_of box)"
  equals "$status" 0
  # The widest that was allowed stays allowed: another update raises it again.
  docker update --pids-limit 200 box
  PID=$(pid_of box)
  limit pids pids.max 301
  found box '["pids"]'
}

@test "weakened by its cgroups, version 2" {
  unified || skip "this host has cgroup version 1"
  weakened pids limit pids pids.max max
  weakened pids limit pids pids.max 10000
  weakened memory limit memory memory.max max
  weakened memory limit memory memory.max 4294967296
  weakened memory limit memory memory.swap.max max
  weakened cpu limit cpu cpu.max max
  weakened cpu limit cpu cpu.max '200000 100000'
  weakened_by '["cpu","memory","pids"]' moved_out all
}

@test "weakened by its cgroups" {
  ! unified || skip "this host has cgroup version 2 only"
  weakened pids limit pids pids.max max
  weakened pids limit pids pids.max 10000
  weakened memory unlimited_memory -1
  weakened memory unlimited_memory 4294967296
  weakened memory limit memory memory.memsw.limit_in_bytes -1
  weakened cpu limit cpu cpu.cfs_quota_us -1
  weakened cpu limit cpu cpu.cfs_quota_us 200000
  weakened devices limit devices devices.allow a
  weakened pids moved_out pids
  weakened memory moved_out memory
  weakened cpu moved_out cpu
  weakened devices moved_out devices
}

@test "weakened by its mounts" {
  weakened read-only-rootfs mounted mount -o remount,rw,bind /
  weakened masked-paths mounted mount -o remount,rw,bind /proc/sys
  weakened masked-paths mounted umount /proc/sys
  weakened masked-paths mounted umount /proc/bus
  weakened masked-paths mounted mount -o remount,rw,bind /proc/irq
}

@test "weakened by a process brought in" {
  weakened_by_entering '["capabilities","no-new-privileges","rlimits","seccomp"]' entered --reset-env
  weakened_by_entering '["no-new-privileges","rlimits","seccomp"]' entered --bounding-set=-all --inh-caps=-all
  weakened_by_entering '["rlimits","seccomp"]' entered --bounding-set=-all --inh-caps=-all --no-new-privs
  weakened_by_entering '["capabilities","host-namespaces","no-new-privileges","rlimits","seccomp","user-namespace"]' brought_in env
  weakened_by_entering '["host-namespaces","rlimits","seccomp","user-namespace"]' \
    brought_in setpriv --bounding-set=-all --inh-caps=-all --no-new-privs --reuid 1000 --clear-groups
}

# weakened_by_entering CONTROLS COMMAND...
weakened_by_entering() {
  local controls=$1
  shift
  sleeper box
  PID=$(pid_of box)
  "$@"
  run --separate-stderr verify "$(id_of box)"
  equals "$(jq -c '[.containers[].weaknesses[].control] | unique' <<<"$output")" "$controls" || {
    printf '%s\n%s\n' "$output" "$stderr"
    return 1
  }
  kill "$BROUGHT"
  docker rm -f box >/dev/null
}

@test "weakened by a runtime that runs another spec" {
  tampered no-new-privileges "sed 's/\"noNewPrivileges\":true/\"noNewPrivileges\":false/'"
  tampered capabilities "sed 's/\"bounding\":\[\]/\"bounding\":[\"CAP_SYS_ADMIN\"]/;s/\"permitted\":\[\]/\"permitted\":[\"CAP_SYS_ADMIN\"]/'"
  tampered seccomp "jq -c 'del(.linux.seccomp)'"
  tampered seccomp "$(with_call ptrace)"
  tampered masked-paths "sed 's/\"\/proc\/interrupts\",//'"
  tampered read-only-rootfs "sed 's/\"readonly\":true/\"readonly\":false/'"
  tampered pids "sed 's/\"pids\":{\"limit\":[0-9]*}/\"pids\":{\"limit\":9999}/'"
  tampered rlimits "sed 's/\"RLIMIT_CORE\",\"hard\":0,\"soft\":0/\"RLIMIT_CORE\",\"hard\":9,\"soft\":0/'"
}

@test "what was waived or only warned of was not promised; in audit mode nothing was" {
  policy '{"controls": {"read-only-rootfs": "off"}}'
  sleeper box
  run verify "$(id_of box)"
  equals "$status" 0
  docker rm -f box >/dev/null
  policy '{"mode": "audit"}'
  sleeper box
  run inside "$HARDENED_STAGE/bin/hardenctl" verify "$(id_of box)"
  equals "$status" 0
  contains "audit mode: nothing was promised"
}

traced() { [ "$(status_of box TracerPid)" != 0 ]; }

@test "a filter that cannot be copied counts as weaker, and nobody is left stopped; several look at once" {
  local looks=() each tracer
  sleeper box
  # A process has one tracer at most, and this one is there first.
  strace -q -o /dev/null -p "$(pid_of box)" 3>&- &
  tracer=$!
  wait_for 10 traced
  found box '["seccomp"]'
  [[ $output == *"what its filter lets pass cannot be told: cannot copy the seccomp filter"* ]]
  kill "$tracer"
  wait_for 10 not traced
  # What version 1 freezes cannot be traced; of version 2 it can.
  docker pause box >/dev/null
  if unified; then
    verify box
  else
    found box '["seccomp"]'
  fi
  docker unpause box >/dev/null
  for each in 1 2 3 4 5 6; do
    verify box >/dev/null 2>&1 3>&- &
    looks+=($!)
  done
  for each in "${looks[@]}"; do wait "$each"; done
  equals "$(ps -o state= "$(pid_of box)")" S
}

@test "a name is a name, also where an id begins so" {
  sleeper box
  stock -d --name "$(id_of box | cut -c 1-6)" "$BOX" sleep 600 >/dev/null
  run verify "$(id_of box | cut -c 1-6)"
  equals "$status" 2
  contains "it is none of ours"
}

@test "containers that run without us are shown; an id that is nobody's is an error" {
  stock -d --name stranger "$BOX" sleep 600 >/dev/null
  sleeper box
  run --separate-stderr verify
  equals "$(jq -c .outside <<<"$output")" "[\"$(id_of stranger)\"]"
  run --separate-stderr verify box
  equals "$(jq -c '[.containers[].container]' <<<"$output")" "[\"$(id_of box)\"]"
  run verify "$(id_of stranger)"
  equals "$status" 2
  contains "none of ours"
}
