#!/usr/bin/env bats
# From a real server under training mode to a profile that fits it: recorded while real clients use it, generated,
# installed, and in force for the same work; what was not recorded is denied.

load helpers
# shellcheck source=integration/docker/services.bash
source "$BATS_TEST_DIRNAME/services.bash"

TRAINED=(nginx redis)
LOGS=$HARDENED_STAGE/var/lib/hardened/training

setup_file() {
  suite_up "$(jq -n --arg train "$HARDENED_STAGE/bin/hardened-train" '{runtimes: {"hardened-train": {path: $train}}}')"
  make_services
  docker network create services >/dev/null
  mkdir "$HARDENED_DAEMON/site"
  echo welcome >"$HARDENED_DAEMON/site/index.html"
  rm -rf "$LOGS" "$HARDENED_STAGE/etc/hardened/profiles.d"
  local service
  # Twice each: the first start of a server makes what the next one finds.
  for service in "${TRAINED[@]}"; do
    lives "$service" hardened-train
    lives "$service" hardened-train
    hardenctl profile generate --image "hardened-test/$service:1" --name "$service" --siblings \
      -o "$HARDENED_DAEMON/$service.json" 2>"$HARDENED_DAEMON/$service.said" || die "cannot make a profile for $service"
    [ "$service" != nginx ] || keeps_configuration
    hardenctl profile install "$HARDENED_DAEMON/$service.json" || die "cannot install the profile of $service"
  done
}
teardown_file() {
  suite_down
  rm -rf "$LOGS" "$HARDENED_STAGE/etc/hardened/profiles.d"
}
setup() {
  policy '{"select": [{"image": "hardened-test/nginx:1", "profile": "nginx"}, {"image": "hardened-test/redis:1", "profile": "redis"}]}'
}
teardown() {
  remove_containers
  policy_reset
}

# The entrypoint of this image writes below /etc: a tmpfs there would hide what else is in it, so the generator asks for
# a decision, which is this one.
keeps_configuration() {
  grep -q 'use a volume, or "rootfs": "ephemeral"' "$HARDENED_DAEMON/nginx.said" || die "$(cat "$HARDENED_DAEMON/nginx.said")"
  sed -i 's/^  "name": "nginx",$/&\n  "rootfs": "ephemeral",/' "$HARDENED_DAEMON/nginx.json"
}

hardenctl() { "$HARDENED_STAGE/bin/hardenctl" "$@"; }

# begin SERVICE RUNTIME: started and healthy.
begin() {
  local -a options=()
  case $1 in
    nginx) options=(-v "$HARDENED_DAEMON/site:/var/www/html:ro") ;;
    redis) options=(-v redis:/data) ;;
  esac
  docker run -d --name "$1" --runtime="$2" --network services "${options[@]}" "hardened-test/$1:1" >/dev/null || return 1
  wait_for 60 healthy "$1" || {
    docker logs --tail 20 "$1"
    return 1
  }
}
healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]; }

address_of() { docker inspect --format '{{.NetworkSettings.Networks.services.IPAddress}}' "$1"; }
page() { inside curl -fsS "http://$(address_of nginx)/"; }
redis_says() { docker exec redis redis-cli "$@"; }

# What clients and an administrator do with each.
use_nginx() {
  for _ in 1 2 3; do equals "$(page)" welcome || return 1; done
  inside curl -sS "http://$(address_of nginx)/nowhere" | grep -q 404 || return 1
  docker kill --signal HUP nginx >/dev/null || return 1
  wait_for 10 page >/dev/null
}
use_redis() {
  equals "$(redis_says set key value)" OK || return 1
  equals "$(redis_says get key)" value || return 1
  redis_says incr count >/dev/null || return 1
  redis_says save >/dev/null || return 1
  docker exec redis redis-cli bgsave >/dev/null || return 1
  wait_for 10 background_save_is_over
}
background_save_is_over() { redis_says info persistence | grep -q '^rdb_bgsave_in_progress:0'; }

# lives SERVICE RUNTIME: its whole life, and how it ended.
lives() {
  begin "$1" "$2" && "use_$1" || return 1
  docker stop --time 20 "$1" >/dev/null
  equals "$(docker inspect --format '{{.State.ExitCode}}' "$1")" 0 || return 1
  docker rm "$1" >/dev/null
}

allowed() { hardenctl profile show "$1" --json | jq .calls.allowed; }

@test "each run left a complete log, with every phase" {
  local log
  equals "$(find "$LOGS" -name '*.jsonl' | wc -l)" 4
  for log in "$LOGS"/*.jsonl; do
    equals "$(jq -c '[.complete, (.phases | sort)]' "$log")" '[true,["exec","serve","start","stop"]]'
  done
}

@test "the profiles allow far fewer calls than Docker's default, and no more than was measured to be enough" {
  local service
  for service in "${TRAINED[@]}"; do
    echo "# $service: $(allowed "$service") calls allowed" >&3
    [ "$(allowed "$service")" -ge 40 ]
    [ "$(allowed "$service")" -le 130 ]
  done
}

@test "under its own profile each server lives its whole life, again and again" {
  for _ in 1 2 3; do
    lives nginx hardened
    lives redis hardened
  done
}

@test "it is the trained profile that is in force" {
  begin redis hardened
  local filter
  filter=$("$HARDENED_WORKLOADS/filter" "$(pid_of redis)" | awk '{ print $3 }')
  echo "redis: the kernel allows $filter calls"
  [ "$filter" -lt 200 ]
  equals "$(hardenctl audit show --json | jq -r 'select(.image == "hardened-test/redis:1") | .profile' | tail -n 1)" redis
}

@test "what was not recorded is denied: another program's calls, a raw socket" {
  begin nginx hardened
  run docker exec nginx python3 -c pass
  [ "$status" -ne 0 ]
  begin redis hardened
  run docker exec redis perl -e 'socket(my $s, 17, 3, 0) or die "denied: $!"'
  [ "$status" -ne 0 ]
  run docker exec redis unshare --user true
  [ "$status" -ne 0 ]
}
