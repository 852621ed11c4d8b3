#!/usr/bin/env bats
# Containers come and go, 20 at a time, and every tenth has its runtime program, its runc or its shim killed in the
# middle: nothing is left behind, and nothing ever runs without a user namespace of its own.
# HARDENED_CYCLES: how many (default 60); a thousand need more than the minutes of a test (HARDENED_PATIENCE=20).

load helpers

AT_ONCE=20
# Hardly more than live at once: only ranges that are taken back make it last.
RANGES=24

setup_file() {
  local killed=$BATS_TEST_DIRNAME/killed
  suite_up "$(jq -n --arg killed "$killed" --arg program "$HARDENED_STAGE/bin/hardened-runtime" '{runtimes: {
    "killed-early": {path: $killed, runtimeArgs: ["6", $program]},
    "killed-late": {path: $killed, runtimeArgs: ["60", $program]}}}')"
  FIRST_ID=$(first_own_id)
  export FIRST_ID
  subordinate_ids "$FIRST_ID" $((RANGES * 65536))
}
teardown_file() { suite_down; }

complain() { printf '%s\n' "$*" >>"$BATS_TEST_TMPDIR/complaints"; }

# owned PID: does the process have users of its own? One that is gone by now has none to share.
owned() {
  local inner outer
  read -r inner outer _ <"/proc/$1/uid_map" || return 0
  [ "$inner" = 0 ] && [ "$outer" -ge "$FIRST_ID" ]
} 2>/dev/null

# A `start` that was killed leaves a container that Docker forgets and its containerd keeps, whatever the runtime; it
# would keep its range as well. Prints why it is not removed.
remove_forgotten() {
  { inside ctr --address /run/docker-test/containerd/containerd.sock --namespace moby tasks rm --force "$1" >/dev/null; } 2>&1 ||
    return 0 # it was not forgotten
}

# cycle NUMBER: an undisturbed one must work at each step; any other must only come to its end.
cycle() {
  local name=churn$1 runtime=hardened victim='' pid id
  if (($1 % 10 == 0)); then
    victim=$(($1 / 10 % 3))
    case $victim in
      0) runtime='killed-early' ;;
      1) runtime='killed-late' ;;
    esac
  fi
  docker create --runtime=$runtime --name "$name" "$BOX" sleep 600 >/dev/null || complain "$name: not created"
  id=$(docker inspect --format '{{.Id}}' "$name")
  docker start "$name" >/dev/null || [ -n "$victim" ] || complain "$name: not started"
  pid=$(docker inspect --format '{{.State.Pid}}' "$name")
  [ "$pid" = 0 ] || owned "$pid" || complain "$name: it shares the host's users"
  docker exec "$name" true || [ -n "$victim" ] || complain "$name: nothing can be executed in it"
  [ "$victim" != 2 ] || pkill -KILL -f -- "-id $id " || complain "$name: it has no shim"
  wait_for 20 docker rm --force "$name" || complain "$name: it cannot be removed"
  [ -z "$victim" ] || printf '%s\n' "$id" >>"$BATS_TEST_TMPDIR/victims"
  [ -z "$victim" ] || remove_forgotten "$id" >&2
} 2>>"$BATS_TEST_TMPDIR/errors"

# worker NUMBER
worker() {
  local number
  for ((number = $1; number < ${HARDENED_CYCLES:-60}; number += AT_ONCE)); do cycle "$number"; done
}

# Processes of the machine whose users are those of a container of ours.
contained() {
  local process outer
  for process in /proc/[0-9]*; do
    read -r _ outer _ 2>/dev/null <"$process/uid_map" || continue
    [ "$outer" -lt "$FIRST_ID" ] || [ "$outer" -ge $((FIRST_ID + RANGES * 65536)) ] ||
      printf '%s %s %s\n' "${process#/proc/}" "$(sed -n 's/.*:pids://p;s/^0:://p' "$process/cgroup" | head -n 1)" \
        "$(grep '^State' "$process/status")"
  done
}

nothing_contained() { [ -z "$(contained)" ]; }

# A busy containerd may have had a victim's task in hand when it was asked to remove it.
nothing_bundled() {
  local id
  while read -r id; do ! grep -qx "$id" "$BATS_TEST_TMPDIR/victims" || remove_forgotten "$id" >&2; done < <(ls "$(bundles)")
  [ -z "$(ls "$(bundles)")" ]
}

# bundled: what is left, whose it was, and why it is not removed.
bundled() {
  local id
  while read -r id; do
    echo "left: $id, killed: $(grep -cx "$id" "$BATS_TEST_TMPDIR/victims"), $(remove_forgotten "$id")"
    docker inspect --format '{{json .State}}' "$id" || true
  done < <(ls "$(bundles)")
}

# Only what is the daemon's or ours: others on the machine mount things as well. The first creates leave two
# for all others.
mounts() {
  inside cut -d' ' -f5 /proc/self/mountinfo | grep -e "^$HARDENED_DAEMON" -e "^$HARDENED_STAGE" -e '^/run' |
    grep -vE '/hardened/ns(/empty-mnt)?$' | sort
}

# The grants below DIRECTORY, by their containers.
granted() { find "$1" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | wc -l; }

@test "churn with processes killed: nothing runs unhardened, nothing is left" {
  local before number grants=$HARDENED_STAGE/run/hardened/grants shard
  local -a workers=()
  before=$(mounts)
  for ((number = 0; number < AT_ONCE; number++)); do
    worker "$number" &
    workers+=($!)
  done
  wait "${workers[@]}"
  not cat "$BATS_TEST_TMPDIR/complaints"
  wait_for 20 nothing_contained || equals "$(contained)" ""
  equals "$(mounts)" "$before"
  wait_for 20 nothing_bundled || { bundled && false; }
  touch "$BATS_TEST_TMPDIR/end"
  # What a container leaves goes with the next create that meets it.
  for ((number = 0; number < AT_ONCE; number++)); do sleeper "after$number"; done
  for shard in $(find "$grants" -mindepth 2 -maxdepth 2 -newer "$BATS_TEST_TMPDIR/end" -printf '%h\n' | sort -u); do
    equals "$(granted "$shard")" "$(find "$shard" -mindepth 1 -maxdepth 1 -newer "$BATS_TEST_TMPDIR/end" | wc -l)"
  done
  remove_containers
  equals "$(mounts)" "$before"
}
