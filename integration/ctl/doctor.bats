#!/usr/bin/env bats
# hardenctl doctor: each check is shown well and ill, the latter by taking away what it asks for.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup() {
  DIRECTORY=$(suite_directory)
  rm -rf "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"
}
teardown() { rm -rf "$DIRECTORY" "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"; }

# healthy CHECK OPTION..., ill CHECK REMEDY OPTION...
healthy() {
  ends 0 doctor "$@"
  [[ $output == *" pass "* ]] || { echo "$output" && false; }
}
ill() {
  local remedy=$2
  set -- "$1" "${@:3}"
  ends 1 doctor "$@"
  [[ $output == *" FAIL "* && $output == *"mend: $remedy"* ]] || { echo "$output" && false; }
}

@test "what there is to check is named; what there is not, too" {
  ends 2 doctor polcy
  complains 'did you mean "policy"?'
  ends 0 doctor seccomp cgroups --json
  equals "$(jq -c 'map([.check, .health])' <<<"$output")" '[["seccomp","pass"],["cgroups","pass"]]'
  run hardenctl doctor --json
  jq -e 'all(.check and .question and (.health | IN("pass", "FAIL", "note", "n/a")) and .detail)' <<<"$output" >/dev/null
  equals "$(jq -r '.[].check' <<<"$output" | sort | uniq -d)" ""
}

@test "policy: none, a good one, one with a mistake" {
  healthy policy
  use_runtime "$(command -v runc)"
  healthy policy
  echo '{"version": 1, "default_profil": "strict"}' >"$(policy_file)"
  ends 1 doctor policy
  [[ $output == *"$(policy_file):1:"*'did you mean "default_profile"?'* ]]
}

@test "runtime: the policy's, by name and version; one that is not there" {
  use_runtime "$(command -v runc)"
  ends 0 doctor runtime
  [[ $output == *"runc $(runc --version | sed -n '1s/^runc version \([0-9.]*\).*/\1/p') ($(command -v runc))"* ]]
  use_runtime /nowhere/runc
  ends 1 doctor runtime
  [[ $output == *"/nowhere/runc"* ]]
}

@test "user-namespaces: there, and taken away in a namespace of its own" {
  healthy user-namespaces
  run unshare --user --map-root-user sh -c \
    'echo 0 >/proc/sys/user/max_user_namespaces && exec "$1" doctor user-namespaces' sh "$HARDENED_STAGE/bin/hardenctl"
  [ "$status" = 1 ]
  contains 'mend: raise user.max_user_namespaces'
}

@test "id-ranges: the default pool; subordinate ids of which there are too few" {
  healthy id-ranges
  echo 'hardened:100000:10' >"$DIRECTORY/subid"
  run unshare --mount sh -c 'mount --bind "$1/subid" /etc/subuid && mount --bind "$1/subid" /etc/subgid &&
    exec "$2" doctor id-ranges' sh "$DIRECTORY" "$HARDENED_STAGE/bin/hardenctl"
  [ "$status" = 1 ]
  contains ' FAIL '
}

@test "idmapped-mounts: a file system that has them, one that has none, no Docker" {
  healthy idmapped-mounts --docker-data "$DIRECTORY"
  ill idmapped-mounts "keep Docker's data on" --docker-data /proc
  ends 0 doctor idmapped-mounts --docker-data "$DIRECTORY/nowhere"
  contains ' n/a '
}

@test "audit-log: not there yet, there, one that others may write to" {
  healthy audit-log
  mkdir -p "$HARDENED_STAGE/var/log/hardened"
  chmod 0755 "$HARDENED_STAGE/var/log/hardened"
  healthy audit-log
  chmod 0775 "$HARDENED_STAGE/var/log/hardened"
  ill audit-log "chmod go-w"
}

@test "docker-default: registered and the default, registered only, neither, unreadable, no Docker" {
  local config=$DIRECTORY/daemon.json
  local -a where=(--docker-config "$config" --docker-data "$DIRECTORY" --docker-socket "$DIRECTORY/none")
  hardenctl install docker --default --config "$config"
  healthy docker-default "${where[@]}"
  jq 'del(."default-runtime")' "$config" >"$config.new" && mv "$config.new" "$config"
  ill docker-default "hardenctl install docker --default" "${where[@]}"
  contains "containers get runc unless they ask for hardened or hardened-compat"
  echo '{"default-runtime": "runsc"}' >"$config"
  ill docker-default "hardenctl install docker --default" "${where[@]}"
  echo '{' >"$config"
  ends 1 doctor docker-default "${where[@]}"
  contains "$config:1:"
  ends 0 doctor docker-default --docker-config "$DIRECTORY/none" --docker-data "$DIRECTORY/none" --docker-socket "$DIRECTORY/none"
  contains ' n/a '
  rm -rf "$HARDENED_STAGE/var/lib/hardened/install"
}

@test "docker-socket: for root and a group, for everyone, none" {
  touch "$DIRECTORY/docker.sock"
  chmod 0660 "$DIRECTORY/docker.sock"
  ends 0 doctor docker-socket --docker-socket "$DIRECTORY/docker.sock"
  contains ' note '
  chmod 0666 "$DIRECTORY/docker.sock"
  ill docker-socket "chown root:docker" --docker-socket "$DIRECTORY/docker.sock"
  ends 0 doctor docker-socket --docker-socket "$DIRECTORY/none"
  contains ' n/a '
}
