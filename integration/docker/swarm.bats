#!/usr/bin/env bats
# Docker Swarm: a service cannot name a runtime, so its tasks are hardened where "hardened" is the default one. One node,
# on the loopback interface of its own network namespace.

load helpers

setup_file() {
  # Swarm mode and live-restore exclude each other.
  suite_up '{"default-runtime": "hardened", "live-restore": false}'
  docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377 >/dev/null
}

teardown_file() { suite_down; }

teardown() {
  local services
  mapfile -t services < <(docker service ls -q)
  [ "${#services[@]}" -eq 0 ] || docker service rm "${services[@]}" >/dev/null
}

# service NAME ARGUMENT...: waits until its tasks run and stay.
service() {
  local name=$1
  shift
  docker service create --quiet --detach=false --no-resolve-image --stop-grace-period 1s --name "$name" \
    --update-monitor 1s "$@" >/dev/null
}

# tasks SERVICE: the running containers of a service.
tasks() { docker ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$1"; }

@test "each of three replicas has users of its own, no capability, a filter and limits" {
  service web --replicas 3 "$BOX" sleep 600
  local task
  local -a firsts=()
  for task in $(tasks web); do
    equals "$(docker inspect --format '{{.HostConfig.Runtime}}' "$task")" hardened
    no_capability "$task"
    equals "$(status_of "$task" NoNewPrivs)" 1
    equals "$(status_of "$task" Seccomp)" 2
    run docker exec "$task" touch /written
    contains "Read-only file system"
    firsts+=("$(docker exec "$task" awk '{print $2}' /proc/self/uid_map)")
  done
  equals "${#firsts[@]}" 3
  equals "$(printf '%s\n' "${firsts[@]}" | sort -u | wc -l)" 3
  not grep -qx 0 <(printf '%s\n' "${firsts[@]}")
}

@test "a rolling update replaces every task, and the new ones are hardened" {
  service web --replicas 3 --update-parallelism 1 --health-cmd true --health-interval 1s "$BOX" sleep 600
  local before task
  before=$(tasks web)
  docker service update --quiet --detach=false --env-add VERSION=2 web >/dev/null
  equals "$(tasks web | wc -l)" 3
  not grep -qFf <(printf '%s\n' "$before") <(tasks web)
  for task in $(tasks web); do
    equals "$(docker exec "$task" sh -c 'echo $VERSION')" 2
    no_capability "$task"
  done
}

@test "an update beyond the policy stops at its first task, with the reason; the others go on serving" {
  service web --replicas 2 --update-parallelism 1 "$BOX" sleep 600
  run docker service update --detach=false --cap-add SYS_ADMIN web
  contains "update paused"
  run docker service ps --no-trunc --format '{{.Error}}' web
  contains "hardened: refused by capabilities: the capability CAP_SYS_ADMIN is not in profile"
  docker service rollback --quiet --detach=false web >/dev/null
  equals "$(tasks web | wc -l)" 2
  for task in $(tasks web); do no_capability "$task"; done
}

@test "secrets, configs and a published port work" {
  printf 'hush' | docker secret create hush - >/dev/null
  printf 'plain' | docker config create plain - >/dev/null
  # Published by the host and not by the routing mesh, which needs IPVS in the kernel.
  service keeper --secret hush --config plain --publish mode=host,published=8088,target=80 --user 1000 "$BOX" \
    httpd -f -p 80 -h /run/secrets
  local task
  task=$(tasks keeper)
  equals "$(docker exec "$task" cat /run/secrets/hush /plain)" hushplain
  wait_for 10 inside curl --silent --fail http://127.0.0.1:8088/hush
  equals "$(inside curl --silent http://127.0.0.1:8088/hush)" hush
}
