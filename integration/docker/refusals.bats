#!/usr/bin/env bats
# What a user may ask of stock Docker and gets there, and what becomes of it here: refused with the control's name, or
# contained as the kernel's own files show. Each test first lets stock Docker do it, so that it cannot pass by accident.

load helpers

setup_file() {
  suite_up
  mkdir "$HARDENED_DAEMON/links"
  ln -s /run/docker.sock "$HARDENED_DAEMON/links/innocent"
  ln -s /etc "$HARDENED_DAEMON/links/settings"
}
teardown_file() { suite_down; }
teardown() { remove_containers; }

@test "--privileged" {
  if host_has_sys_resource; then
    stock_gives '0000003fffffffff|000001ffffffffff' --privileged "$BOX" grep CapEff /proc/self/status
  else
    stock_asks '.process.capabilities.bounding | index("CAP_SYS_ADMIN")' --privileged "$BOX" true
  fi
  refused '[a-z-]+' --privileged "$BOX" true
}

@test "--cap-add SYS_ADMIN" {
  stock_gives 00000000a82425fb --cap-add SYS_ADMIN "$BOX" grep CapEff /proc/self/status
  refused capabilities --cap-add SYS_ADMIN "$BOX" true
  contains CAP_SYS_ADMIN
}

@test "--cap-add ALL" {
  stock_asks '.process.capabilities.bounding | index("CAP_SYS_MODULE")' --cap-add ALL "$BOX" true
  refused capabilities --cap-add ALL "$BOX" true
}

@test "--cap-add NET_ADMIN also for a user other than root" {
  stock_gives 00000000a80435fb --user 1000 --cap-add NET_ADMIN "$BOX" grep CapBnd /proc/self/status
  refused capabilities --user 1000 --cap-add NET_ADMIN "$BOX" true
}

# shares KIND ARGUMENT...: stock Docker gives the container the host's namespace of this kind.
shares() {
  local host
  host=$(readlink "/proc/$HARDENED_HOLDER/ns/$1")
  stock_gives "${host//[\[\]]/.}" "${@:2}" "$BOX" readlink "/proc/self/ns/$1"
}

@test "--pid host" {
  shares pid --pid host
  refused host-namespaces --pid host "$BOX" true
}

@test "--network host" {
  shares net --network host
  refused host-namespaces --network host "$BOX" true
}

@test "--ipc host" {
  shares ipc --ipc host
  refused host-namespaces --ipc host "$BOX" true
}

@test "--uts host: refused, or the container gets its own" {
  shares uts --uts host
  run hardened --rm --uts host "$BOX" readlink /proc/self/ns/uts
  if [ "$status" -eq 0 ]; then
    [ "$output" != "$(readlink "/proc/$HARDENED_HOLDER/ns/uts")" ]
  else
    matches 'hardened: refused by host-namespaces: '
  fi
}

@test "--pid container:X of a container that runc started without us" {
  stock -d --name other "$BOX" sleep 600
  stock_gives sleep --pid container:other "$BOX" cat /proc/1/comm
  refused host-namespaces --pid container:other "$BOX" true
}

# bound SOURCE [OPTION]: stock Docker mounts it, hardened refuses it, read-only or not.
bound() {
  local source=$1 option
  for option in '' :ro; do
    stock_gives . -v "$source:/h$option" "$BOX" ls -d /h
    refused 'engine-sockets|sensitive-mounts|bind-sources|system-mounts' -v "$source:/h$option" "$BOX" true
  done
}

@test "docker.sock" {
  stock_gives '^s' -v /var/run/docker.sock:/h "$BOX" ls -l /h
  refused engine-sockets -v /var/run/docker.sock:/h "$BOX" true
  refused engine-sockets -v /run/docker.sock:/var/run/docker.sock:ro "$BOX" true
}

@test "docker.sock by --mount" {
  refused engine-sockets --mount type=bind,source=/run/docker.sock,target=/h "$BOX" true
}

@test "docker.sock through a symbolic link" {
  stock_gives '^s' -v "$HARDENED_DAEMON/links/innocent:/h" "$BOX" ls -l /h
  refused engine-sockets -v "$HARDENED_DAEMON/links/innocent:/h" "$BOX" true
}

@test "the directory of docker.sock" {
  stock_gives '^s' -v /run:/h "$BOX" ls -l /h/docker.sock
  refused 'engine-sockets|sensitive-mounts' -v /run:/h "$BOX" true
  refused 'engine-sockets|sensitive-mounts' -v /var/run:/h:ro "$BOX" true
}

@test "docker.sock under another name, by a bind mount on the host" {
  inside touch "$HARDENED_DAEMON/links/elsewhere"
  inside mount --bind /run/docker.sock "$HARDENED_DAEMON/links/elsewhere"
  stock_gives '^s' -v "$HARDENED_DAEMON/links/elsewhere:/h" "$BOX" ls -l /h
  refused engine-sockets -v "$HARDENED_DAEMON/links/elsewhere:/h" "$BOX" true
  inside umount "$HARDENED_DAEMON/links/elsewhere"
}

@test "any other socket of the host" {
  refused engine-sockets -v "$HARDENED_DAEMON/docker.sock:/h" "$BOX" true
}

@test "a bind of /" { bound /; }
@test "a bind of /etc" { bound /etc; }
@test "a bind of /etc through a symbolic link" { bound "$HARDENED_DAEMON/links/settings"; }
@test "a bind of /proc" { bound /proc; }
@test "a bind of /sys" { bound /sys; }
@test "a bind of /dev" { bound /dev; }
@test "a bind of /root" { bound /root; }
@test "a bind of /usr" { bound /usr; }
@test "a bind of /var/lib" { bound /var/lib; }
@test "a bind of the engine's data root" { bound "$HARDENED_DAEMON/root"; }

# volume_of TYPE [OPTIONS]: a --mount flag for a volume that the engine makes by mounting a file system of that type.
volume_of() {
  echo "type=volume,target=/h,volume-opt=type=$1,volume-opt=device=$1${2:+,volume-opt=o=$2}"
}

@test "a volume that is a /proc of its own" {
  stock_gives core_pattern --mount "$(volume_of proc)" "$BOX" ls /h/sys/kernel
  refused sensitive-mounts --mount "$(volume_of proc)" "$BOX" true
}

@test "a volume that shows /etc through an overlay" {
  local layers="lowerdir=/etc:$HARDENED_DAEMON/links"
  stock_gives shadow --mount "$(volume_of overlay "$layers")" "$BOX" ls /h
  refused sensitive-mounts --mount "$(volume_of overlay "$layers")" "$BOX" true
}

@test "/etc and /proc mounted below an ordinary directory" {
  inside mkdir -p "$HARDENED_DAEMON/chroot/etc" "$HARDENED_DAEMON/chroot/proc"
  inside mount --bind /etc "$HARDENED_DAEMON/chroot/etc"
  stock_gives shadow -v "$HARDENED_DAEMON/chroot:/h" "$BOX" ls /h/etc
  refused sensitive-mounts -v "$HARDENED_DAEMON/chroot:/h" "$BOX" true
  inside umount "$HARDENED_DAEMON/chroot/etc"
  inside mount -t proc proc "$HARDENED_DAEMON/chroot/proc"
  refused sensitive-mounts -v "$HARDENED_DAEMON/chroot:/h" "$BOX" true
  inside umount "$HARDENED_DAEMON/chroot/proc"
  hardened --rm -v "$HARDENED_DAEMON/chroot:/h" "$BOX" ls /h
}

@test "a bind of an ordinary directory is allowed" {
  mkdir -p "$HARDENED_DAEMON/content"
  echo page >"$HARDENED_DAEMON/content/index"
  run hardened --rm -v "$HARDENED_DAEMON/content:/www:ro" "$BOX" cat /www/index
  equals "$output" page
}

@test "shared propagation" {
  inside mkdir -p "$HARDENED_DAEMON/shared"
  inside mount -t tmpfs --make-shared shared "$HARDENED_DAEMON/shared"
  stock_gives shared: -v "$HARDENED_DAEMON/shared:/h:rshared" "$BOX" grep ' /h ' /proc/self/mountinfo
  run hardened --rm -v "$HARDENED_DAEMON/shared:/h:rshared" "$BOX" grep ' /h ' /proc/self/mountinfo
  if [ "$status" -eq 0 ]; then
    [[ $output != *shared:* ]]
  else
    matches 'hardened: refused by propagation: '
  fi
  inside umount "$HARDENED_DAEMON/shared"
}

@test "--security-opt seccomp=unconfined" {
  stock_gives $'Seccomp:\t0' --security-opt seccomp=unconfined "$BOX" grep ^Seccomp: /proc/self/status
  never seccomp --security-opt seccomp=unconfined -- grep -q $'^Seccomp:\t0' /proc/self/status
}

@test "a seccomp profile that allows everything does not widen ours" {
  echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$BATS_TEST_TMPDIR/all.json"
  # AppArmor, where the host has it, keeps this call from stock containers as well.
  stock_gives ok --security-opt apparmor=unconfined --security-opt "seccomp=$BATS_TEST_TMPDIR/all.json" "$BOX" \
    probe call 272 0x10000000
  never seccomp --security-opt "seccomp=$BATS_TEST_TMPDIR/all.json" -- probe call 272 0x10000000
}

@test "--security-opt systempaths=unconfined" {
  local shown='head -c 8 /proc/timer_list | wc -c'
  stock_gives 8 --security-opt systempaths=unconfined "$BOX" sh -c "$shown"
  never masked-paths --security-opt systempaths=unconfined -- sh -c "[ \$($shown) != 0 ]"
  never masked-paths --security-opt systempaths=unconfined -- sh -c 'echo core >/proc/sys/kernel/core_pattern'
}

@test "--security-opt no-new-privileges=false" {
  stock_gives '^0$' --security-opt no-new-privileges=false --user 1000 "$BOX" suid-probe euid
  run hardened --rm --security-opt no-new-privileges=false --user 1000 "$BOX" suid-probe euid
  equals "$output" 1000
}

@test "--security-opt apparmor=unconfined" {
  grep -qx Y /sys/module/apparmor/parameters/enabled 2>/dev/null || skip "this kernel has no AppArmor"
  stock_gives '^unconfined' --security-opt apparmor=unconfined "$BOX" cat /proc/self/attr/current
  never apparmor --security-opt apparmor=unconfined -- grep -q ^unconfined /proc/self/attr/current
}

@test "a device that the profile names is given, and no other one under its name" {
  profile box '{"extends": "strict", "devices": ["/dev/fuse"]}'
  policy '{"default_profile": "box"}'
  [ -c /dev/fuse ] || skip "this host has no /dev/fuse"
  run hardened --rm --device /dev/fuse "$BOX" stat -c '%F %t:%T' /dev/fuse
  equals "$output" "$(stat -c '%F %t:%T' /dev/fuse)"
  refused devices --device /dev/kmsg:/dev/fuse "$BOX" true
  refused devices --device /dev/kmsg "$BOX" true
  policy_reset
}

@test "--device" {
  stock_gives '^c' --device /dev/kmsg "$BOX" ls -l /dev/kmsg
  refused devices --device /dev/kmsg "$BOX" true
}

@test "--device-cgroup-rule" {
  # 10:237 is /dev/loop-control
  stock_gives ok --device-cgroup-rule 'c 10:237 rwm' "$BOX" sh -c 'mknod /tmp/k c 10 237 && head -c 0 /tmp/k && echo ok'
  refused devices --device-cgroup-rule 'c 10:237 rwm' "$BOX" true
  refused devices --device-cgroup-rule 'a *:* rwm' "$BOX" true
}

@test "--sysctl net.ipv4.ip_forward" {
  stock_gives '^1$' --sysctl net.ipv4.ip_forward=1 "$BOX" cat /proc/sys/net/ipv4/ip_forward
  refused sysctls --sysctl net.ipv4.ip_forward=1 "$BOX" true
}

@test "--sysctl kernel.shmmax" {
  stock_gives '^123456$' --sysctl kernel.shmmax=123456 "$BOX" cat /proc/sys/kernel/shmmax
  refused sysctls --sysctl kernel.shmmax=123456 "$BOX" true
}

@test "a sysctl of the safe list is allowed" {
  run hardened --rm --sysctl net.ipv4.tcp_syncookies=1 "$BOX" cat /proc/sys/net/ipv4/tcp_syncookies
  equals "$output" 1
}

@test "--ulimit core=-1" {
  stock_gives unlimited --ulimit core=-1 "$BOX" sh -c 'ulimit -c'
  never rlimits --ulimit core=-1 -- sh -c '[ "$(ulimit -c)" = unlimited ]'
}

@test "--group-add of the host's docker or disk group" {
  local gid
  gid=$(getent group disk | cut -d: -f3)
  stock_gives "(^|[^0-9])$gid" --group-add "$gid" "$BOX" id -G
  never additional-groups --group-add "$gid" -- sh -c "id -G | grep -qw $gid"
}

@test "plain exec has the container's rights, not Docker's default ones" {
  stock -d --name free "$BOX" sleep 600
  run docker exec free grep CapEff /proc/self/status
  contains 00000000a80425fb
  sleeper held
  run docker exec held cat /proc/self/status
  equals "$status" 0
  contains $'CapEff:\t0000000000000000'
  contains $'CapBnd:\t0000000000000000'
  contains $'NoNewPrivs:\t1'
  contains $'Seccomp:\t2'
}

# A privileged exec in stock Docker hands over every capability; where the machine itself lacks one, it fails there.
@test "exec --privileged" {
  if host_has_sys_resource; then
    stock -d --name free "$BOX" sleep 600
    run docker exec --privileged free grep CapEff /proc/self/status
    matches '0000003fffffffff|000001ffffffffff'
  fi
  sleeper held
  run docker exec --privileged held grep CapEff /proc/self/status
  if [ "$status" -eq 0 ]; then
    contains $'CapEff:\t0000000000000000'
  else
    matches 'hardened: refused by capabilities: '
  fi
}

@test "exec -u 0 in a container of another user stays without rights" {
  hardened -d --name held hardened-test/box:user >/dev/null
  run docker exec -u 0 held grep CapEff /proc/self/status
  if [ "$status" -eq 0 ]; then
    contains $'CapEff:\t0000000000000000'
  else
    contains 'hardened: refused by '
  fi
}

grants() { find "$HARDENED_STAGE/run/hardened" -name grant.json 2>/dev/null | sort; }

@test "a refused container leaves nothing behind" {
  local before
  before=$(grants)
  refused capabilities --name ghost --cap-add SYS_ADMIN "$BOX" true
  run docker inspect ghost
  [ "$status" -ne 0 ]
  equals "$(comm -13 <(printf '%s\n' "$before") <(grants))" ""
}

# image_with LINK TARGET: the box with a symbolic link of its author's.
image_with() {
  local root=$BATS_TEST_TMPDIR/link
  mkdir -p "$root/$(dirname "$1")"
  ln -s "$2" "$root/$1"
  docker export "$(docker create "$BOX" true)" >"$root.tar"
  tar -C "$root" -rf "$root.tar" "./${1#/}"
  docker import "$root.tar" hardened-test/link:1 >/dev/null
}

@test "a volume that a link in the image turns into /dev" {
  image_with /d /dev
  stock_gives "" --rm -v links:/d hardened-test/link:1 true
  refused system-mounts --rm -v links:/d hardened-test/link:1 true
  docker rmi -f hardened-test/link:1 >/dev/null
}

@test "a volume below /dev" {
  stock_gives fine --rm -v terminals:/dev/pts "$BOX" sh -c 'grep -q " /dev/pts .* devpts " /proc/self/mounts || echo fine'
  refused system-mounts --rm -v terminals:/dev/pts "$BOX" true
  refused system-mounts --rm -v terminals:/dev/stdin "$BOX" true
  hardened --rm -v terminals:/dev/shm "$BOX" true
  docker volume rm terminals >/dev/null
}

@test "a volume below a volume, through a link in the outer one" {
  docker run --rm --runtime=runc -v outer:/w "$BOX" ln -s /dev /w/inner
  refused mount-destinations --rm -v outer:/w -v links:/w/inner "$BOX" true
}

@test "a link in the image to a harmless place is followed, and the mount lies there" {
  image_with /var/link /srv
  run hardened --rm -v links:/var/link hardened-test/link:1 sh -c 'grep -c " /srv " /proc/self/mountinfo'
  equals "$output" 1
  docker rmi -f hardened-test/link:1 >/dev/null
}

@test "a waiver does not follow a link that somebody else may turn" {
  local home=$HARDENED_DAEMON/home
  mkdir -p "$home"
  chown 1000 "$home"
  ln -s /etc "$home/link"
  policy "{\"waivers\": [{\"control\": \"sensitive-mounts\", \"allow\": [\"$home/*\"], \"reason\": \"test\"}]}"
  refused sensitive-mounts --rm -v "$home/link:/x:ro" "$BOX" true
  rm -rf "$home"
}

@test "a group of the host's distribution as the primary one" {
  stock_gives 42 --rm -u 1000:42 "$BOX" id -g
  refused additional-groups --rm -u 1000:42 "$BOX" id -g
}

@test "a volume that is the engine's own directory, or one in it" {
  local root place
  root=$(docker info --format '{{.DockerRootDir}}')
  for place in "$root" "$root/overlay2" "$root/volumes"; do
    docker volume create -d local -o type=none -o o=bind -o device="$place" engines >/dev/null
    stock --rm -v engines:/x "$BOX" test -n "$(ls "$place")"
    refused sensitive-mounts --rm -v engines:/x "$BOX" true
    contains "where the engine keeps every container"
    docker volume rm engines >/dev/null
  done
}

@test "a volume that is memory beyond the profile's tmpfs" {
  docker volume create -d local -o type=tmpfs -o device=tmpfs -o o=size=20g big >/dev/null
  refused tmpfs-size --rm -v big:/big "$BOX" true
  docker volume rm big >/dev/null
}
