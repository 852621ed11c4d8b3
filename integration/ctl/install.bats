#!/usr/bin/env bats
# hardenctl install and uninstall: what they do to a daemon.json, whatever stands in it, and that dockerd obeys.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers
source "$HARDENED_SOURCE/integration/docker/daemon.bash"
source "$HARDENED_SOURCE/integration/docker/images.bash"

setup() {
  DIRECTORY=$(suite_directory)
  CONFIG=$DIRECTORY/daemon.json
}
teardown() {
  chattr -ia "$CONFIG" 2>/dev/null
  rm -rf "$DIRECTORY" "$HARDENED_STAGE/var/lib/hardened/install"
}

registered() {
  jq -e --arg bin "$HARDENED_STAGE/bin" '.runtimes.hardened == {path: ($bin + "/hardened-runtime")} and
    .runtimes["hardened-compat"] == {path: ($bin + "/hardened-compat")}' "$CONFIG" >/dev/null
}

# Every member that was there still is, where it was: ours come after.
kept() {
  jq -e -n --slurpfile old "$1" --slurpfile new "$CONFIG" '($old[0] // {}) as $old | $new[0] as $new |
    ($old | del(.runtimes, ."default-runtime")) == ($new | del(.runtimes, ."default-runtime")) and
    (($old.runtimes // {}) | to_entries | all(. as $entry | $new.runtimes[$entry.key] == $entry.value)) and
    ($new | keys_unsorted | map(select(. as $key | $old | has($key)))) == ($old | keys_unsorted)' >/dev/null
}

VALID=('' ' ' $'\n' '{}' '{}'$'\n' '{ }' $'{\n}\n' '{"debug":true}' $'{\n  "debug": true\n}' $'{\n    "debug": true\n}\n'
  $'{\n\t"debug": true,\n\t"log-level": "warn"\n}\n' '{"runtimes":{}}' '{"runtimes":{"runsc":{"path":"/usr/bin/runsc"}}}'
  '{"runtimes":{"io.kata":{"runtimeType":"io.containerd.kata.v2","options":{"a":[1,2,{"b":null}]}}}}'
  '{"default-runtime":"runsc","runtimes":{"runsc":{"path":"/usr/bin/runsc","runtimeArgs":["--network=host"]}}}'
  '{"default-runtime":"runc"}' '{"log-opts":{"max-size":"10m","labels":"a,b"}}' '{"hosts":["fd://"]}' '{"dns":[]}'
  '{"a-key-nobody-knows":{"deep":[[[[1]]]]}}' '{"max-concurrent-downloads":18446744073709551615}' '{"mtu":-1}'
  '{"insecure-registries":["r\u00e9gistre:5000"]}' '{"labels":["名前=値"]}' '{"labels":["a\tb\\\"c"]}' '{"x":1.5}' '{"x":true,"y":false,"z":null}'
  $'{"z":1,\r\n "y":2,\r\n "a":3}\r\n' '{"":1}' '{"userns-remap":"default","icc":false,"live-restore":true}')

@test "whatever stands in daemon.json: it is all kept, and uninstall puts every byte back" {
  local text count=0
  for text in "${VALID[@]}"; do
    printf '%s' "$text" >"$CONFIG"
    chmod 0640 "$CONFIG"
    cp -p "$CONFIG" "$DIRECTORY/before"
    ends 0 install docker --config "$CONFIG" --default
    registered
    kept "$DIRECTORY/before" || { echo "lost something: $text" && cat "$CONFIG" && return 1; }
    [ "$(jq -r '."default-runtime"' "$CONFIG")" = hardened ]
    [ "$(stat -c %a "$CONFIG")" = 640 ]
    ends 0 install docker --config "$CONFIG"
    [[ $output == *"nothing to do"* ]]
    ends 0 uninstall docker --config "$CONFIG"
    cmp "$CONFIG" "$DIRECTORY/before"
    count=$((count + 1))
  done
  [ "$count" = 30 ]
  [ "$(ls -A "$DIRECTORY")" = "$(printf 'before\ndaemon.json')" ]
}

# What dockerd would not read, or not as it stands there; and what we must not touch.
BROKEN=('[]' 'null' '"text"' '1' '{' '{"a":1' '{"a":1,}' $'// no\n{}' '{"a":1}{}' '{"a":1} x' '{"a":1,"a":2}' "{'a':1}" '{"runtimes":[]}'
  '{"runtimes":null}' '{"runtimes":"runsc"}' '{"Runtimes":{}}' '{"RUNTIMES":{},"runtimes":{}}' '{"default-runtime":null}'
  '{"default-runtime":["runc"]}' '{"Default-Runtime":"runc"}' '{"runtimes":{"hardened":{"path":"/opt/other"}}}'
  '{"runtimes":{"hardened":"/opt/other"}}' '{"runtimes":{"hardened-compat":null}}' $'\xef\xbb\xbf{}' $'{"a":"\xff"}'
  '{"a":340282366920938463463374607431768211456}')

@test "what cannot be read, or is another's: said by name, and not a byte is changed" {
  local text count=0
  for text in "${BROKEN[@]}"; do
    printf '%s' "$text" >"$CONFIG"
    cp "$CONFIG" "$DIRECTORY/before"
    ends 2 install docker --config "$CONFIG" --default
    complains "$CONFIG"
    cmp "$CONFIG" "$DIRECTORY/before"
    count=$((count + 1))
  done
  [ "$count" = 26 ]
}

# What the file is, and what lies around it. WHAT|takes or refuses|complaint|how it is made (in its directory, as $file)
KINDS=(
  'readable by root alone|takes||chmod 0600 "$file"'
  'read-only|takes||chmod 0444 "$file"'
  'not even readable|takes||chmod 0000 "$file"'
  'of a group|takes||chgrp 50 "$file" && chmod 0640 "$file"'
  'empty and read-only|takes||: >"$file" && chmod 0400 "$file"'
  'under a second name|takes||ln "$file" second'
  'in a directory of root alone|takes||chmod 0700 .'
  'beside what an editor left|takes||touch .daemon.json.swp daemon.json~ && mkdir daemon.json.d'
  'beside a file of an install that was killed|takes||touch .daemon.json.0000000000000000'
  'a dangling link|refuses|symbolic link|ln -sf nowhere "$file"'
  'a link to itself|refuses|symbolic link|rm "$file" && ln -s daemon.json "$file"'
  'a link to the file of another place|refuses|symbolic link|mv "$file" other.json && ln -s other.json "$file"'
  'a pipe that nobody writes to|refuses|daemon.json|rm "$file" && mkfifo -m 644 "$file"'
  'a device|refuses|daemon.json|rm "$file" && mknod -m 644 "$file" c 1 5'
  'a directory|refuses|daemon.json|rm "$file" && mkdir "$file"'
  'of another user|refuses|not by root|chown 1000 "$file"'
  'writable by a group|refuses|chmod go-w|chmod 0664 "$file"'
  'in a directory anyone may write to|refuses|chmod go-w|chmod 0777 .'
  'in a directory of another user|refuses|chown root|chown 1000 .'
  'immutable|refuses|daemon.json|chattr +i "$file"'
  'only to be appended to|refuses|daemon.json|chattr +a "$file"'
  'text of another encoding|refuses|daemon.json|printf "{\0}\0" >"$file"'
  'half a character|refuses|daemon.json|printf "{\"labels\":[\"\\ud800\"]}" >"$file"'
  'a hundred lists deep|refuses|daemon.json|printf "{\"a\":%0100d%0100d}" | tr 0 "[" >"$file"'
)

# state_of: everything in the directory, with kind, owner, mode, target and content.
state_of() {
  (cd "$DIRECTORY" && find . -printf '%P %y %U:%G %m %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

@test "whatever kind of file it is: as it was after uninstall, or refused by name without a change" {
  local row what verdict complaint commands before count=0
  for row in "${KINDS[@]}"; do
    IFS='|' read -r what verdict complaint commands <<<"$row"
    printf '{"debug" : true}' >"$CONFIG"
    (cd "$DIRECTORY" && file=daemon.json bash -c "$commands")
    before=$(state_of)
    if [ "$verdict" = takes ]; then
      ends 0 install docker --config "$CONFIG" --default
      registered
      [ "$(state_of)" != "$before" ]
      ends 0 uninstall docker --config "$CONFIG"
    else
      ends 2 install docker --config "$CONFIG" --default
      complains "$complaint"
      complains "$DIRECTORY"
    fi
    [ "$(state_of)" = "$before" ] || { echo "not as it was: $what" && diff <(state_of) <(echo "$before"); }
    chattr -ia "$CONFIG" 2>/dev/null || true
    find "$DIRECTORY" -mindepth 1 -delete
    chown 0:0 "$DIRECTORY" && chmod 0700 "$DIRECTORY"
    count=$((count + 1))
  done
  [ "$count" = 24 ]
}

@test "no daemon.json, and no directory for it: made, and gone again" {
  CONFIG=$DIRECTORY/etc/docker/daemon.json
  ends 0 install docker --config "$CONFIG" --dry-run
  [ ! -e "$DIRECTORY/etc" ]
  ends 0 install docker --config "$CONFIG"
  registered
  [ "$(jq 'has("default-runtime")' "$CONFIG")" = false ]
  ends 0 uninstall docker --config "$CONFIG"
  [ ! -e "$CONFIG" ]
  ends 0 uninstall docker --config "$CONFIG"
}

@test "a huge daemon.json, and one that is too large to be one" {
  jq -n '{labels: [range(100000) | "label-\(.)=value"]}' >"$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  ends 0 install docker --config "$CONFIG"
  registered
  ends 0 uninstall docker --config "$CONFIG"
  cmp "$CONFIG" "$DIRECTORY/before"
  jq -n '{labels: [range(500000) | "label-\(.)=value"]}' >"$CONFIG"
  ends 2 install docker --config "$CONFIG"
  complains "$CONFIG"
}

@test "what was changed since by others stays: only ours goes, and the old default comes back" {
  echo '{"default-runtime": "runsc", "runtimes": {"runsc": {"path": "/usr/bin/runsc"}}}' >"$CONFIG"
  ends 0 install docker --config "$CONFIG" --default
  jq '.debug = true' "$CONFIG" >"$CONFIG.new" && mv "$CONFIG.new" "$CONFIG"
  ends 0 uninstall docker --config "$CONFIG"
  [ "$(jq -c . "$CONFIG")" = '{"default-runtime":"runsc","runtimes":{"runsc":{"path":"/usr/bin/runsc"}},"debug":true}' ]
  # Once more, with the default chosen in a second step, and without what was remembered.
  ends 0 install docker --config "$CONFIG"
  ends 0 install docker --config "$CONFIG" --default
  ends 0 uninstall docker --config "$CONFIG"
  [ "$(jq -r '."default-runtime"' "$CONFIG")" = runsc ]
  ends 0 install docker --config "$CONFIG" --default
  rm -r "$HARDENED_STAGE/var/lib/hardened/install"
  ends 0 uninstall docker --config "$CONFIG"
  [ "$(jq -c . "$CONFIG")" = '{"runtimes":{"runsc":{"path":"/usr/bin/runsc"}},"debug":true}' ]
}

@test "what somebody else took out already is nothing to do, and nothing is remembered of it" {
  echo '{"debug": true}' >"$CONFIG"
  ends 0 install docker --config "$CONFIG" --default
  echo '{"debug": true}' >"$CONFIG"
  ends 0 uninstall docker --config "$CONFIG"
  [[ $output == *"nothing to do"* ]]
  [ "$(cat "$CONFIG")" = '{"debug": true}' ]
  [ -z "$(ls -A "$HARDENED_STAGE/var/lib/hardened/install")" ]
}

@test "training is registered only where it is asked for, and goes with the rest" {
  ends 0 install docker --config "$CONFIG"
  [ "$(jq -c '.runtimes | keys' "$CONFIG")" = '["hardened","hardened-compat"]' ]
  ends 0 install docker --config "$CONFIG" --training
  registered
  [ "$(jq -r '.runtimes["hardened-train"].path' "$CONFIG")" = "$HARDENED_STAGE/bin/hardened-train" ]
  ends 0 uninstall docker --config "$CONFIG"
  [ ! -e "$CONFIG" ]
}

@test "a program that is not there is not registered" {
  mv "$HARDENED_STAGE/bin/hardened-train" "$DIRECTORY/aside"
  run hardenctl install docker --config "$CONFIG" --training
  mv "$DIRECTORY/aside" "$HARDENED_STAGE/bin/hardened-train"
  [ "$status" = 2 ]
  [[ $output == *"cannot run $HARDENED_STAGE/bin/hardened-train"* ]]
  [ ! -e "$CONFIG" ]
}

@test "the default runtime that was chosen last before ours comes back, not one of long ago" {
  echo '{"debug": true}' >"$CONFIG"
  ends 0 install docker --config "$CONFIG"
  jq '."default-runtime" = "nvidia"' "$CONFIG" >"$CONFIG.new" && mv "$CONFIG.new" "$CONFIG"
  ends 0 install docker --config "$CONFIG" --default
  ends 0 uninstall docker --config "$CONFIG"
  [ "$(jq -c . "$CONFIG")" = '{"debug":true,"default-runtime":"nvidia"}' ]
  # Taken out by hand: what was remembered is void.
  ends 0 install docker --config "$CONFIG" --default
  echo '{"default-runtime": "kata"}' >"$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  ends 0 install docker --config "$CONFIG" --default
  ends 0 uninstall docker --config "$CONFIG"
  cmp "$CONFIG" "$DIRECTORY/before"
  [ -z "$(ls "$HARDENED_STAGE/var/lib/hardened/install")" ]
}

@test "--dry-run shows the difference and changes nothing" {
  echo '{"debug": true}' >"$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  ends 0 install docker --config "$CONFIG" --default --dry-run
  [[ $output == *'+  "default-runtime": "hardened"'* ]]
  cmp "$CONFIG" "$DIRECTORY/before"
  [ ! -e "$HARDENED_STAGE/var/lib/hardened/install" ]
  ends 0 install docker --config "$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  ends 0 uninstall docker --config "$CONFIG" --dry-run
  [[ $output == *'-  "runtimes": {'* ]]
  cmp "$CONFIG" "$DIRECTORY/before"
}

@test "a link, a file anyone may write, one that cannot be written, a directory, a relative path" {
  echo '{}' >"$DIRECTORY/target"
  ln -s target "$CONFIG"
  ends 2 install docker --config "$CONFIG"
  complains 'symbolic link'
  complains '"target"'
  [ "$(cat "$DIRECTORY/target")" = '{}' ]
  rm "$CONFIG"
  echo '{}' >"$CONFIG"
  chmod 0666 "$CONFIG"
  ends 2 install docker --config "$CONFIG"
  complains 'chmod go-w'
  chmod 0644 "$CONFIG"
  chattr +i "$CONFIG"
  ends 2 install docker --config "$CONFIG"
  complains "daemon.json"
  chattr -i "$CONFIG"
  [ "$(cat "$CONFIG")" = '{}' ]
  [ "$(ls -A "$DIRECTORY")" = "$(printf 'daemon.json\ntarget')" ]
  rm "$CONFIG"
  mkdir "$CONFIG"
  ends 2 install docker --config "$CONFIG"
  complains "$CONFIG"
  rmdir "$CONFIG"
  ends 2 install docker --config daemon.json
  complains 'absolute'
}

@test "killed at any moment, it leaves the old file or the new one, and both can be uninstalled" {
  local delay
  echo '{"debug": true}' >"$DIRECTORY/before"
  for delay in 0.001 0.002 0.003 0.004 0.005 0.006 0.008 0.010 0.015 0.020; do
    cp "$DIRECTORY/before" "$CONFIG"
    timeout --signal KILL "$delay" "$HARDENED_STAGE/bin/hardenctl" install docker --config "$CONFIG" --default >/dev/null || true
    cmp -s "$CONFIG" "$DIRECTORY/before" || registered
    ends 0 install docker --config "$CONFIG" --default
    ends 0 uninstall docker --config "$CONFIG"
    cmp "$CONFIG" "$DIRECTORY/before"
  done
}

@test "20 at once: one registers, the others find nothing to do" {
  local index
  local -a installs=()
  echo '{"debug": true}' >"$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  for ((index = 0; index < 20; index++)); do
    hardenctl install docker --config "$CONFIG" >"$DIRECTORY/out.$index" 2>&1 3>&- &
    installs+=($!)
  done
  wait "${installs[@]}" # not for bats' own watchdog
  registered
  [ "$(grep -l 'nothing to do' "$DIRECTORY"/out.* | wc -l)" = 19 ]
  ends 0 uninstall docker --config "$CONFIG"
  cmp "$CONFIG" "$DIRECTORY/before"
}

@test "a running dockerd: reloaded, it hardens; uninstalled, it does not" {
  local box
  daemon_up '{}' plain_configuration
  make_images
  box=$BOX
  cp "$HARDENED_DAEMON/daemon.json" "$DIRECTORY/before"
  [ "$(docker run --rm "$box" sh -c 'grep CapBnd /proc/self/status | cut -f2')" != 0000000000000000 ]
  run inside "$HARDENED_STAGE/bin/hardenctl" install docker --default --config "$HARDENED_DAEMON/daemon.json"
  [[ $output == *"reloaded: dockerd"* ]] || { echo "$output" && false; }
  wait_for 10 is_default hardened
  [ "$(docker run --rm "$box" sh -c 'grep CapBnd /proc/self/status | cut -f2')" = 0000000000000000 ]
  run inside "$HARDENED_STAGE/bin/hardenctl" uninstall docker --config "$HARDENED_DAEMON/daemon.json"
  [[ $output == *"when it is restarted"* ]]
  daemon_stop
  daemon_launch
  [ "$(docker info --format '{{.DefaultRuntime}}')" = runc ]
  cmp "$HARDENED_DAEMON/daemon.json" "$DIRECTORY/before"
  daemon_down
}

@test "a dockerd with runtimes on its command line would not start with them in daemon.json: said, and left alone" {
  local pid
  echo '{}' >"$CONFIG"
  # Only its name and its arguments count here.
  cp "$BASH" "$DIRECTORY/dockerd"
  "$DIRECTORY/dockerd" -c 'read -r' dockerd --config-file="$CONFIG" --add-runtime x=/x < <(exec sleep 60) 3>&- &
  pid=$!
  wait_for 10 grep -q dockerd "/proc/$pid/comm"
  ends 2 install docker --config "$CONFIG"
  complains "--add-runtime"
  [ "$(cat "$CONFIG")" = '{}' ]
  kill "$pid"
}

plain_configuration() { daemon_config '{}' | jq 'del(.runtimes)' >"$HARDENED_DAEMON/daemon.json"; }
is_default() { [ "$(docker info --format '{{.DefaultRuntime}}')" = "$1" ]; }
