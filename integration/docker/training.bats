#!/usr/bin/env bats
# Under hardened-train what a container uses is recorded, all of it and nothing else; and whatever happens to the
# recorder, the container starts, stops and goes.

# shellcheck disable=SC2154 # bats sets output and status
load helpers
load recorded

setup_file() { suite_up; }
teardown_file() {
  suite_down
  rm -rf "$(logs)"
}
setup() { rm -rf "$(logs)"; }
teardown() { remove_containers; }

# trained MODE...: a recorded run of the program, to its end.
trained() { train --rm "$BOX" trained "$@"; }

# recording_programs: how many BPF programs this kernel takes.
recording_programs() { tells_capabilities && echo 4 || echo 3; }
pins() { inside find "$HARDENED_STAGE/run/hardened/bpf" -name 'link_*'; }

# traced COMMAND...: the names of the calls it makes, as strace(1) sees them, one a line, sorted.
traced() {
  strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e signal=none "$@"
  # The first is strace's own: it becomes the program.
  sed -nE '1d; s/^[0-9]+ +(<\.\.\. )?([a-z0-9_]+)(\(| resumed).*/\2/p' "$BATS_TEST_TMPDIR/trace" | sort -u
}

@test "the calls of a program are recorded: those strace sees, no more and no less" {
  local expected
  expected=$(traced "$HARDENED_WORKLOADS/trained" basic "$BATS_TEST_TMPDIR")
  trained basic /root
  equals "$(the_log | jq -r '.syscalls.SCMP_ARCH_X86_64 | keys[]' | sort)" "$expected"
  logged '.complete and .lost == null and .phases == ["start"] and (.syscalls | keys) == ["SCMP_ARCH_X86_64"]'
}

@test "the log says what was run, and under what" {
  train --name box "$BOX" trained nothing
  local id
  id=$(docker inspect --format '{{.Id}}' box)
  docker rm box
  logged '.version == 1 and .tier == "bpf" and .engine == "docker" and .profile == "train" and .image == $image
    and .container == $id and .kernel == $kernel and (.runtime | startswith($runtime + " ")) and .started < .ended' \
    --arg image "$BOX" --arg id "$id" --arg kernel "$(uname -r)" --arg runtime "$(runtime_kind)"
  equals "$(stat -c '%a %U' "$(logs)" "$(logs)"/*.jsonl | xargs)" "700 root 600 root"
}

@test "the values of arguments that decide what a call may do are kept" {
  trained basic /root
  logged '.arguments | any(.syscall == "socket" and .index == 0 and .values == [1])'
  # SIGCHLD and the flags of fork(3).
  logged '.arguments | any(.syscall == "clone" and .values == [18874385])'
}

@test "of too many values none is kept, and the log says so" {
  trained ioctls 64
  logged '.arguments | any(.syscall == "ioctl" and .index == 1 and (.values | length) == 64)'
  rm -rf "$(logs)"
  trained ioctls 65
  logged '.arguments | any(.syscall == "ioctl" and .any and .values == null)'
  logged .complete
}

@test "start, serve and stop are told apart" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  docker stop box
  equals "$(used uname) $(used getsid) $(used times)" '["start"] ["serve"] ["stop"]'
  logged '.complete and .phases == ["start", "serve", "stop"]'
}

@test "a signal that asks for something else begins no stop" {
  train -d --name box "$BOX" sh -c 'trap "trained exec; exit" HUP; echo serving; sleep 600 & wait'
  wait_for 20 serving box
  docker kill -s HUP box
  docker wait box
  logged '.complete and (.phases | index("stop")) == null'
  equals "$(used getpriority | grep -c 'start\|serve')" 1
}

@test "the stop begins with whatever signal the image ends by" {
  train -d --name box --stop-signal USR1 "$BOX" \
    sh -c 'trap "trained exec; exit" USR1; echo serving; sleep 600 & wait'
  wait_for 20 serving box
  docker stop box
  logged .complete
  equals "$(used getpriority)" '["stop"]'
}

@test "exec is a phase of its own" {
  train -d --name box "$BOX" sleep 600
  docker exec box trained exec
  docker rm -f box
  equals "$(used getpriority)" '["exec"]'
  logged '.complete and (.phases | index("exec") and index("start"))'
}

@test "a thread is recorded" {
  trained thread
  equals "$(used getpriority)" '["start"]'
}

@test "a program in a mount namespace of its own is recorded" {
  profile unsharing "$(jq '{extends: "train", capabilities: ["CAP_SYS_ADMIN"],
    seccomp: {allow: (.seccomp.allow + ["@namespace"]), deny: (.seccomp.deny - ["@namespace"])}}' \
    "$HARDENED_SOURCE/profiles/strict.json")"
  policy '{"select": [{"program": "hardened-train", "profile": "unsharing"}],
    "waivers": [{"control": "capabilities", "allow": ["CAP_SYS_ADMIN"], "reason": "to unshare"}]}'
  run train --rm --cap-add SYS_ADMIN "$BOX" trained unshare /bin/trained
  policy_reset
  rm "$HARDENED_STAGE/etc/hardened/profiles.d/unsharing.json"
  equals "$status" 0
  equals "$(used unshare) $(used getpriority)" '["start"] ["start"]'
  logged '.arguments | any(.syscall == "unshare" and .values == [131072])'
}

@test "calls of the 32-bit ABI are kept apart" {
  "$HARDENED_WORKLOADS/trained" i386 || skip "this kernel has no 32-bit calls"
  trained i386
  logged '.syscalls.SCMP_ARCH_X86 == {"getpid": ["start"]}'
}

@test "a container that ends at once is recorded" {
  trained nothing
  logged '.complete and (.syscalls.SCMP_ARCH_X86_64 | has("exit_group"))'
}

@test "capabilities: what was used, what was missed, and nothing that memory or the overlay asked for" {
  tells_capabilities || skip "this kernel tells BPF of no capability (Linux 6.14 does)"
  trained capabilities
  logged '[.capabilities[] | [.capability, .syscall, .granted]] ==
    [["CAP_CHOWN", "chown", true], ["CAP_SYS_NICE", "setpriority", false]]'
}

@test "what was written to the root file system is listed, with neither the engine's files nor volumes" {
  train --rm -v /vol/deep -v "$BATS_TEST_TMPDIR:/mnt/host" "$BOX" sh -c '
    echo text >/root/new; echo more >>/etc/passwd; rm /etc/group; mkdir /made; mkdir /made/empty; ln -s / /home/link
    echo gone >/var/gone; rm /var/gone; echo x >/vol/deep/x; echo x >/mnt/host/x; echo x >/tmp/x; echo x >/run/x'
  logged '[.writes[] | [.path, .kind, .bytes // empty]] == [["/etc/group", "removed"], ["/etc/passwd", "file", $size],
    ["/home/link", "other"], ["/made", "directory"], ["/made/empty", "directory"], ["/root/new", "file", 5],
    ["/run/x", "file", 2], ["/tmp/x", "file", 2], ["/var", "directory"]]' \
    --argjson size "$(docker run --rm "$BOX" stat -c %s /etc/passwd | awk '{ print $1 + 5 }')"
}

@test "the peaks of the cgroup are recorded" {
  train --rm "$BOX" sh -c 'dd if=/dev/zero of=/tmp/x bs=1M count=20 2>/dev/null; true & true & wait'
  logged '.peaks.memory > 20 * 1048576 and .peaks.cpu_ms >= 1'
  # Not counted by every kernel.
  ! compgen -G '/sys/fs/cgroup/pids/*/pids.peak' >/dev/null || logged '.peaks.pids >= 3'
}

@test "ten trainings at once are each their own" {
  local i
  local -a starts=()
  for i in 1 2 3 4 5 6 7 8 9 10; do
    train -d --name "box$i" "$BOX" trained ioctls "$i" 3>&- &
    starts+=($!)
  done
  wait "${starts[@]}"
  for i in 1 2 3 4 5 6 7 8 9 10; do
    docker wait "box$i" >/dev/null
    docker rm "box$i" >/dev/null
  done
  equals "$(jq -s -c 'map(select(.complete) | .arguments[] | select(.syscall == "ioctl") | .values | length) | sort' \
    "$(logs)"/*.jsonl)" '[1,2,3,4,5,6,7,8,9,10]'
}

@test "other containers are not recorded, and pay nothing once the last training has ended" {
  train -d --name box "$BOX" trained phases
  hardened --rm "$BOX" trained capabilities || true
  equals "$(pins | wc -l)" "$(recording_programs)"
  docker rm -f box
  logged '(.capabilities // []) == []'
  equals "$(pins)" ""
}

@test "rm -f works, and what was seen until then is kept" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  docker rm -f box
  logged '.complete and (.phases | index("serve"))'
}

@test "a container whose recorder is gone stops and goes, and the next training writes its log" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  mv "$(recorder)" "$(recorder).away"
  docker stop box
  run docker rm box
  mv "$(recorder).away" "$(recorder)"
  equals "$status" 0
  equals "$(compgen -G "$(logs)/*.jsonl")" ""
  trained nothing
  equals "$(jq -s -c 'map([.complete, .lost[0], (.syscalls.SCMP_ARCH_X86_64 | has("getsid"))]) | sort' \
    "$(logs)"/*.jsonl)" '[[false,"its end was not seen",true],[true,null,false]]'
}

@test "a container whose recording was taken away stops and goes, and its log says so" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  inside umount -l "$HARDENED_STAGE/run/hardened/bpf"
  docker stop box
  docker rm box
  logged '(.complete | not) and (.lost[0] | startswith("no system call was recorded: ")) and .peaks.memory > 0'
}

# hold_lock: who holds it keeps the recorder waiting. Sets LOCKER.
hold_lock() {
  inside flock --no-fork "$HARDENED_STAGE/run/hardened/training" sleep 60 3>&- &
  LOCKER=$!
  wait_for 10 not inside flock -n "$HARDENED_STAGE/run/hardened/training" true
}

# recorders: the processes at their part, whose parent waits to become the runtime.
recorders() {
  local process
  for process in /proc/[0-9]*; do
    [ "$process/exe" -ef "$(recorder)" ] || continue
    [ "/proc/$(awk '/^PPid/ { print $2 }' "$process/status")/exe" -ef "$(recorder)" ] || continue
    printf '%s\n' "${process#/proc/}"
  done
}
a_recorder() { recorders | grep -q .; }

@test "a program that is taken away while a container is recorded is said in its log" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  inside rm "$HARDENED_STAGE/run/hardened/bpf/2/link_call_begins"
  docker rm -f box
  logged '(.complete | not) and .lost == ["a BPF program was taken away while it ran"]'
}

@test "a program that was away for a while is said, too: attached anew for another, it does not cover it up" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  inside rm "$HARDENED_STAGE/run/hardened/bpf/2/link_call_begins"
  trained nothing
  equals "$(jq .complete "$(logs)"/*.jsonl)" true
  rm -rf "$(logs)"
  docker rm -f box
  logged '(.complete | not) and (.lost[0] | endswith("the BPF programs were attached anew while it ran"))'
}

# number_of PROGRAM: of the file that it is pinned as: another one whenever it was loaded and pinned anew.
number_of() { inside stat -c %i "$1"; }

@test "the programs are loaded once, and those of another build are not used" {
  local place=$HARDENED_STAGE/run/hardened/bpf/2 program before
  trained nothing
  program=$(inside find "$place" -name 'program_call_begins_*')
  before=$(number_of "$program")
  rm -rf "$(logs)"
  trained nothing
  equals "$(number_of "$program")" "$before"
  inside mv "$program" "$place/program_call_begins_of_another_build"
  rm -rf "$(logs)"
  trained basic /root
  logged '.complete and (.syscalls.SCMP_ARCH_X86_64 | length > 10)'
  not equals "$(number_of "$program")" "$before"
  equals "$(inside find "$place" -name 'program_*' | wc -l)" "$(recording_programs)"
}

@test "a log that could not be written is written later, with all that was seen" {
  train -d --name box "$BOX" trained basic /root
  docker wait box
  mkdir -p "$(logs)"
  inside mount -t tmpfs -o size=64k tmpfs "$(logs)"
  inside sh -c "dd if=/dev/zero of='$(logs)/full' bs=1k" 2>/dev/null || true
  docker rm box
  inside umount "$(logs)"
  trained nothing
  equals "$(jq -s 'map(select(.syscalls.SCMP_ARCH_X86_64 | has("sched_yield"))) | length' "$(logs)"/*.jsonl)" 1
}

@test "a recorder that is killed at its work stops nothing" {
  train -d --name box "$BOX" sleep 600
  hold_lock
  docker rm -f box 3>&- &
  local removal=$!
  wait_for 20 a_recorder
  # One of the two processes may end by itself, by now.
  recorders | xargs -n 1 kill -KILL || true
  wait "$removal"
  pkill -P "$LOCKER"
  run docker inspect box
  equals "$status" 1
  trained nothing
  # By the next training at the latest, or by the engine's second delete.
  equals "$(jq -s -c 'map(.complete) | sort' "$(logs)"/*.jsonl)" '[false,true]'
}

# The kernel gives the inode number of a namespace away again as soon as the last of its processes has ended.
@test "containers that are made before an ended one's log is written are not taken for it" {
  train -d --name box "$BOX" sleep 600
  hold_lock
  docker kill box 3>&- &
  local killer=$! i
  wait_for 20 a_recorder
  for i in 1 2 3 4; do hardened --rm "$BOX" true; done
  pkill -P "$LOCKER"
  wait "$killer"
  docker rm -f box
  logged '.complete and .phases == ["start"] and (.syscalls.SCMP_ARCH_X86_64 | has("pivot_root") | not)'
}

@test "a container that cannot be created leaves neither a log nor programs" {
  not train --rm "$BOX" no-such-program
  equals "$(compgen -G "$(logs)/*.jsonl")$(pins)" ""
}

@test "an image that the policy has another profile for is not silently left unrecorded" {
  policy '{"select": [{"image": "hardened-test/*", "profile": "compat"}]}'
  run trained nothing
  policy_reset
  contains 'cannot record what the container uses: the policy selects profile "compat" for it'
  contains '"program": "hardened-train"'
}
