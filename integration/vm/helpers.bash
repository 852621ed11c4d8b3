# What the suites of the whole machine share: its own engines under systemd, and our package in its real places.
# Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output, stderr and status

bats_require_minimum_version 1.5.0

# shellcheck source=integration/lib.bash
source "$BATS_TEST_DIRNAME/../lib.bash"
# shellcheck source=integration/docker/kernel.bash
source "$HARDENED_SOURCE/integration/docker/kernel.bash"
# shellcheck source=integration/docker/images.bash
source "$HARDENED_SOURCE/integration/docker/images.bash"
# shellcheck source=integration/assertions.bash
source "$HARDENED_SOURCE/integration/assertions.bash"
unset DOCKER_HOST

POLICY=/etc/hardened/policy.json
# The first boot leaves it for the second.
LASTING=lasting

stock() { docker run --runtime=runc "$@"; }
# What names no runtime gets ours.
hardened() { docker run "$@"; }

# sleeper NAME [ARGUMENT...]: a hardened container in the background.
sleeper() {
  local name=$1
  shift
  hardened -d --name "$name" "$@" "$BOX" sleep 600 >/dev/null
}

# no_containers: but for the one that lasts.
no_containers() {
  local ids
  mapfile -t ids < <(docker ps -a --format '{{.Names}}' | grep -vx "$LASTING")
  [ "${#ids[@]}" -eq 0 ] || docker rm -f "${ids[@]}" >/dev/null
}

policy() { install -D -m 644 /dev/stdin "$POLICY" <<<"$1"; }
no_policy() { rm -f "$POLICY"; }

id_of() { docker inspect --format '{{.Id}}' "$1"; }
default_runtime() { docker info --format '{{.DefaultRuntime}}'; }

# confinement_of CONTAINER: by the kernel's own account, as "docker-default (enforce)".
confinement_of() { cat "/proc/$(pid_of "$1")/attr/apparmor/current"; }

# is_hardened CONTAINER: what a container has that asks for nothing, in the kernel's files about its first process.
is_hardened() {
  local inner outer count
  no_capability "$1" || return 1
  equals "$(status_of "$1" NoNewPrivs) $(status_of "$1" Seccomp)" "1 2" || return 1
  read -r inner outer count <"/proc/$(pid_of "$1")/uid_map"
  equals "$inner $count" "0 65536" && [ "$outer" -ge 65536 ] &&
    equals "$(confinement_of "$1")" "docker-default (enforce)"
}

# refused_run CONTROL ARGUMENT...: `docker run` fails by that control.
refused_run() {
  run docker run --rm "${@:2}"
  [ "$status" -ne 0 ] || {
    printf 'expected a refusal by %s of: %s\n' "$1" "${*:2}"
    return 1
  }
  matches "hardened: refused by $1: "
}
