#!/usr/bin/env bats
# Attacks run inside containers. Each first succeeds, or reaches further, with stock Docker, given the option it needs;
# then the kernel denies it under both profiles. "unlocked" hands out capabilities and takes filter and masks away by
# waivers: what is denied there is denied by the container's users alone. Numbers of system calls are x86-64's.

load helpers

setup_file() {
  suite_up
  stock -d --name victim "$BOX" sh -c 'echo mine >/secret; exec sleep 600' >/dev/null
  sleeper box
}
teardown_file() { suite_down; }

setup() { [ "$(uname -m)" = x86_64 ] || skip "the system call numbers are those of x86-64"; }
teardown() {
  policy_reset
  docker rm -f attacker >/dev/null 2>&1 || true
  docker volume prune -f >/dev/null
  ! mountpoint -q "$BATS_TEST_TMPDIR/binfmt" || umount "$BATS_TEST_TMPDIR/binfmt"
}

# Where the host has AppArmor, Docker's profile forbids mounts and writes to /proc/sys as well; it is not at stake here.
stock() { docker run --runtime=runc --security-opt apparmor=unconfined "$@"; }

# both ANSWER ARGUMENT...: what docker run prints under each profile.
both() {
  local runtime
  for runtime in hardened hardened-compat; do
    run docker run --rm --runtime="$runtime" "${@:2}"
    equals "$runtime: $output" "$runtime: $1" || return 1
  done
}

# both_refuse CONTROL ARGUMENT...
both_refuse() {
  local runtime
  for runtime in hardened hardened-compat; do
    refused_command "$1" docker run --rm --runtime="$runtime" "${@:2}" || return 1
  done
}

# unlocked ARGUMENT...: `run` of a container with the capabilities it asks for, no filter, and nothing masked.
unlocked() {
  policy '{"default_profile": "compat", "controls": {"masked-paths": "off"}, "waivers": [
    {"control": "capabilities", "allow": ["CAP_*"], "reason": "test"},
    {"control": "apparmor", "allow": ["unconfined"], "reason": "test"},
    {"control": "seccomp", "allow": ["seccomp=unconfined"], "reason": "test"}]}'
  run hardened --rm --security-opt apparmor=unconfined --security-opt seccomp=unconfined \
    --security-opt systempaths=unconfined "$@"
  policy_reset
}

# on_host COMMAND...: as an ordinary user of the host.
on_host() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }

host_probe() { "$HARDENED_WORKLOADS/probe" "$@"; }

@test "host tunables through an unmasked /proc/sys: stock's root sets them, ours may not even open them" {
  local tunable=/proc/sys/fs/lease-break-time before reached
  before=$(cat "$tunable")
  stock --rm --security-opt systempaths=unconfined "$BOX" sh -c "echo $((before + 1)) >$tunable"
  reached=$(cat "$tunable")
  printf '%s\n' "$before" >"$tunable"
  equals "$reached" $((before + 1))
  both EACCES --security-opt systempaths=unconfined "$BOX" probe call 2 "$tunable" 1
  unlocked "$BOX" sh -c "echo $((before + 1)) >$tunable"
  contains "Permission denied"
  equals "$(cat "$tunable")" "$before"
}

@test "core_pattern, modprobe, sysrq-trigger, kcore: what runs programs as the host's root or is its memory" {
  local file
  for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger; do
    [ -e "$file" ] || continue # not in every kernel
    stock_gives '^ok$' --security-opt systempaths=unconfined "$BOX" probe call 2 "$file" 1
    both EACCES --security-opt systempaths=unconfined "$BOX" probe call 2 "$file" 1
    unlocked "$BOX" probe call 2 "$file" 1
    equals "$output" EACCES
  done
  [ -e /proc/kcore ] || return 0
  stock_gives '^ok$' --cap-add SYS_RAWIO --security-opt systempaths=unconfined "$BOX" probe call 2 /proc/kcore 0
  unlocked --cap-add SYS_RAWIO "$BOX" probe call 2 /proc/kcore 0
  equals "$output" EACCES
}

# A hierarchy without controllers, so that nothing of the machine's is touched.
# shellcheck disable=SC2016 # expanded in the container
RELEASE='mkdir -p /tmp/c && mount -t cgroup -o none,name=hardened-test none /tmp/c && mkdir /tmp/c/x || exit 1
  layer=$(sed -n "s/^overlay \/ .*upperdir=\([^,]*\).*/\1/p" /proc/mounts)
  printf "#!/bin/sh\nid -u >$1\n" >/agent && chmod 755 /agent && echo "$layer/agent" >/tmp/c/release_agent || exit 1
  echo 1 >/tmp/c/x/notify_on_release; sh -c "echo \$\$ >/tmp/c/x/cgroup.procs"'

# The kernel keeps a hierarchy that had a group when it was unmounted until the next time.
hierarchy_gone() {
  local directory=$BATS_TEST_TMPDIR/hierarchy
  grep -q name=hardened-test /proc/self/cgroup || return 0
  mkdir -p "$directory"
  mount -t cgroup -o none,name=hardened-test none "$directory" && { rmdir "$directory/x" || true; }
  umount "$directory"
  return 1
}

@test "release_agent: stock with CAP_SYS_ADMIN runs a program as root on the host" {
  [ -d /sys/fs/cgroup/devices ] || skip "this host has no cgroup version 1"
  local proof=$HARDENED_DAEMON/proof
  stock -d --name attacker --cap-add SYS_ADMIN "$BOX" sleep 600
  docker exec attacker sh -c "$RELEASE" release "$proof"
  wait_for 5 test -s "$proof"
  docker rm -f attacker
  wait_for 5 hierarchy_gone
  equals "$(cat "$proof")" 0
  rm "$proof"
  both_refuse capabilities --cap-add SYS_ADMIN "$BOX" true
  unlocked --cap-add SYS_ADMIN "$BOX" sh -c "$RELEASE" release "$proof"
  contains "permission denied"
  # A hierarchy that exists may be mounted: its files are nobody's.
  unlocked --cap-add SYS_ADMIN "$BOX" sh -c 'mkdir -p /tmp/c; mount -t cgroup -o devices none /tmp/c || exit
    probe call 2 /tmp/c/release_agent 1; probe call 2 /tmp/c/devices.allow 1; probe call 83 /tmp/c/x 0755'
  equals "$(grep -cE '^(EACCES|EPERM|ENOENT)$' <<<"$output") $(grep -c ok <<<"$output")" "3 0"
  not test -e "$proof"
}

# attempts TYPE...: mounts each on the other.
attempts() { printf 'probe call 165 none /tmp %s 0 0;' "$@"; }

@test "mounts: a tmpfs, a disk, and a second /proc and /sys to write host settings by" {
  local set='probe call 165 none /tmp none 0x20 0 + 2 /tmp/kernel/rcu_expedited 1' # a remount makes it writable
  stock_gives $'^ok\nok\nok\nok$' --cap-add SYS_ADMIN "$BOX" sh -c "$(attempts tmpfs sysfs) $set"
  both_refuse capabilities --cap-add SYS_ADMIN "$BOX" true
  both $'EPERM\nEPERM\nEPERM' "$BOX" sh -c "$(attempts tmpfs sysfs proc)"
  # Whether a second /sys is to be had depends on what the runtime laid over the first; it is no better.
  unlocked --cap-add SYS_ADMIN "$BOX" sh -c "$(attempts tmpfs sysfs) $set"
  matches $'^ok\n(EPERM\n.*\nENOENT|ok\n.*\nEACCES)$'
  unlocked --cap-add SYS_ADMIN "$BOX" sh -c "$(attempts proc) probe call 2 /tmp/sys/kernel/core_pattern 1"
  equals "$output" $'ok\nEACCES'
  unlocked --cap-add SYS_ADMIN --cap-add MKNOD "$BOX" probe call 133 /tmp/disk 060600 0x700 + 165 none /tmp ext4 0 0
  equals "$output" $'EPERM\nEPERM'
}

@test "unshare(CLONE_NEWUSER), then mount: stock without a filter mounts, ours does not run without" {
  local -a attack=(--user 1000 "$BOX" probe call 272 0x10020000 + 165 none /tmp tmpfs 0 0)
  stock_gives $'^ok\nok$' --security-opt seccomp=unconfined "${attack[@]}"
  both_refuse seccomp --security-opt seccomp=unconfined "${attack[@]}"
  both $'EPERM\nEPERM' "${attack[@]}"
}

@test "a program written to /dev: stock runs it although the root file system is read-only, ours does not" {
  local -a attack=("$BOX" sh -c 'cp /bin/busybox /dev/busybox && /dev/busybox echo ran 2>/dev/null || echo denied')
  equals "$(stock --rm --read-only "${attack[@]}")" ran
  both denied "${attack[@]}"
}

@test "device nodes: stock makes those of the host's disks, and opens them with a cgroup rule" {
  [ -b /dev/loop0 ] || skip "this host has no loop devices, the one disk a test may open"
  local -a attack=("$BOX" probe call 133 /tmp/disk 060600 0x700 + 2 /tmp/disk 0)
  stock_gives $'^ok\nok$' --device-cgroup-rule 'b *:* rmw' "${attack[@]}"
  both_refuse devices --device-cgroup-rule 'b *:* rmw' "${attack[@]}"
  both $'EPERM\nENOENT' "${attack[@]}"
  unlocked --cap-add MKNOD "${attack[@]}"
  equals "$output" $'EPERM\nENOENT'
}

@test "a device node that another container planted on a volume: stock opens it, ours does not" {
  stock --rm -v nodes:/data "$BOX" probe call 133 /data/null 020666 0x103
  stock_gives '^ok$' -v nodes:/data "$BOX" probe call 2 /data/null 1
  both EACCES -v nodes:/data "$BOX" probe call 2 /data/null 1
}

# Every way to a mode with set-user-ID: chmod, fchmodat, fchmodat2, open, creat, mknod, openat2.
PLANT='cp /bin/probe /data/planted
  probe call 90 /data/planted 04755; probe call 268 -100 /data/planted 04755; probe call 452 -100 /data/planted 04755 0
  probe call 2 /data/open 0101 04755; probe call 85 /data/creat 04755; probe call 133 /data/mknod 0104755 0
  probe call 437 -100 /data/openat2 hex:4100000000000000ed090000000000000000000000000000 24'

@test "a set-user-ID program planted on a volume: stock's makes an ordinary user of the host root" {
  local runtime volume=$HARDENED_DAEMON/planted
  for runtime in runc hardened hardened-compat; do
    mkdir "$volume"
    run docker run --rm --runtime="$runtime" -v "$volume:/data" "$BOX" sh -c "$PLANT"
    if [ "$runtime" = runc ]; then
      equals "$(find "$volume" -perm -4000 -uid 0 | wc -l)" 5
      equals "$(on_host "$volume/planted" euid)" 0
    else
      equals "$runtime: $(find "$volume" -perm /4000)" "$runtime: "
      equals "$(on_host "$volume/planted" euid)" 1000
    fi
    rm -r "$volume"
  done
}

@test "file capabilities planted on a volume: stock's count on the host, ours cannot be set, nor count if they could" {
  # struct vfs_cap_data, version 2: effective, CAP_SETUID.
  local runtime volume=$HARDENED_DAEMON/planted
  local -a set=(call 188 /data/planted security.capability hex:0100000280000000000000000000000000000000 20 0)
  mkdir "$volume"
  cp "$HARDENED_WORKLOADS/probe" "$volume/planted"
  both EPERM -v "$volume:/data" "$BOX" probe "${set[@]}"
  unlocked --cap-add SETFCAP -v "$volume:/data" "$BOX" probe "${set[@]}"
  equals "$(on_host "$volume/planted" call 105 0)" EPERM
  stock_gives '^ok$' -v "$volume:/data" "$BOX" probe "${set[@]}"
  equals "$(on_host "$volume/planted" call 105 0)" ok
  rm -r "$volume"
}

@test "another container's files by handles from a shared directory: stock with CAP_DAC_READ_SEARCH reads them" {
  local secret handle shared=$HARDENED_DAEMON/shared
  secret=$(docker inspect --format '{{.GraphDriver.Data.UpperDir}}' victim)/secret
  mkdir "$shared"
  handle=$(host_probe handle "$secret")
  local -a attack=(-v "$shared:/shared" "$BOX" probe call 2 /shared 0 + 304 3 "$handle" 0 + 40 1 4 0 64)
  stock_gives $'^ok\nok\nmine\nok$' --cap-add DAC_READ_SEARCH "${attack[@]}"
  both_refuse capabilities --cap-add DAC_READ_SEARCH "${attack[@]}"
  both $'ok\nEPERM\nEBADF' "${attack[@]}"
  unlocked --cap-add DAC_READ_SEARCH "${attack[@]}"
  matches $'^ok\n(EPERM|ESTALE)\nEBADF$'
  rmdir "$shared"
}

@test "others' private files in a shared directory: stock's root reads all, strict's none, compat's those of its ids" {
  local shared=$HARDENED_DAEMON/shared
  local -a attack=(-v "$shared:/shared:ro" "$BOX" probe call 2 /shared/user 0 + 2 /shared/stranger 0)
  mkdir "$shared"
  install -m 600 -o 1000 /dev/null "$shared/user"
  install -m 600 -o 70000 /dev/null "$shared/stranger"
  stock_gives $'^ok\nok$' "${attack[@]}"
  run hardened --rm "${attack[@]}"
  equals "$output" $'EACCES\nEACCES'
  run docker run --rm --runtime=hardened-compat "${attack[@]}"
  equals "$output" $'ok\nEACCES'
  rm -r "$shared"
}

@test "keyrings: stock without a filter finds the key of the host's root, ours has keyrings of its own" {
  local key reached
  local -a search=("$BOX" probe call 250 10 -4 user hardened-test 0)
  host_probe call 248 user hardened-test payload 7 -4
  key=$(awk '/hardened-test/ { print "0x" $1 }' /proc/keys)
  run stock --rm --security-opt seccomp=unconfined "${search[@]}"
  reached=$output
  unlocked "${search[@]}"
  host_probe call 250 9 "$key" -4
  equals "$reached $output" "ok ENOKEY"
  both_refuse seccomp --security-opt seccomp=unconfined "${search[@]}"
  both EPERM "${search[@]}"
}

@test "tracing a process of another container: stock does in a shared PID namespace, ours not even there" {
  stock_gives '^ok$' --pid container:victim "$BOX" probe call 101 0x4206 1 0 0
  both EPERM --pid container:box "$BOX" probe call 101 0x4206 1 0 0
}

@test "/proc/PID/root of another container: stock with the host's PID namespace reads its files" {
  stock_gives '^mine$' --pid host "$BOX" cat "/proc/$(pid_of victim)/root/secret"
  both_refuse host-namespaces --pid host "$BOX" true
}

# out_of CONTAINER COMMAND...: as its root, with every capability over its users, out of all its other namespaces: the
# worst that an escape leaves. After one from a stock container that is the host's root, with the fourteen capabilities.
out_of() { nsenter --target "$(pid_of "$1")" --user -- "${@:2}"; }

@test "after an escape: stock's root owns the host and its containers, ours is nobody there" {
  local file
  local fourteen=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw
  local -a stock_root=(setpriv --bounding-set "-all,$fourteen,+sys_chroot,+mknod,+audit_write,+setfcap")
  for file in /etc/shadow "/proc/$(pid_of victim)/root/secret" "/proc/$(pid_of victim)/environ"; do
    echo "$file"
    "${stock_root[@]}" head -c 1 "$file" >/dev/null
    run out_of box head -c 1 "$file"
    contains "Permission denied"
  done
  # CVE-2019-5736 overwrites the runtime; a running one answers ETXTBSY to who has the right.
  for file in "$(low_level_runtime)" "$HARDENED_STAGE/bin/hardened-runtime" /proc/sys/kernel/core_pattern; do
    run "${stock_root[@]}" "$HARDENED_WORKLOADS/probe" call 2 "$file" 1
    matches '^(ok|ETXTBSY)$'
    run out_of box "$HARDENED_WORKLOADS/probe" call 2 "$file" 1
    equals "$file $output" "$file EACCES"
  done
  equals "$("${stock_root[@]}" docker version --format '{{.Server.Os}}')" linux
  run out_of box docker version --format '{{.Server.Os}}'
  contains "permission denied"
  equals "$("${stock_root[@]}" "$HARDENED_WORKLOADS/probe" call 62 "$(pid_of victim)" 0)" ok
  run out_of box "$HARDENED_WORKLOADS/probe" call 62 "$(pid_of victim)" 0 + 101 0x4206 "$(pid_of victim)" 0 0
  equals "$output" $'EPERM\nEPERM'
}

@test "binfmt_misc: stock with CAP_SYS_ADMIN registers an interpreter for the host's programs, ours for its own" {
  grep -q binfmt_misc /proc/filesystems || skip "this kernel has no binfmt_misc"
  local host=$BATS_TEST_TMPDIR/binfmt
  local -a attack=(--cap-add SYS_ADMIN "$BOX" sh -c 'mkdir -p /tmp/b; mount -t binfmt_misc none /tmp/b || exit
    echo ":hardened-test:E::hardened-test::/bin/false:" >/tmp/b/register')
  mkdir "$host"
  mount -t binfmt_misc none "$host"
  stock --rm "${attack[@]}"
  equals "$(head -n 1 "$host/hardened-test")" enabled
  echo -1 >"$host/hardened-test"
  both_refuse capabilities "${attack[@]}"
  unlocked "${attack[@]}"
  not test -e "$host/hardened-test"
}

@test "what the kernel counts by user: stock's user 1000 uses up the inotify instances of the host's" {
  local runtime most
  most=$(cat /proc/sys/fs/inotify/max_user_instances)
  [ "$most" -le 1024 ] || skip "fs.inotify.max_user_instances is $most: too many to use up"
  for runtime in runc hardened hardened-compat; do
    # The last call, pause(2), never returns.
    docker run -d --name attacker --runtime="$runtime" --user 1000 "$BOX" \
      sh -c "exec probe call \$(yes '294 0 +' | head -n $((most + 1))) 34" >/dev/null
    wait_for 5 bash -c 'docker logs attacker | grep -q EMFILE'
    run on_host "$HARDENED_WORKLOADS/probe" call 294 0
    docker rm -f attacker >/dev/null
    equals "$runtime $output" "$runtime $([ "$runtime" = runc ] && echo EMFILE || echo ok)"
  done
}

@test "ptrace, and before Docker 25 io_uring_setup: stock's filter lets them through to the kernel" {
  local -a attack=("$BOX" probe call 425 8 0 + 101 0 0 0 0)
  local io_uring=EFAULT
  [ "$(docker version --format '{{.Server.Version}}' | cut -d . -f 1)" -lt 25 ] || io_uring=EPERM
  equals "$(stock --rm "${attack[@]}")" "$io_uring"$'\nok'
  both $'ENOSYS\nEPERM' "${attack[@]}"
}

@test "typing into the terminal (TIOCSTI): stock's kernel takes it, ours is not asked" {
  [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ] || skip "this kernel has no TIOCSTI"
  run on_a_terminal "docker run --rm -t --runtime=runc $BOX probe call 16 0 0x5412 x"
  contains ok
  local runtime
  for runtime in hardened hardened-compat; do
    run on_a_terminal "docker run --rm -t --runtime=$runtime $BOX probe call 16 0 0x5412 x"
    contains EPERM
  done
}

# neighbour ADDRESS MAC: the victim believes that ADDRESS is at MAC.
neighbour() { docker exec victim awk '{ print $1, $4 }' /proc/net/arp | grep -qx "$1 $2"; }

address_of() { docker inspect --format "{{.NetworkSettings.$2}}" "$1"; }

hex_address() {
  # shellcheck disable=SC2046 # four words
  printf %02x $(tr . ' ' <<<"$1")
}

# spoof ADDRESS: the attacker tells the victim, in a frame of its own making, that ADDRESS is at the attacker's.
spoof() {
  local from to frame interface address
  from=$(address_of attacker MacAddress | tr -d :)
  to=$(address_of victim MacAddress | tr -d :)
  frame=$to${from}08060001080006040002$from$(hex_address "$1")$to$(hex_address "$(address_of victim IPAddress)")
  interface=$(printf %02x "$(docker exec attacker cat /sys/class/net/eth0/ifindex)")
  address=11000806${interface}00000001000006${to}0000 # a struct sockaddr_ll
  docker exec attacker probe call 41 17 3 0 + 44 3 "hex:$frame" 42 0 "hex:$address" 20
}

spoofed() { spoof "$1" && neighbour "$1" "$2"; }

@test "ARP spoofing: stock takes over the gateway's address on the bridge, ours gets no socket for it" {
  local runtime gateway
  gateway=$(address_of victim Gateway)
  for runtime in hardened hardened-compat runc; do
    docker run -d --name attacker --runtime="$runtime" "$BOX" sleep 600 >/dev/null
    docker exec victim ping -c 1 -W 2 "$gateway" >/dev/null
    if [ "$runtime" = runc ]; then
      wait_for 10 spoofed "$gateway" "$(address_of attacker MacAddress)"
    else
      run spoof "$gateway"
      equals "$runtime: $output" "$runtime: "$'EAFNOSUPPORT\nEBADF'
    fi
    docker rm -f attacker >/dev/null
  done
}

# abstract NAME: a struct sockaddr_un.
abstract() { printf 'hex:010000%s' "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')"; }

# serving NAME FILE: a service of the host on an abstract socket, which writes down who called.
serving() {
  inside "$HARDENED_WORKLOADS/probe" serve "$1" >"$2" 3>&- &
  wait_for 5 bash -c "nsenter --target $HARDENED_HOLDER --net -- grep -q @$1 /proc/net/unix"
}

@test "abstract sockets of the host's network (CVE-2020-15257): stock calls as root, ours is refused the network" {
  local name=hardened-test
  local -a attack=(--network host "$BOX" probe call 41 1 1 0 + 42 3 "$(abstract $name)" $((3 + ${#name})))
  local called=$BATS_TEST_TMPDIR/called
  serving $name "$called"
  stock_gives $'^ok\nok$' "${attack[@]}"
  wait $!
  equals "$(cat "$called")" 0
  both_refuse host-namespaces "${attack[@]}"
  both $'ok\nECONNREFUSED' "${attack[@]:2}"
}

@test "a working directory in /proc/self/fd (CVE-2024-21626): stock hands it on, ours refuses it" {
  stock_asks '.process.cwd == "/proc/self/fd/7"' -w /proc/self/fd/7 "$BOX" true
  both_refuse process-knobs -w /proc/self/fd/7 "$BOX" pwd
  equals "$(find "/proc/$(pid_of box)/fd" -type l -printf '%f ')" "0 1 2 "
}
