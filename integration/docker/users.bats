#!/usr/bin/env bats
# Every container has a user namespace of its own: its root is nobody on the host, and nobody in another container.

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() {
  remove_containers
  subordinate_ids
  docker volume prune -f >/dev/null
}

@test "root in a container is an unprivileged id on the host, and stock Docker's is root" {
  sleeper box
  docker run -d --name stock --runtime=runc "$BOX" sleep 600 >/dev/null
  equals "$(awk '/^Uid:/ { print $2 }' "/proc/$(pid_of stock)/status")" 0
  equals "$(awk '/^Uid:/ { print $2 }' "/proc/$(pid_of box)/status")" "$(host_id box)"
  [ "$(host_id box)" -ge 65536 ]
  equals "$(awk '{ print $1, $3 }' "/proc/$(pid_of box)/uid_map")" "0 65536"
  equals "$(cat "/proc/$(pid_of box)/uid_map")" "$(cat "/proc/$(pid_of box)/gid_map")"
  equals "$(docker exec box id -u)" 0
}

@test "two containers of one image have different ids, aligned to 65536" {
  sleeper one
  sleeper two
  [ "$(host_id one)" -ne "$(host_id two)" ]
  equals $(($(host_id one) % 65536)) 0
}

@test "files of the image belong to whom the image says" {
  sleeper box
  equals "$(docker exec box stat -c '%u %g %a' / /etc/passwd /home/user /tmp | tr '\n' ' ')" \
    "$(docker run --rm --runtime=runc "$BOX" stat -c '%u %g %a' / /etc/passwd /home/user | tr '\n' ' ')0 0 1777 "
}

@test "a named volume is read and written with the ids a user expects, before and after a restart" {
  docker run -d --name box --runtime=hardened -v data:/data "$BOX" sleep 600 >/dev/null
  docker exec box sh -c 'echo root >/data/root'
  local volume
  volume=$(docker volume inspect --format '{{.Mountpoint}}' data)
  equals "$(stat -c '%u %g' "$volume/root")" "0 0"
  docker restart -t 0 box
  equals "$(docker exec box cat /data/root)" root
  equals "$(docker exec box stat -c '%u %g' /data/root)" "0 0"
  # Another container, with other ids, sees the same.
  equals "$(hardened --rm -v data:/data "$BOX" stat -c '%u' /data/root)" 0
}

@test "a host directory is read and written with the ids it has on the host" {
  local directory=$HARDENED_DAEMON/shared
  mkdir -p "$directory"
  chown 1000:1000 "$directory"
  hardened --rm -u 1000 -v "$directory:/shared" "$BOX" sh -c 'echo mine >/shared/file'
  equals "$(stat -c '%u %g' "$directory/file")" "1000 1000"
  equals "$(hardened --rm -v "$directory:/shared:ro" "$BOX" cat /shared/file)" mine
}

@test "an entrypoint may write to /dev/stdout and /dev/stderr" {
  run hardened --rm "$BOX" sh -c 'echo out >/dev/stdout; echo err >/dev/stderr'
  equals "$status" 0
  contains out
  contains err
  sleeper box
  run docker exec box sh -c 'echo again >/dev/stdout'
  equals "$output" again
}

@test "port 80 is bound without a capability, and ping works by its group range" {
  sleeper box
  no_capability box
  docker exec -d box nc -l -p 80
  wait_for 5 docker exec box sh -c 'netstat -ltn | grep -q ":80 "'
  equals "$(docker exec box cat /proc/sys/net/ipv4/ping_group_range | tr '\t' ' ')" "0 65535"
}

@test "--network, --ipc and --pid container:X join X's users as well" {
  sleeper box
  docker run -d --name peer --runtime=hardened --network container:box --pid container:box "$BOX" sleep 601 >/dev/null
  equals "$(host_id peer)" "$(host_id box)"
  docker exec peer sh -c 'kill -0 1'
}

# The host's root owns the user namespaces of both: it would have every capability in them.
@test "who joins two containers with different users is refused, by either profile" {
  sleeper one
  sleeper two
  refused user-namespace --network container:one --pid container:two "$BOX" true
  run docker run --rm --runtime=hardened-compat --network container:one --pid container:two "$BOX" true
  [ "$status" -ne 0 ]
  contains "hardened: refused by user-namespace: it joins a container that has users of its own"
}

@test "ids stay taken as long as a container that joined their first holder lives" {
  subordinate_ids "$(first_own_id)" 131072
  sleeper first
  sleeper joined --network container:first
  docker rm -f first
  sleeper next
  run hardened --rm "$BOX" true
  subordinate_ids
  [ "$status" -ne 0 ]
  contains "cannot find 65536 free host ids"
  not equals "$(host_id next)" "$(host_id joined)"
}

@test "a living container's ids are nobody else's, though the pool is another one or the state is emptied" {
  local first lost state=$HARDENED_STAGE/run/hardened
  first=$(first_own_id)
  subordinate_ids $((first + 65536)) 131072
  sleeper one
  equals "$(host_id one)" $((first + 65536))
  subordinate_ids "$first" 131072
  sleeper two
  equals "$(host_id two)" "$first"
  for lost in ids ids/next grants; do
    inside rm -rf "$state/$lost"
    run hardened --rm "$BOX" true
    [ "$status" -ne 0 ]
    contains "cannot find 65536 free host ids"
  done
  docker rm -f two
  sleeper three
  equals "$(host_id three)" "$first"
}

@test "one container's root cannot open, signal or trace what is another's" {
  sleeper one
  sleeper two
  # By the host's numbers: what the kernel compares when a path or a process of another container is at hand.
  local root
  root=$(host_id one)
  setpriv --reuid "$root" --regid "$root" --clear-groups kill -0 "$(pid_of one)"
  run setpriv --reuid "$root" --regid "$root" --clear-groups kill -0 "$(pid_of two)"
  [ "$status" -ne 0 ]
  run setpriv --reuid "$root" --regid "$root" --clear-groups ls "/proc/$(pid_of two)/root/"
  [ "$status" -ne 0 ]
}

@test "what compat writes to its root is gone at exit, and belongs to whom it was given" {
  docker run -d --name box --runtime=hardened-compat "$BOX" sleep 600 >/dev/null
  docker exec box sh -c 'echo x >/srv-file && chown 1000:1000 /srv-file'
  equals "$(docker exec box stat -c '%u %g' /srv-file)" "1000 1000"
  docker restart -t 0 box
  run docker exec box cat /srv-file
  [ "$status" -ne 0 ]
}

@test "a persistent root: what root writes is root's in Docker's own layer, and diff, commit and cp see it" {
  profile writable '{"rootfs": "persistent"}'
  policy '{"select": [{"label": "org.hardened.profile", "allow": ["writable"]}]}'
  docker run -d --name box --runtime=hardened --label org.hardened.profile=writable "$BOX" sleep 600 >/dev/null
  docker exec box sh -c 'echo kept >/kept; mkdir /dir; chmod 700 /dir'
  run docker diff box
  contains "A /kept"
  # A Docker with the fix of CVE-2026-41568 opens for writing what it mounts over before it copies.
  run docker cp box:/kept "$BATS_TEST_TMPDIR/kept"
  [ "$status" -eq 0 ] || contains "read-only file system"
  docker stop -t 0 box
  docker cp box:/kept "$BATS_TEST_TMPDIR/kept"
  equals "$(cat "$BATS_TEST_TMPDIR/kept")" kept
  docker start box
  docker commit box hardened-test/kept:1 >/dev/null
  equals "$(docker run --rm --runtime=runc hardened-test/kept:1 stat -c '%u %a' /dir)" "0 700"
  docker restart -t 0 box
  equals "$(docker exec box cat /kept)" kept
  docker rmi -f hardened-test/kept:1 >/dev/null
}

@test "a user beyond the container's ids is refused by name" {
  run hardened --rm -u 70000 "$BOX" true
  [ "$status" -ne 0 ]
  contains "refused by user-namespace: id 70000 is not among the container's 65536 ids"
  run hardened --rm --tmpfs /x:uid=70000 "$BOX" true
  [ "$status" -ne 0 ]
  contains "refused by user-namespace: id 70000 is not among the container's 65536 ids"
}

@test "who joins a container with the host's users is told that, whatever the runtime's version" {
  profile hosts '{"user_namespace": {"mode": "host"}}'
  policy '{"select": [{"label": "org.hardened.profile", "allow": ["hosts"]}]}'
  sleeper peer --label org.hardened.profile=hosts
  run hardened --rm --network container:peer "$BOX" true
  [ "$status" -ne 0 ]
  contains "it joins a network namespace that belongs to the host's users"
}

# watching_runtime: the path of a low-level runtime that keeps the mount table it was called with by the last create.
watching_runtime() {
  local directory=$HARDENED_DAEMON/watching
  mkdir -p "$directory"
  cat >"$directory/runc" <<END
#!/bin/bash
[[ " \$* " != *" create "* ]] || cat /proc/self/mountinfo >"$directory/mounts"
exec "$(low_level_runtime)" "\$@"
END
  chmod +x "$directory/runc"
  printf '%s\n' "$directory/runc"
}

@test "the low-level runtime sees no mounts of other containers, however many there are" {
  local runtime number seen
  runtime=$(watching_runtime)
  seen=${runtime%/*}/mounts
  policy "$(jq -n --arg runtime "$runtime" '{runtimes: [$runtime]}')"
  for number in 1 2 3; do sleeper "other$number"; done
  # Where a kernel cannot pin the first one (see rootfs/empty_namespace.h), a later one will be.
  while ! inside mountpoint -q "$HARDENED_STAGE/run/hardened/ns/empty-mnt" && ((number < 30)); do
    sleeper "other$((++number))"
  done
  sleeper box
  run inside grep -c '/merged .* overlay ' /proc/self/mountinfo
  [ "$output" -gt 3 ]
  equals "$(grep -c -e '/merged .* overlay ' -e '/mounts/shm ' -e ' nsfs ' "$seen")" 0
  # All else is there, and the container has what it should have.
  for place in / /proc /sys /dev /run; do grep -q " $place " "$seen"; done
  [ "$(host_id box)" -ge 65536 ]
  policy_reset
}
