#!/usr/bin/env bats
# The verbs that decide nothing go to the runtime as they came: every byte of the command line and the environment.

# shellcheck disable=SC2154 # bats sets stderr
load helpers

setup_file() {
  DIRECTORY=$(suite_directory)
  export DIRECTORY
  cp "$HARDENED_WORKLOADS/record" "$DIRECTORY/runc"
  use_runtime "$DIRECTORY/runc"
  # No file is read on these verbs: the runtime is the one of the last create.
  make_bundle "$DIRECTORY/bundle"
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" first
}
teardown_file() {
  rm -rf "$DIRECTORY"
  rm -f "$(policy_file)" "$HARDENED_STAGE/run/hardened/runtime"
}
setup() { rm -f "$DIRECTORY"/{argv,environ,status}; }

# arrives WORD...: what the runtime was called with, apart from its own name.
arrives() {
  printf '%s\0' "$@" >"$BATS_TEST_TMPDIR/expected"
  sed -z 1d "$DIRECTORY/argv" | cmp - "$BATS_TEST_TMPDIR/expected"
}

@test "start, kill, delete, state, ps, pause, resume, events, list, features arrive unchanged" {
  local verb
  for verb in start state pause resume events list features ps; do
    run --separate-stderr shim --root /run/x --log /dev/null --log-format json "$verb" box
    equals "$verb $status [$output] [$stderr]" "$verb 0 [] []"
    arrives --root /run/x --log /dev/null --log-format json "$verb" box
  done
  shim --root /run/x kill --all box 9
  arrives --root /run/x kill --all box 9
  shim delete --force box
  arrives delete --force box
}

@test "odd bytes, blanks, quotes and empty words arrive unchanged" {
  shim --root '/run/a b' state $'new\nline' '' "quo'te\"" $'\xff\xfe' '$(id)'
  arrives --root '/run/a b' state $'new\nline' '' "quo'te\"" $'\xff\xfe' '$(id)'
}

@test "a container whose name is a verb is still a container" {
  shim state create
  arrives state create
  shim kill exec KILL
  arrives kill exec KILL
}

@test "--version, features, and a verb nobody knows go through" {
  shim --version
  arrives --version
  shim checkpoint --image-path /i --work-path /w box
  arrives checkpoint --image-path /i --work-path /w box
  shim brand-new-verb --flag box
  arrives brand-new-verb --flag box
}

@test "the environment arrives unchanged, an empty one too" {
  env -i A=1 'B=two words' C= "$HARDENED_STAGE/bin/hardened-runtime" state box
  printf '%s\0' A=1 'B=two words' C= | cmp - "$DIRECTORY/environ"
  env -i "$HARDENED_STAGE/bin/hardened-runtime" state box
  [ ! -s "$DIRECTORY/environ" ]
}

@test "the runtime's exit status arrives" {
  echo 42 >"$DIRECTORY/status"
  run shim state box
  equals "$status" 42
}

@test "no environment variable names another policy or runtime" {
  XDG_CONFIG_HOME=/tmp HARDENED_POLICY=/tmp/x HARDENED_RUNTIME=/bin/false PATH=/nowhere "$HARDENED_STAGE/bin/hardened-runtime" state box
  arrives state box
}

@test "the runtime that made a container gets its verbs, whichever made the last one" {
  mkdir "$DIRECTORY/other"
  cp "$HARDENED_WORKLOADS/record" "$DIRECTORY/other/runc"
  use_runtime "$DIRECTORY/other/runc"
  mkdir -p "$DIRECTORY/root/first" # the runtime's record of a container: it is not gone
  make_bundle "$DIRECTORY/bundle"
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" second
  rm -f "$DIRECTORY"/{,other/}argv
  shim --root "$DIRECTORY/root" kill first 9
  arrives --root "$DIRECTORY/root" kill first 9
  [ ! -e "$DIRECTORY/other/argv" ]
}

@test "a container of ours gets its verbs before the C library starts, byte for byte, and never in a loop" {
  local grant
  [ "$(uname -m)" = x86_64 ] || skip "the early entry is for x86-64"
  use_runtime "$DIRECTORY/runc"
  make_bundle "$DIRECTORY/bundle"
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" early
  rm "$DIRECTORY/argv"
  strace -o "$DIRECTORY/trace" "$HARDENED_STAGE/bin/hardened-runtime" --root "$DIRECTORY/root" kill --all early $'\xff \n' ''
  arrives --root "$DIRECTORY/root" kill --all early $'\xff \n' ''
  equals "$(sed -n '2,/^execve/s/(.*//p' "$DIRECTORY/trace" | sort | uniq -c | tr -s ' \n' ' ')" " 1 execve 3 stat "
  env -i A=1 C= "$HARDENED_STAGE/bin/hardened-runtime" --root "$DIRECTORY/root" start early
  printf '%s\0' A=1 C= | cmp - "$DIRECTORY/environ"
  echo 43 >"$DIRECTORY/status"
  run shim --root "$DIRECTORY/root" delete -f early
  equals "$status" 43
  # An administrator may put a link to us where the runtime was: the one of the last create is left.
  grant=$(dirname "$HARDENED_STAGE"/run/hardened/grants/*/*"$(basename "$DIRECTORY")"*@early/runtime)
  ln -sfn "$HARDENED_STAGE/bin/hardened-compat" "$grant/runtime"
  rm "$DIRECTORY/argv" "$DIRECTORY/status"
  shim --root "$DIRECTORY/root" state early
  arrives --root "$DIRECTORY/root" state early
}

@test "without state and policy a verb still finds a runtime" {
  rm -f "$(policy_file)" "$HARDENED_STAGE/run/hardened/runtime"
  run --separate-stderr shim --root "$DIRECTORY/none" list --quiet
  equals "$status [$output]" "0 []"
  [ ! -e "$DIRECTORY/argv" ]
}
