#!/usr/bin/env bats
# Where a private user namespace cannot be had, or not all of it, strict refuses and says how to mend it; what may go on
# without by its profile goes on, and its audit record tells. The feature is really taken away.

load helpers

setup_file() {
  suite_up
  export SUITE_DAEMON=$HARDENED_DAEMON
}
teardown_file() { suite_down; }
teardown() {
  remove_containers
  mended
  # A test may have a daemon of its own.
  [ "$HARDENED_DAEMON" = "$SUITE_DAEMON" ] || daemon_down
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
  policy_reset
}

# another_daemon DAEMON_JSON [PREPARE]: in this test, what follows is for a daemon of its own.
another_daemon() {
  daemon_up "$@"
  make_images
}

# selectable PROFILE JSON...: containers with that label get it.
selectable() {
  local names='[]'
  while [ $# -gt 0 ]; do
    profile "$1" "$2"
    names=$(jq -c --arg name "$1" '. + [$name]' <<<"$names")
    shift 2
  done
  policy "{\"select\": [{\"label\": \"org.hardened.profile\", \"allow\": $names},
    {\"program\": \"hardened-compat\", \"profile\": \"compat\"}]}"
}

# with PROFILE ARGUMENT...
with() { hardened --label "org.hardened.profile=$1" "${@:2}"; }

compat() { docker run --runtime=hardened-compat "$@"; }

# recorded FILTER: the last audit record satisfies a jq filter.
recorded() { tail -n 1 "$HARDENED_STAGE/var/log/hardened/audit.jsonl" | jq -e "$1" >/dev/null; }

# lacks_users REASON: strict refuses for that reason; who may goes on with the daemon's users, and its record says why.
lacks_users() {
  stock --rm "$BOX" true || return
  refused user-namespace "$BOX" true || return
  contains "no user namespace of its own: $1" || return
  contains "mend that, or set \"unavailable\" to \"host\" in \"user_namespace\" of the profile" || return
  recorded ".verdict == \"refused\" and (.message | contains(\"$1\"))" || return
  selectable lenient '{"user_namespace": {"unavailable": "host"}}'
  local profile
  for profile in compat "with lenient"; do
    # shellcheck disable=SC2086 # two words
    run $profile --rm "$BOX" cat /proc/self/uid_map
    equals "$status $output" "0 $(inside cat /proc/self/uid_map)" || return
    recorded ".verdict == \"allowed\" and any(.findings[]; .control == \"user-namespace\" and .outcome == \"warned\"
      and (.reason | contains(\"$1\")))" || return
  done
}

no_more_users() { inside sh -c 'echo 0 >/proc/sys/user/max_user_namespaces'; }

@test "user.max_user_namespaces=0: strict refuses, compat goes on with the daemon's users and records it" {
  # The setting is one of each user namespace; the whole daemon is in one where it is 0.
  export HARDENED_DAEMON_IDS="0 0 65536"
  another_daemon '{}' no_more_users
  run inside unshare --user true
  [ "$status" -ne 0 ]
  lacks_users "cannot make a user namespace: user.max_user_namespaces is 0"
  # The rest is as everywhere.
  compat -d --name box -v data:/data "$BOX" sleep 600
  equals "$(status_of box Seccomp) $(status_of box NoNewPrivs)" "2 1"
  docker exec box sh -c 'echo x >/written && echo x >/data/written'
}

# As an engine in a container has it.
data_root_on_overlay() {
  local under=$HARDENED_DAEMON/under
  mkdir -p "$HARDENED_DAEMON/root" "$under"/{lower,upper,work}
  inside mount -t overlay -o "lowerdir=$under/lower,upperdir=$under/upper,workdir=$under/work" overlay "$HARDENED_DAEMON/root"
}

@test "a data root that cannot be idmapped: strict refuses, compat goes on and records it" {
  another_daemon '{"storage-driver": "vfs"}' data_root_on_overlay
  lacks_users "cannot map the user ids of the image layer"
  compat -d --name box "$BOX" sleep 600
  equals "$(awk '{ print $2 }' "/proc/$(pid_of box)/uid_map")" 0
  docker exec box sh -c 'echo x >/written'
}

# unmappable DIRECTORY: where no idmapped mount can be made, with a file of root's and one of everybody's.
unmappable() {
  mkdir -p "$1"
  inside mount -t ramfs -o mode=0755 ramfs "$1"
  inside sh -c "echo open >$1/open; echo closed >$1/closed; chmod 600 $1/closed"
}

@test "a volume that cannot be idmapped: refused under both profiles, with the file system's name" {
  local volume=$HARDENED_DAEMON/memory runtime
  unmappable "$volume"
  stock_gives '^closed$' -v "$volume:/v" "$BOX" cat /v/closed
  for runtime in hardened hardened-compat; do
    run docker run --rm --runtime=$runtime -v "$volume:/v" "$BOX" true
    [ "$status" -ne 0 ]
    contains "hardened: cannot map the user ids of \"$volume\": not each of its file systems has idmapped mounts: ramfs"
    contains "set \"unmappable_mounts\" to \"plain\""
    recorded '.verdict == "failed" and (.message | contains("ramfs"))'
  done
  inside umount "$volume"
}

@test "a file system that cannot be idmapped below a volume that can: refused as well" {
  local volume=$HARDENED_DAEMON/mixed
  unmappable "$volume/below"
  run hardened --rm -v "$volume:/v" "$BOX" true
  [ "$status" -ne 0 ]
  contains "hardened: cannot map the user ids of \"$volume\": "
  contains "not each of its file systems has idmapped mounts"
  inside umount "$volume/below"
}

@test "\"unmappable_mounts\": \"plain\": the files are nobody's, those of others stay closed, and root cannot write" {
  local volume=$HARDENED_DAEMON/memory
  unmappable "$volume"
  selectable plain '{"user_namespace": {"unmappable_mounts": "plain"}}' \
    plain-compat '{"extends": "compat", "user_namespace": {"unmappable_mounts": "plain"}}'
  local profile
  for profile in plain plain-compat; do
    run with $profile --rm -v "$volume:/v" "$BOX" sh -c 'stat -c "%u %g" /v/open; cat /v/open; probe call 2 /v/closed 0
      probe call 2 /v/open 1; probe call 83 /v/made 0755; awk "{ print (\$2 >= 65536) }" /proc/self/uid_map'
    equals "$(tr -s ' \n' ' ' <<<"$output")" "65534 65534 open EACCES EACCES EACCES 1 "
  done
  inside umount "$volume"
}

# subordinate USERS [GROUPS]: the lines of /etc/subuid and /etc/subgid, for this daemon only.
subordinate() {
  local file text=$1
  for file in subuid subgid; do
    [ -e /etc/$file ] || skip "this host has no /etc/$file"
    printf '%s' "$text" >"$HARDENED_DAEMON/$file"
    inside mount --bind "$HARDENED_DAEMON/$file" /etc/$file
    text=${2-$1}
  done
}

mended() {
  local file
  for file in subuid subgid; do
    while inside grep -q "$HARDENED_DAEMON/$file " /proc/self/mountinfo; do inside umount /etc/$file; done
  done
}

host_id() { awk '{ print $2 }' "/proc/$(pid_of "$1")/uid_map"; }

@test "the subordinate ids of \"hardened\" are those that containers get" {
  local first
  first=$(first_own_id)
  subordinate "somebody:100000:65536"$'\n'"hardened:$first:131072"$'\n'
  sleeper box
  sleeper other
  equals "$(printf '%s\n' "$(host_id box)" "$(host_id other)" | sort | tr '\n' ' ')" "$first $((first + 65536)) "
}

@test "when all of them are in use the next container is refused, and has its turn when one has gone" {
  local runtime first
  first=$(first_own_id)
  subordinate "hardened:$first:65536"$'\n'
  sleeper box
  for runtime in hardened hardened-compat; do
    run docker run --rm --runtime=$runtime "$BOX" true
    [ "$status" -ne 0 ]
    contains "hardened: cannot find 65536 free host ids for a container: all 1 ranges from $first on are in use"
    contains "/etc/subuid"
  done
  docker rm -f box
  hardened --rm "$BOX" true
}

# unusable FILE...: neither profile starts a container.
unusable() {
  local runtime
  for runtime in hardened hardened-compat; do
    run docker run --rm --runtime=$runtime "$BOX" true
    [ "$status" -ne 0 ] || return 1
    contains 'cannot use the subordinate ids of "hardened": ' && contains "/etc/$1" || return 1
  done
}

@test "too few subordinate ids, or none in one of the files: an error, not other ids" {
  subordinate $'hardened:2147483648:65535\n'
  unusable subuid
  mended
  subordinate $'hardened:2147483649:65536\n'
  unusable subuid
  mended
  subordinate $'hardened:2147483648:65536\n' ''
  unusable subgid
}

@test "subordinate ids that are not numbers: an error, not other ids" {
  subordinate $'hardened:2147483648:many\n'
  unusable subuid
}

# The machine's own files stay as they are: dockerd reads them where it runs.
remapped_users() {
  local file
  chmod 711 "$HARDENED_DAEMON"
  for file in passwd group subuid subgid; do cp "/etc/$file" "$HARDENED_DAEMON/$file"; done
  echo 'remapped:x:3000:3000::/:/bin/false' >>"$HARDENED_DAEMON/passwd"
  echo 'remapped:x:3000:' >>"$HARDENED_DAEMON/group"
  for file in subuid subgid; do echo 'remapped:300000:65536' >>"$HARDENED_DAEMON/$file"; done
  for file in passwd group subuid subgid; do inside mount --bind "$HARDENED_DAEMON/$file" "/etc/$file"; done
}

@test "a daemon with userns-remap keeps its mapping; what leaves it by --userns=host gets one of ours" {
  another_daemon '{"userns-remap": "remapped"}' remapped_users
  local runtime
  for runtime in runc hardened hardened-compat; do
    docker run -d --name "box-$runtime" --runtime="$runtime" -v data:/data "$BOX" sleep 600
    equals "$runtime $(host_id "box-$runtime")" "$runtime 300000"
    equals "$(docker exec "box-$runtime" stat -c '%u' /etc/passwd)" 0
  done
  equals "$(stock --rm --userns=host "$BOX" awk '{ print $2 }' /proc/self/uid_map)" 0
  sleeper box --userns=host
  [ "$(host_id box)" -ge 1073741824 ]
}

@test "\"mode\": \"host\": root is the host's by the profile's word; masks and missing capabilities hold" {
  selectable shared '{"user_namespace": {"mode": "host"}}'
  with shared -d --name box --security-opt systempaths=unconfined "$BOX" sleep 600
  equals "$(host_id box)" 0
  no_capability box
  run docker exec box probe call 2 /proc/sys/kernel/core_pattern 1
  equals "$output" EROFS
}

@test "--userns=host changes nothing where the daemon has no mapping" {
  sleeper box --userns=host
  [ "$(host_id box)" -ge 65536 ]
}

@test "storage driver vfs: private users on plain directories, and each kind of root keeps what it promises" {
  another_daemon '{"storage-driver": "vfs"}'
  selectable ephemeral '{"rootfs": "ephemeral"}' persistent '{"rootfs": "persistent"}'
  local root
  sleeper read-only
  with ephemeral -d --name ephemeral "$BOX" sleep 600
  with persistent -d --name persistent "$BOX" sleep 600
  for root in read-only ephemeral persistent; do
    [ "$(host_id $root)" -ge 65536 ]
    equals "$(docker exec $root stat -c '%u %g' /etc/passwd /home/user | tr '\n' ' ')" "0 0 1000 1000 "
    run docker exec $root sh -c 'echo x >/written'
    equals "$root $status" "$root $([ $root = read-only ] && echo 1 || echo 0)"
    docker restart -t 0 $root
    run docker exec $root cat /written
    equals "$root $status" "$root $([ $root = persistent ] && echo 0 || echo 1)"
  done
  run docker diff persistent
  contains "A /written"
  equals "$(stat -c '%u %g' "$HARDENED_DAEMON"/root/vfs/dir/*/written)" "0 0"
}

# image_of COUNT: the box in that many layers, those after the first of one file each.
image_of() {
  local directory=$BATS_TEST_TMPDIR/layers layer
  mkdir "$directory"
  docker export "$(docker create "$BOX" true)" >"$directory/1.tar"
  for ((layer = 2; layer <= $1; layer++)); do
    : >"$directory/file$layer"
    tar -C "$directory" -cf "$directory/$layer.tar" --remove-files "file$layer"
  done
  (cd "$directory" && sha256sum $(seq -f %g.tar "$1") | jq -R '"sha256:" + split(" ")[0]' |
    jq -s '{"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/bin"]},
      "rootfs": {"type": "layers", "diff_ids": .}}' >config.json
  jq -n --argjson count "$1" '[{"Config": "config.json", "RepoTags": ["hardened-test/layers:1"],
    "Layers": [range(1; $count + 1) | "\(.).tar"]}]' >manifest.json
  tar -c config.json manifest.json $(seq -f %g.tar "$1") | docker load)
}

@test "an image of 120 layers, the most that Docker takes, shows its first and its last" {
  image_of 120
  equals "$(docker image inspect --format '{{len .RootFS.Layers}}' hardened-test/layers:1)" 120
  selectable persistent '{"rootfs": "persistent"}'
  local profile
  for profile in hardened compat "with persistent"; do
    # shellcheck disable=SC2086 # two words
    run $profile --rm hardened-test/layers:1 ls /file2 /file120
    equals "$profile $output" "$profile "$'/file120\n/file2'
  done
  docker rmi -f hardened-test/layers:1 >/dev/null
}
