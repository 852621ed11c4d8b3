#!/usr/bin/env bats
# Everything a user of a plain Docker does every day works with --runtime=hardened.

# shellcheck disable=SC2154 # bats sets stderr
load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() { remove_containers; }

@test "run prints what the program prints, and nothing else" {
  run --separate-stderr hardened --rm "$BOX" echo hello
  equals "$status" 0
  equals "$output" hello
  equals "$stderr" ""
}

@test "run hands on the exit status" {
  run hardened --rm "$BOX" sh -c 'exit 42'
  equals "$status" 42
}

@test "run of a missing program says so, with the status stock Docker has for it" {
  # dockerd knows runc's words for it, not crun's. (bats itself takes a plain 127 for a mistake in the test.)
  local expected=127
  [ "$(runtime_kind)" = runc ] || expected=125
  run "-$expected" hardened --rm "$BOX" no-such-program
  contains "not found"
}

@test "run -i reads standard input" {
  run bash -c 'echo through | docker run --runtime=hardened -i --rm "$BOX" cat'
  equals "$output" through
}

@test "run -t gives a terminal" {
  run on_a_terminal "docker run --runtime=hardened -t --rm $BOX tty"
  equals "$status" 0
  contains /dev/
}

@test "exec runs a program in the container, with its output and status" {
  sleeper box
  run docker exec box echo inside
  equals "$output" inside
  run docker exec box sh -c 'exit 7'
  equals "$status" 7
}

@test "exec -t gives a terminal" {
  sleeper box
  run on_a_terminal "docker exec -t box tty"
  equals "$status" 0
  contains /dev/
}

@test "exec -u, -w and -e are honoured" {
  sleeper box
  run docker exec -u 1000 -w /tmp -e GREETING=moin box sh -c 'echo $(id -u) $PWD $GREETING'
  equals "$output" "1000 /tmp moin"
}

@test "logs holds both streams" {
  hardened -d --name box "$BOX" sh -c 'echo out; echo err >&2' >/dev/null
  docker wait box
  run docker logs box
  contains out
  contains err
}

@test "top lists the processes" {
  sleeper box
  run docker top box
  contains "sleep 600"
}

@test "stats knows memory and processes" {
  sleeper box
  run docker stats --no-stream --format '{{.Name}} {{.PIDs}}' box
  equals "$output" "box 1"
}

@test "cp moves files in and out of a volume" {
  sleeper box -v data:/data
  echo content >"$BATS_TEST_TMPDIR/in"
  docker cp "$BATS_TEST_TMPDIR/in" box:/data/file
  run docker exec box cat /data/file
  equals "$output" content
  docker cp box:/etc/passwd "$BATS_TEST_TMPDIR/out"
  grep -q ^user: "$BATS_TEST_TMPDIR/out"
}

@test "pause stops the container's time, unpause starts it" {
  sleeper box
  docker pause box
  equals "$(docker inspect --format '{{.State.Paused}}' box)" true
  docker unpause box
  run docker exec box echo awake
  equals "$output" awake
}

@test "stop, start and restart keep the container" {
  sleeper box
  docker stop -t 0 box
  not running box
  docker start box
  running box
  docker restart -t 0 box
  running box
  no_capability box
}

@test "a container whose root file system forgets restarts as often as it likes" {
  docker run -d --name box --runtime=hardened-compat "$BOX" sleep 600 >/dev/null
  for _ in 1 2 3; do
    docker exec box sh -c '! [ -e /srv-file ] && touch /srv-file'
    docker restart -t 0 box
  done
  docker exec box sh -c '! [ -e /srv-file ]'
}

@test "kill delivers the signal" {
  hardened -d --name box "$BOX" sh -c 'trap "exit 9" USR1; sleep 600 & wait' >/dev/null
  wait_for 5 docker exec box true
  docker kill -s USR1 box
  run docker wait box
  equals "$output" 9
}

@test "update within the limits reaches the kernel" {
  sleeper box
  docker update --memory 100m --memory-swap 100m box
  equals "$(cgroup_of box memory memory.limit_in_bytes)" 104857600
  docker update --pids-limit 50 box
  equals "$(cgroup_of box pids pids.max)" 50
}

@test "a health check becomes healthy" {
  hardened -d --name box hardened-test/box:health >/dev/null
  wait_for 20 bash -c '[ "$(docker inspect --format "{{.State.Health.Status}}" box)" = healthy ]'
}

@test "a named volume is written in one container and read in another" {
  hardened --rm -v shared:/data "$BOX" sh -c 'echo kept >/data/file'
  run hardened --rm -v shared:/data:ro "$BOX" cat /data/file
  equals "$output" kept
  run hardened --rm -v shared:/data:ro "$BOX" sh -c 'echo x >/data/file'
  [ "$status" -ne 0 ]
}

@test "an image's VOLUME is writable" {
  run hardened --rm hardened-test/box:volume sh -c 'echo kept >/data/file && cat /data/file'
  equals "$output" kept
}

@test "two containers talk over a user-defined bridge, by name" {
  docker network create net >/dev/null
  hardened -d --name server --network net "$BOX" sh -c 'while :; do echo answer | nc -l -p 8080; done' >/dev/null
  wait_for 10 bash -c 'docker run --runtime=hardened --rm --network net "$BOX" nc -w 2 server 8080 </dev/null | grep answer'
  docker rm -f server >/dev/null
  docker network rm net
}

@test "a container binds port 80 and is reached on the default bridge" {
  hardened -d --name server "$BOX" sh -c 'while :; do echo answer | nc -l -p 80; done' >/dev/null
  address=$(docker inspect --format '{{.NetworkSettings.IPAddress}}' server)
  export address
  wait_for 10 bash -c 'docker run --runtime=hardened --rm "$BOX" nc -w 2 "$address" 80 </dev/null | grep answer'
}

@test "--network container:X shares X's network" {
  sleeper box
  run hardened --rm --network container:box "$BOX" hostname -i
  equals "$output" "$(docker inspect --format '{{.NetworkSettings.IPAddress}}' box)"
}

@test "--pid container:X of our own container shares X's processes" {
  sleeper box
  run hardened --rm --pid container:box "$BOX" cat /proc/1/comm
  equals "$output" sleep
}

@test "--ipc container:X of our own container shares X's memory" {
  sleeper box --ipc shareable
  docker exec box sh -c 'echo shared >/dev/shm/file'
  run hardened --rm --ipc container:box "$BOX" cat /dev/shm/file
  equals "$output" shared
}

@test "--rm removes the container" {
  hardened --rm --name gone "$BOX" true
  run docker inspect gone
  [ "$status" -ne 0 ]
}

@test "live-restore: containers outlive the daemon and stay manageable" {
  sleeper box
  before=$(pid_of box)
  daemon_stop
  grep -q sleep "/proc/$before/comm"
  daemon_launch
  running box
  equals "$(pid_of box)" "$before"
  run docker exec box echo back
  equals "$output" back
  docker stop -t 0 box
  not running box
}

@test "labels, as docker compose sets them, are kept" {
  sleeper box --label com.docker.compose.project=shop --label com.docker.compose.service=web
  run docker ps --filter label=com.docker.compose.project=shop --format '{{.Names}} {{.Label "com.docker.compose.service"}}'
  equals "$output" "box web"
}

@test "--init reaps" {
  run hardened --rm --init "$BOX" cat /proc/1/comm
  matches 'docker-init|tini'
}

@test "--read-only and --tmpfs are honoured" {
  run hardened --rm --read-only --tmpfs /scratch:size=1m "$BOX" sh -c 'echo x >/scratch/file && cat /scratch/file; ! touch /etc/x'
  equals "$status" 0
  contains x
}

@test "an image with a non-root USER runs as that user and can write to /tmp" {
  run hardened --rm hardened-test/box:user sh -c 'id -u; echo fine >/tmp/file && cat /tmp/file'
  equals "$output" "1000
fine"
}

@test "--user, --workdir, --hostname and --env are honoured" {
  run hardened --rm --user 1000:1000 --workdir /tmp --hostname here --env A=b "$BOX" sh -c 'echo $(id -u):$(id -g) $PWD $(hostname) $A'
  equals "$output" "1000:1000 /tmp here b"
}

@test "limits that the user sets below the profile's are kept" {
  sleeper box --memory 64m --pids-limit 20 --cpus 0.5
  equals "$(cgroup_of box memory memory.limit_in_bytes)" 67108864
  equals "$(cgroup_of box pids pids.max)" 20
  equals "$(($(cgroup_of box cpu cpu.cfs_quota_us) * 2))" "$(cgroup_of box cpu cpu.cfs_period_us)"
}

@test "twelve containers start at the same time" {
  local i
  local -a starting=()
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    sleeper "many$i" &
    starting+=($!)
  done
  wait "${starting[@]}"
  equals "$(docker ps -q | wc -l)" 12
}
