#!/usr/bin/env bats
# hardenctl install and uninstall for Podman, containerd and CRI-O: what they do to the configuration, and that the
# engine itself understands it.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers
source "$HARDENED_SOURCE/integration/assertions.bash"

setup() {
  DIRECTORY=$(suite_directory)
  CONFIG=$DIRECTORY/config.toml
}
teardown() { rm -rf "$DIRECTORY"; }

# handler NAME: its program, as containerd understood the configuration.
handler() {
  containerd --config "$CONFIG" config dump |
    awk -v table="containerd.runtimes.$1.options]" 'index($0, "[") { inside = index($0, table) }
      inside && $1 == "BinaryName" { gsub(/"/, "", $3); print $3 }'
}

dumped() { containerd --config "$CONFIG" config dump | sed -n "s/^ *$1 = \"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p"; }

CONTAINERD=('version = 2' $'version = 2\n' $'# mine\nversion = 2\n\n[grpc]\n  address = "/run/x.sock"\n'
  $'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    sandbox_image = "mine/pause:1"\n    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n'
  $'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"\n  default_runtime_name = "mine" # why\n  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mine]\n    runtime_type = "io.containerd.runc.v2"'
  $'version = 2\nplugins."io.containerd.grpc.v1.cri".sandbox_image = "mine/pause:1"\n')

@test "containerd understands what is added to any config.toml, all else stays, and uninstall puts every byte back" {
  local text count=0
  for text in "${CONTAINERD[@]}"; do
    printf '%s' "$text" >"$CONFIG"
    chmod 0640 "$CONFIG"
    cp -p "$CONFIG" "$DIRECTORY/before"
    ends 0 install containerd --config "$CONFIG" --default
    [[ $output == *"systemctl restart containerd"* ]]
    equals "$(handler hardened)" "$HARDENED_STAGE/bin/hardened-runtime"
    equals "$(handler hardened-compat)" "$HARDENED_STAGE/bin/hardened-compat"
    equals "$(dumped default_runtime_name)" hardened
    [[ $text != *mine/pause* ]] || equals "$(dumped sandbox_image)" mine/pause:1
    [[ $text != *snapshotter* ]] || equals "$(dumped snapshotter)" native
    equals "$(stat -c %a "$CONFIG")" 640
    ends 0 install containerd --config "$CONFIG"
    [[ $output == *"nothing to do"* ]]
    ends 0 uninstall containerd --config "$CONFIG"
    cmp "$CONFIG" "$DIRECTORY/before"
    count=$((count + 1))
  done
  equals "$count" 6
  equals "$(ls -A "$DIRECTORY")" $'before\nconfig.toml'
}

# `containerd config dump` takes what the CRI plugin then refuses, with a line in its log only.
@test "the CRI plugin of a real containerd starts with it" {
  ends 0 install containerd --config "$CONFIG"
  cat >>"$CONFIG" <<END
[debug]
  address = "$DIRECTORY/debug.sock"
[grpc]
  address = "$DIRECTORY/grpc.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$DIRECTORY/opt"
END
  unshare --mount --net containerd --config "$CONFIG" --root "$DIRECTORY/root" --state "$DIRECTORY/state" \
    >"$DIRECTORY/log" 2>&1 3>&- </dev/null &
  local pid=$!
  wait_for 30 ctr --address "$DIRECTORY/grpc.sock" version
  run ctr --address "$DIRECTORY/grpc.sock" plugins ls
  kill "$pid"
  wait "$pid" || true
  matches 'io.containerd.grpc.v1 +cri +[^ ]+ +ok'
}

@test "containerd's cgroup driver is taken over from the default runtime" {
  printf '%s\n' 'version = 2' '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]' \
    'runtime_type = "io.containerd.runc.v2"' '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]' \
    'SystemdCgroup = true' >"$CONFIG"
  ends 0 install containerd --config "$CONFIG"
  equals "$(dumped SystemdCgroup | sort -u)" true
}

@test "what containerd would not understand is not written" {
  printf '%s\n' 'version = 2' '[plugins]' \
    '"io.containerd.grpc.v1.cri" = { containerd = { runtimes = { x = { runtime_type = "y" } } } }' >"$CONFIG"
  cp "$CONFIG" "$DIRECTORY/before"
  ends 2 install containerd --config "$CONFIG"
  complains "containerd says"
  cmp "$CONFIG" "$DIRECTORY/before"
  printf '[plugins]\n' >"$CONFIG"
  ends 2 install containerd --config "$CONFIG"
  complains 'version "1" of its format'
  # containerd would start, but not its CRI plugin.
  printf '%s\n' 'version = 2' '[plugins."io.containerd.grpc.v1.cri".containerd]' 'default_runtime_name = "gone"' >"$CONFIG"
  ends 2 install containerd --config "$CONFIG"
  complains 'default_runtime_name is "gone", and there is no such handler'
  # A handler of that name is somebody's.
  printf '%s\n' 'version = 2' '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.hardened]' \
    'runtime_type = "io.containerd.kata.v2"' >"$CONFIG"
  ends 2 install containerd --config "$CONFIG"
  equals "$(ls -A "$DIRECTORY")" $'before\nconfig.toml'
}

@test "--dry-run shows the difference and changes nothing; a file of ours alone goes again" {
  local engine
  for engine in podman containerd crio; do
    ends 0 install "$engine" --config "$DIRECTORY/new/config" --default --dry-run
    contains '= "hardened"'
    [ ! -e "$DIRECTORY/new" ]
    ends 0 install "$engine" --config "$DIRECTORY/new/config" --default
    ends 0 install "$engine" --config "$DIRECTORY/new/config" --training
    grep -q hardened-train "$DIRECTORY/new/config"
    grep -qE '^(default_)?runtime(_name)? = "hardened"$' "$DIRECTORY/new/config"
    ends 0 install "$engine" --config "$DIRECTORY/new/config"
    contains "nothing to do"
    ends 0 uninstall "$engine" --config "$DIRECTORY/new/config" --dry-run
    [ -e "$DIRECTORY/new/config" ]
    ends 0 uninstall "$engine" --config "$DIRECTORY/new/config"
    equals "$(ls -A "$DIRECTORY/new")" ""
    ends 0 uninstall "$engine" --config "$DIRECTORY/new/config"
    contains "nothing to do"
    rmdir "$DIRECTORY/new"
  done
}

@test "a file that somebody else wrote is left alone" {
  local engine
  for engine in podman crio; do
    printf '[engine]\n' >"$CONFIG"
    ends 2 install "$engine" --config "$CONFIG"
    complains "was not written by hardenctl"
    ends 2 uninstall "$engine" --config "$CONFIG"
    equals "$(cat "$CONFIG")" '[engine]'
  done
  ln -sf /etc/hostname "$CONFIG"
  for engine in podman containerd crio; do
    ends 2 install "$engine" --config "$CONFIG"
    complains "symbolic link"
  done
}

@test "Podman knows the runtimes, and the default one" {
  command -v podman >/dev/null || skip "no podman here"
  ends 0 install podman --config "$CONFIG" --default
  run --separate-stderr env CONTAINERS_CONF="$CONFIG" podman --root "$DIRECTORY/root" --runroot "$DIRECTORY/run" --tmpdir "$DIRECTORY/tmp" \
    info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
  equals "$output" "hardened $HARDENED_STAGE/bin/hardened-runtime"
  run --separate-stderr env CONTAINERS_CONF="$CONFIG" podman --root "$DIRECTORY/root" --runroot "$DIRECTORY/run" --tmpdir "$DIRECTORY/tmp" \
    --runtime hardened-compat info --format '{{.Host.OCIRuntime.Path}}'
  equals "$output" "$HARDENED_STAGE/bin/hardened-compat"
}

@test "CRI-O's drop-in is TOML with the members crio.conf(5) names" {
  command -v python3 >/dev/null || skip "no python3 here to read TOML with"
  ends 0 install crio --config "$CONFIG" --default
  run python3 -c 'import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], "rb"))))' "$CONFIG"
  equals "$status" 0
  equals "$(jq -c . <<<"$output")" "$(jq -nc --arg bin "$HARDENED_STAGE/bin" \
    'def handler($program): {runtime_path: ($bin + "/" + $program), runtime_type: "oci", runtime_root: "/run/runc"};
     {crio: {runtime: {default_runtime: "hardened",
       runtimes: {hardened: handler("hardened-runtime"), "hardened-compat": handler("hardened-compat")}}}}')"
}
