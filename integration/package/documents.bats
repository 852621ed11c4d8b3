#!/usr/bin/env bats
# The documents are typed in, from the first line to the last, as a new user would: on a machine without the package, with
# a dockerd that has no configuration. What cannot be typed here has a row that names who runs it.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers
# shellcheck source=integration/docker/daemon.bash
source "$HARDENED_SOURCE/integration/docker/daemon.bash"
# shellcheck source=integration/docker/images.bash
source "$HARDENED_SOURCE/integration/docker/images.bash"
# shellcheck source=integration/package/layers.bash
source "$HARDENED_SOURCE/integration/package/layers.bash"

# COMMAND|who runs it|what stands there to show it
ELSEWHERE=(
  'sudo integration/quickstart|integration/package/documents.bats|HARDENED_SOURCE/integration/quickstart'
  'sudo integration/bench [--plot]|integration/package/documents.bats|HARDENED_SOURCE/integration/bench'
  'integration/bench|integration/package/documents.bats|HARDENED_SOURCE/integration/bench'
  'sudo integration/trained|integration/package/documents.bats|HARDENED_SOURCE/integration/trained'
  'sudo integration/matrix|integration/package/documents.bats|HARDENED_SOURCE/integration/matrix'
  'sudo integration/faults|integration/package/documents.bats|HARDENED_SOURCE/integration/faults'
  'integration/faults|integration/package/documents.bats|HARDENED_SOURCE/integration/faults'
  'sudo integration/vm/run|tests/run|HARDENED_SOURCE/integration/vm/run'
  'sudo tests/run|.ci/run|tests/run lint unit property integration'
  'tests/run|.ci/run|tests/run lint unit property integration'
  'tests/run unit|.ci/run|tests/run lint unit'
  '.ci/run|.ci/run|exec tests/run'
  'cmake --preset dev && cmake --build --preset dev|tests/run|build dev'
  'cmake --preset coverage && cmake --build --preset coverage|integration/package/documents.bats|cmake --preset coverage -B'
  'cmake --preset release && cmake --build --preset release && (cd build/release && cpack -G DEB)|integration/lib.bash|cpack -G DEB'
  'cmake --workflow --preset package|integration/package/documents.bats|cmake --workflow --list-presets'
  'sudo cmake --install build/release|integration/lib.bash|cmake --install'
  '(cd build/release && cpack --config CPackSourceConfig.cmake)|integration/package/package.bats|cpack --config CPackSourceConfig.cmake'
  'podman --hooks-dir /usr/share/hardened/hooks.d run --annotation io.hardened.record=true nginx:1.25|integration/podman/hooks.bats|--hooks-dir'
  'man hardenctl|integration/package/manual.bats|man --warnings'
  'kubectl label node NODE hardened.org/runtime=true|integration/kubernetes/manifests.bats|label --local'
  'kubectl apply -f integration/kubernetes/runtime-classes.yaml|integration/kubernetes/manifests.bats|kubectl --server'
  'kubectl apply -f integration/kubernetes/pod.yaml|integration/kubernetes/manifests.bats|kubectl --server'
  # Named in a sentence, without what they are given.
  'docker run|integration/docker/defaults.bats|docker run'
  'docker run -d|integration/docker/attacks.bats|docker run -d'
  'docker run --rm|integration/docker/helpers.bash|docker run --rm'
  'docker run --annotation|integration/vm/installed.bats|--annotation'
  'docker exec|integration/docker/lifecycle.bats|docker exec'
  'docker update|integration/docker/lifecycle.bats|docker update'
  'docker cp|integration/docker/lifecycle.bats|docker cp'
  'docker build|integration/docker/build.bats|docker build'
  'docker start --checkpoint|integration/runc/commandline.bats|restore --bundle'
  'docker service ps --no-trunc|integration/docker/swarm.bats|docker service ps --no-trunc'
  'dockerd --validate|integration/ctl/install.bats|dockerd'
  'podman cp|integration/podman/podman.bats|podman cp'
  'podman build|integration/podman/podman.bats|podman build'
  'podman --runtime crun build|integration/podman/podman.bats|podman --runtime crun build'
  'hardenctl install|integration/ctl/install.bats|ends 0 install'
  'hardenctl audit|integration/ctl/hardenctl.bats|ends 0 audit'
  'hardenctl profile generate|integration/ctl/profile.bats|ends 0 profile generate'
)

# COMMAND|how else it may end: by what it found, never with 2.
FINDINGS=('hardenctl doctor|1' 'hardenctl doctor --host|1' 'hardenctl doctor buildkit|1' 'hardenctl status|1'
  'docker run --runtime=hardened -v /var/run/docker.sock:/s alpine|125'
  'docker run --name lister -v /var/run/docker.sock:/s alpine ls -l /s|125' 'hardenctl explain lister|1')

# What stands for a reader's own: PLACEHOLDER|what the test has there.
FILLED=('[ID]|seccomp' 'explain NAME|explain web')

setup_file() {
  unset DOCKER_HOST
  export DOCUMENTED=$BATS_FILE_TMPDIR/documented PACKAGE
  PACKAGE=$(HARDENED_STAGE='' package_under_test)
  [ -n "$PACKAGE" ]
  "$BATS_TEST_DIRNAME/documented" "$HARDENED_SOURCE"/{README,CONTRIBUTING}.md "$BATS_TEST_DIRNAME"/man/*.[58] >"$DOCUMENTED"
  HARDENED_DAEMON_USUAL=1 daemon_up '{}' new_machine
  make_images
  user_images
}
teardown_file() { daemon_down; }

# new_machine: where neither the package nor a configuration of Docker's is.
new_machine() {
  put_layers
  # The index of all manual pages takes longer than all else.
  inside rm -rf /etc/docker /etc/hardened /etc/containerd /var/lib/hardened /var/lib/man-db/auto-update
  # An address that is not the loopback's: a swarm wants one.
  inside ip link add outside type veth peer name inside
  inside ip address add 192.0.2.1/24 dev outside
  inside ip link set outside up
  mkdir -p "$HARDENED_DAEMON/home/build/release"
  cp "$PACKAGE" "$HARDENED_DAEMON/home/build/release/"
  printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >"$HARDENED_DAEMON/apt.conf"
}

# user_images: what the documents call them. They are all busybox; the server says when it has served for a while.
user_images() {
  local serve='trap exit TERM; i=0; while :; do sleep 0.1; i=$((i + 1)); [ $i != 15 ] || echo serving; done'
  docker tag "$BOX" alpine
  docker build --quiet --tag nginx:1.25 --tag registry.example/web:1 - >/dev/null <<<"FROM $BOX
CMD $(jq -cn --arg serve "$serve" '["sh", "-c", $serve]')"
  # The next version, for the canary: it serves for a while, and ends.
  docker build --quiet --tag nginx:1.26 - >/dev/null <<<"FROM $BOX
CMD $(jq -cn --arg serve "${serve/while :/while [ \$i -lt 20 ]}" '["sh", "-c", $serve]')"
  docker build --quiet --tag nginx - >/dev/null <<<"FROM $BOX
CMD [\"true\"]"
}

# next_documented: the next part of what is documented, from descriptor 9. Sets document, section, kind and text.
next_documented() { IFS=$'\x1f' read -r -u 9 -d $'\x1e' document section kind text; }

# a_command: a sentence's word is one if it begins like one.
a_command() {
  case $kind in
    command) ;;
    word)
      [[ $text =~ ^(sudo|hardenctl|docker|dockerd|podman|kubectl|cmake|man)\ |^\(cd\ |^\.ci/|^tests/run|^integration/(bench|quickstart)$ ]]
      ;;
    *) false ;;
  esac
}

# row_of COMMAND ROW...: prints what stands behind "COMMAND|".
row_of() {
  local command=$1 row
  for row in "${@:2}"; do
    [ "${row%%|*}" != "$command" ] || { printf '%s\n' "${row#*|}" && return; }
  done
  return 1
}

# fresh: no containers, policy, profiles, logs; a directory to work in. The package and Docker's configuration stay.
fresh() {
  # A swarm would put new ones in their place.
  docker swarm leave --force >/dev/null 2>&1 || true
  remove_containers
  inside bash -c 'rm -rf /etc/hardened /var/log/hardened /var/lib/hardened/training'
  rm -rf "$HARDENED_DAEMON"/home/*.{json,html}
  printf '%s\n' "$HARDENED_DAEMON/home" >"$HARDENED_DAEMON/here"
}

# typed COMMAND: where the one before it left the reader. Leaves what it said in $output.
typed() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  run inside env -u DOCKER_HOST -u DOCKER_CONFIG HOME="$HARDENED_DAEMON/home" APT_CONFIG="$HARDENED_DAEMON/apt.conf" \
    DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 bash -c '
      sudo() { "$@"; }
      cd "$(<"$1")" || exit 99
      eval "$2"
      status=$?
      pwd >"$1"
      exit $status' typed "$HARDENED_DAEMON/here" "$1" </dev/null
}

# types COMMAND: filled in, and as it should end.
types() {
  local command=$1 row
  for row in "${FILLED[@]}"; do command=${command/"${row%%|*}"/"${row#*|}"}; done
  before "$command"
  if [ "$command" = 'hardenctl audit follow' ]; then
    followed
    return
  fi
  typed "$command"
  [ "$status" = 0 ] || [ "$status" = "$(row_of "$command" "${FINDINGS[@]}")" ] || {
    printf '%s, "%s", says:\n%s\nIt ended with %s:\n%s\n' "$document" "$section" "$command" "$status" "$output"
    return 1
  }
  after "$command"
}

# types_all KIND FILE [SECTION]: all of that kind that the document says, or that one section of it says or, with a "!"
# before its name, all others.
types_all() {
  local document section kind text
  while next_documented; do
    [ "$document" = "$2" ] || continue
    case ${3:-} in
      '') ;;
      '!'*) [ "!$section" != "$3" ] || continue ;;
      *) [ "$section" = "$3" ] || continue ;;
    esac
    if [ "$1 $kind" = "command output" ]; then
      shown "$text"
    elif [ "$1" = "$kind" ] && a_command && ! row_of "$text" "${ELSEWHERE[@]}" >/dev/null; then
      types "$text"
    fi
  done 9<"$DOCUMENTED"
}

# shown TEXT: the refusal, as the document shows it; what Docker says around it is another one's.
shown() {
  local expected
  expected=$(tr -s ' \n' ' ' <<<"$1" | sed 's/^.*hardened: refused/hardened: refused/; s/: unknown *$//')
  contains "$expected"
}

serving() { docker logs web | grep -q serving; }

# before COMMAND: what a reader would have, or have done, by then.
before() {
  case $1 in
    'docker stop web'*)
      wait_for 20 serving
      docker exec web true
      ;;
    'docker run -d --name web nginx:1.25') [ "$document" != hardenctl.8 ] || put_policy "$row_printed" ;;
    *audit.jsonl.1) [ "$document" = hardened-audit.5 ] || rotate ;;
    *audit.jsonl.2.gz) rotate && rotate ;;
  esac
}

# after COMMAND: what it is for, where its end alone does not tell.
after() {
  case $1 in
    *'install docker --default') wait_for 10 is_default hardened ;;
    'sudo hardenctl uninstall docker') inside test ! -e /etc/docker/daemon.json ;;
    'hardenctl explain box') contains "no-new-privileges" ;;
    'hardenctl explain lister')
      contains "engine-sockets: No control socket"
      [ "$status" = 1 ] || contains "a first look"
      ;;
    'docker start -a lister') contains "/s" ;;
    'hardenctl audit show --control engine-sockets') contains "waived engine-sockets" ;;
    'hardenctl profile install nginx.json'*) row_printed=$(grep -o '{.*}' <<<"$output") ;;
    'docker run -d --name web nginx:1.25') runs_under_its_profile ;;
    'sed -n 1p'*) digest=${output%% *} ;;
    'sed -n 2p'*) [ "$output" = "$digest" ] ;;
  esac
}

is_default() { [ "$(docker info --format '{{.DefaultRuntime}}')" = "$1" ]; }

# put_policy ROW
put_policy() {
  [ -n "$1" ] && inside bash -c 'printf "{\"version\": 1, \"select\": [%s]}\n" "$1" >/etc/hardened/policy.json' put_policy "$1"
}

# The row that was printed is one that the document says, and the profile is that of the training.
runs_under_its_profile() {
  run inside jq -c '.select[]' /etc/hardened/policy.json
  contains "$(jq -c . <<<"$row_printed")"
  run inside hardenctl audit show --last 1 --call create --json
  contains '"profile":"nginx"'
}

# rotate: as logrotate(8) does, with a decision before and after.
rotate() {
  docker run --rm alpine true
  inside logrotate --force --state "$HARDENED_DAEMON/logrotate" /etc/logrotate.d/hardened
  docker run --rm alpine true
}

# followed: it goes on until it is ended, so it is, when it has told what happens.
followed() {
  local follower said=$HARDENED_DAEMON/followed
  nsenter --target "$HARDENED_HOLDER" --mount --net -- hardenctl audit follow --json >"$said" 3>&- 9<&- &
  follower=$!
  wait_for 10 tells_of_an_exec
  kill "$follower"
}
tells_of_an_exec() { docker exec web true && grep -q '"operation":"exec"' "$said"; }


# documented KIND [FILE]: the texts, a line each.
documented() {
  local document section kind text
  while next_documented; do
    [ "$kind" != "$1" ] || [ "$document" != "${2:-$document}" ] || printf '%s\n' "$text"
  done 9<"$DOCUMENTED"
}
documents() { tr '\036' '\n' <"$DOCUMENTED" | sed -n 's/\x1f.*//p' | grep -E '\.(md|[58])$' | sort -u; }

@test "each row is about something that is documented, and says who runs it" {
  local row file text said
  said=$(documented command && documented word)
  for row in "${ELSEWHERE[@]}"; do
    IFS='|' read -r _ file text <<<"$row"
    grep -qxF -- "${row%%|*}" <<<"$said" || { echo "nothing says: ${row%%|*}" && false; }
    # A row is no proof of itself.
    grep -v "^  '" "$HARDENED_SOURCE/$file" | grep -qF -- "$text" || { echo "$file does not run ${row%%|*}: $text" && false; }
  done
  for row in "${FINDINGS[@]}" "${FILLED[@]}"; do
    grep -qF -- "${row%%|*}" <<<"$said" || { echo "nothing says: ${row%%|*}" && false; }
  done
  [ "$(documents | xargs)" = "CONTRIBUTING.md README.md hardenctl.8 hardened-audit.5 hardened-policy.5 hardened-profile.5 hardened-runtime.8" ]
  for file in README.md hardenctl.8 hardened-{audit,policy,profile}.5 hardened-runtime.8; do
    documented command "$file" | grep -q . || { echo "no command in $file" && false; }
  done
}

# What is shown before anything is installed is seen afterwards.
@test "the README's commands, as a new user types them: installed, run, refused, waived, trained, verified" {
  fresh
  types_all command README.md Install
  [ "$(inside dpkg-query -W -f '${db:Status-Status}' hardened)" = installed ]
  types_all command README.md '!Install'
}

@test "the commands in the sentences of README and CONTRIBUTING" {
  types_all word README.md
  types_all word CONTRIBUTING.md
}

@test "the commands of every manual page" {
  local page
  for page in $(documents | grep '\.[58]$'); do
    fresh
    docker run --rm alpine true
    docker run --rm alpine true
    [ "$page" != hardened-profile.5 ] || documented json "$page" >"$HARDENED_DAEMON/home/nginx.json"
    types_all command "$page"
    types_all word "$page"
  done
}

# dated: a waiver that has ended is a fault, and the documents grow old.
dated() { sed "s/\"until\": \"[0-9-]*\"/\"until\": \"$(date -d '+1 year' +%F)\"/"; }

# checked DOCUMENT...: their policies, each with all their profiles, pass hardenctl's own check. Sets count.
checked() {
  local directory=$HARDENED_DAEMON/checked document section kind text policy
  local -a policies=()
  rm -rf "$directory"
  mkdir -p "$directory/profiles.d"
  while next_documented; do
    [ "$kind" = json ] && [[ " $* " == *" $document "* ]] || continue
    count=$((count + 1))
    [[ $text == '{'* ]] || text="{ \"name\": \"part-$count\", $text"$'\n}'
    case $text in
      *'"version"'*) policies+=("$text") ;;
      *) printf '%s\n' "$text" >"$directory/profiles.d/$(sed -n '1,2s/.*"name": "\([^"]*\)".*/\1/p' <<<"$text").json" ;;
    esac
  done 9<"$DOCUMENTED"
  [ "${#policies[@]}" -gt 0 ] || policies=('{"version": 1}')
  for policy in "${policies[@]}"; do
    dated <<<"$policy" >"$directory/policy.json"
    run "$HARDENED_STAGE/bin/hardenctl" policy check --file "$directory/policy.json" --profiles "$directory/profiles.d"
    [ "$status" = 0 ] || { echo "$*: $output" && return 1; }
  done
}

@test "the policies and profiles that the documents show are fine" {
  local count=0
  checked README.md
  checked hardened-policy.5 hardened-profile.5
  [ "$count" = "$(tr '\036' '\n' <"$DOCUMENTED" | grep -c $'\x1fjson\x1f')" ]
}

@test "sudo integration/quickstart ends with the table" {
  [ -d "$HARDENED_BUILD/stage-build" ] || skip "this checkout is not built"
  run --separate-stderr env -u HARDENED_STAGE -u DOCKER_HOST "$HARDENED_SOURCE/integration/quickstart"
  [ "$status" = 0 ] || { echo "$stderr" && false; }
  [[ $stderr == *"hardened: refused by engine-sockets"* ]]
  contains "| effective capabilities       | 14 "
  [ "${#lines[@]}" = 13 ]
}

@test "sudo integration/trained ends with a server's row" {
  [ -d "$HARDENED_BUILD/stage-build" ] || skip "this checkout is not built"
  run --separate-stderr env -u HARDENED_STAGE -u DOCKER_HOST "$HARDENED_SOURCE/integration/trained" -s memcached 1
  [ "$status" = 0 ] || { echo "$stderr" && false; }
  [[ ${lines[2]} == "| memcached | "*" | 1 | 0 | none |" ]]
}

@test "sudo integration/matrix ends with a suite's row, for a runtime of another Debian" {
  [ -d "$HARDENED_BUILD/stage-build" ] || skip "this checkout is not built"
  run --separate-stderr env -u HARDENED_STAGE -u DOCKER_HOST "$HARDENED_SOURCE/integration/matrix" -r crun/trixie swarm
  [ "$status" = 0 ] || { echo "$stderr" && false; }
  [[ ${lines[0]} == "| suite | crun 1."*" |" && ${lines[2]} =~ ^'| `swarm` | '[1-9][0-9]*' |'$ ]]
}

@test "sudo integration/faults ends with a row" {
  [ -d "$HARDENED_BUILD/stage-build" ] || skip "this checkout is not built"
  run --separate-stderr env -u HARDENED_STAGE -u DOCKER_HOST "$HARDENED_SOURCE/integration/faults" delete
  [ "$status" = 0 ] || { echo "$stderr" && false; }
  [[ ${lines[2]} == "| delete | runc | "*" | 0 |" ]]
}

@test "sudo integration/bench ends with its table, and cmake knows the way from the source to the package" {
  [ -d "$HARDENED_BUILD/stage-build" ] || skip "this checkout is not built"
  cp "$HARDENED_BUILD/bench.json" "$BATS_TEST_TMPDIR/" || true
  run --separate-stderr env -u HARDENED_STAGE -u DOCKER_HOST "$HARDENED_SOURCE/integration/bench" 1 2
  [ "$status" = 0 ] || { echo "$stderr" && false; }
  # As many rows as the README shows.
  [ "$(grep -c '^| .* ms | ' <<<"$output")" = "$(grep -c '^| .* ms | ' "$HARDENED_SOURCE/README.md")" ]
  # The numbers of a real measurement are not to be lost to this one.
  mv "$BATS_TEST_TMPDIR/bench.json" "$HARDENED_BUILD/" || rm "$HARDENED_BUILD/bench.json"
  cd "$HARDENED_SOURCE"
  run cmake --workflow --list-presets
  contains '"package"'
}

@test "the preset of the coverage counts in programs as well as in tests" {
  local command
  cd "$HARDENED_SOURCE"
  cmake --preset coverage -B "$BATS_TEST_TMPDIR/coverage"
  run ninja -C "$BATS_TEST_TMPDIR/coverage" -t commands coverage
  [ "$status" = 0 ] || { echo "$output" && false; }
  for command in '-o shim/runtime/hardened-runtime ' '-o tests/test_ctl ' integration/coverage; do
    grep -qF -- "$command" <<<"$output" || { echo "it does not run: $command" && false; }
  done
}
