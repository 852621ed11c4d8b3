#!/usr/bin/env bats
# The filter in force, asked from inside by real system calls. Numbers are x86-64's.

load helpers

setup_file() {
  suite_up
  hardened -d --name box --user 1000 "$BOX" sleep 600 >/dev/null
  # Where the host has AppArmor, Docker's profile forbids some of it as well.
  stock -d --name free --security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN "$BOX" \
    sleep 600 >/dev/null
}
teardown_file() { suite_down; }

setup() { [ "$(uname -m)" = x86_64 ] || skip "the system call numbers are those of x86-64"; }

# denied ERRNO PROBE...: our container gets this errno.
denied() {
  run docker exec box probe "${@:2}"
  equals "${*:2}: $output" "${*:2}: $1"
}

# gives PROBE...: without filter and with CAP_SYS_ADMIN it works, so the denial is ours.
gives() {
  run docker exec free probe "$@"
  equals "$*: $output" "$*: ok"
}

@test "no new user namespace by unshare" {
  gives call 272 0x10000000
  denied EPERM call 272 0x10000000
}

@test "no new namespace of any other kind" {
  local flag
  for flag in 0x00020000 0x02000000 0x04000000 0x08000000 0x20000000 0x40000000 0x00000080; do denied EPERM call 272 "$flag"; done
}

@test "no new user namespace by clone" {
  denied EPERM call 56 0x10000011
}

@test "clone3 answers as on a kernel without it, so that libc falls back to clone" {
  denied ENOSYS call 435 0 0
}

@test "no entering of namespaces" {
  denied EPERM call 308 0 0
}

@test "no mount, old or new interface" {
  local number
  for number in 165 166 155 428 429 430 431 432 433 442; do
    run docker exec box probe call "$number" 0 0 0 0 0
    matches '^(EPERM|ENOSYS)$'
  done
}

@test "no kernel modules, kexec, reboot, bpf, perf, keys, ptrace of others, userfaultfd, io_uring" {
  local number
  for number in 175 176 313 246 320 169 321 298 248 249 250 310 311 323 425 426 427; do
    run docker exec box probe call "$number" 0 0 0 0 0
    echo "call $number"
    matches '^(EPERM|ENOSYS)$'
  done
}

@test "personality: Linux yes, ADDR_NO_RANDOMIZE no" {
  run docker exec box probe call 135 0
  equals "$output" ok
  denied EPERM call 135 0x0040000
}

@test "no packet sockets, no raw sockets, no vsock" {
  run docker exec free probe socket 17 3 0
  equals "$output" ok
  run docker exec box probe socket 17 3 0
  matches '^(EPERM|EAFNOSUPPORT)$'
  run docker exec box probe socket 40 1 0
  matches '^(EPERM|EAFNOSUPPORT)$'
  run docker exec box probe socket 2 3 1
  matches '^(EPERM|EACCES|EAFNOSUPPORT)$'
}

@test "ordinary sockets work" {
  local family
  for family in 1 2 10; do
    run docker exec box probe socket "$family" 1 0
    equals "$family $output" "$family ok"
  done
}

@test "no typing into the terminal of others (TIOCSTI, TIOCLINUX)" {
  run docker exec box probe call 16 0 0x5412 0
  equals "$output" EPERM
  run docker exec box probe call 16 0 0x541C 0
  equals "$output" EPERM
  # the upper half of the argument is ignored by the kernel and must be ignored by the filter
  run docker exec box probe call 16 0 0x100005412 0
  equals "$output" EPERM
}

@test "no set-user-ID files are made, also on a volume" {
  run stock --rm -v ids:/data "$BOX" sh -c 'touch /data/file && chmod 4755 /data/file && echo made'
  equals "$output" made
  run hardened --rm -v ids:/data "$BOX" sh -c 'touch /data/mine && chmod 4755 /data/mine'
  [ "$status" -ne 0 ]
  run hardened --rm -v ids:/data "$BOX" sh -c 'chmod 755 /data/mine && echo plain'
  equals "$output" plain
}

@test "a call nobody knows is unknown, not forbidden" {
  denied ENOSYS call 590
}

@test "no system calls of the x32 interface" {
  # Of a foreign interface libseccomp makes the end of the program (SIGSYS).
  run docker exec box probe call 0x40000027
  equals "$status [$output]" "159 []"
}

@test "the shell, the C library and threads run" {
  run docker exec box sh -c 'for i in 1 2 3; do (sleep 0.01; echo $i) & done; wait; ls /bin | head -n 1; date +%Y; ps | wc -l'
  equals "$status" 0
}

# By thread, runc's init (Go) would wait for its killed threads for ever, and nobody could remove the container.
@test "a profile that kills ends the process, not a thread of it" {
  echo '{"defaultAction": "SCMP_ACT_KILL", "syscalls": []}' >"$BATS_TEST_TMPDIR/kill.json"
  run timeout 60 docker run --name killed --runtime=hardened --security-opt "seccomp=$BATS_TEST_TMPDIR/kill.json" "$BOX" true
  [ "$status" -ne 0 ]
  [ "$status" -ne 124 ]
  timeout 60 docker rm -f killed
}
