#!/usr/bin/env bats
# The package on clean systems: it installs, its programs run, it goes without a trace, and it does not go while it is
# used.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  PACKAGE=$(package_under_test)
  [ -n "$PACKAGE" ]
  export PACKAGE
}
teardown() { remove_root; }

# put_package: where the system sees it.
put_package() { cp "$PACKAGE" "$ROOT/tmp/hardened.deb"; }
install_package() {
  put_package
  in_root apt-get install -o Dpkg::Use-Pty=0 -q -y --no-install-recommends /tmp/hardened.deb
}
is_installed() { [ "$(in_root dpkg-query -W -f '${db:Status-Status}' hardened)" = installed ]; }

# An odd one: what is kept byte for byte must be more than what a tidy writer would write anyway.
odd_configuration() {
  mkdir -p "$ROOT/etc/docker"
  printf '{"log-opts":{"max-size" : "10m"},\r\n\t"labels":["a\\/b"] , "default-runtime":"runc"}' >"$ROOT/etc/docker/daemon.json"
  chmod 0640 "$ROOT/etc/docker/daemon.json"
}

# A living container as the state directory has it: its grant points at what its runtime keeps of it.
living_container() {
  local grant=$ROOT/run/hardened/grants/ab/abcdef
  mkdir -p "$grant" "$ROOT/run/docker/runtime-runc/moby/3f2a9c"
  ln -s /run/docker/runtime-runc/moby/3f2a9c "$grant/container"
  ln -s 1:0 "$grant/creator"
}

# whole_life RELEASE: from a clean system to a clean system.
whole_life() {
  local before=$BATS_TEST_TMPDIR/before after=$BATS_TEST_TMPDIR/after configuration program version
  make_root "$1"
  configuration=$ROOT/etc/docker/daemon.json
  odd_configuration
  cp -p "$configuration" "$BATS_TEST_TMPDIR/daemon.json"
  tree >"$before"
  install_package
  is_installed
  for program in "$ROOT"/usr/bin/hardened-{runtime,compat,train} "$ROOT/usr/bin/hardenctl" "$ROOT/usr/libexec/hardened/hardened-record"; do
    [ -x "$program" ]
  done
  version=$(dpkg-deb -f "$PACKAGE" Version)
  [ "$(in_root hardenctl --version)" = "${version%-*}" ]
  [ "$(in_root hardenctl controls --json | tr -d ' \n' | grep -o '"id":' | wc -l)" -gt 30 ]
  in_root hardenctl policy check
  # It runs, and there is nothing to hand on to.
  run in_root hardened-runtime --version
  [ "$status" != 0 ]
  contains "hardened: cannot"

  in_root hardenctl install docker --default --config /etc/docker/daemon.json
  jq -e '."default-runtime" == "hardened"' "$configuration" >/dev/null
  living_container
  run in_root apt-get remove -o Dpkg::Use-Pty=0 -q -y hardened
  [ "$status" != 0 ]
  contains "/etc/docker/daemon.json names its runtimes"
  contains "first: hardenctl uninstall docker"
  contains "hardened:   3f2a9c"
  is_installed
  in_root hardenctl --version
  [ -e "$ROOT/run/hardened/grants/ab/abcdef" ]

  in_root hardenctl uninstall docker
  cmp "$configuration" "$BATS_TEST_TMPDIR/daemon.json"
  run in_root apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  [ "$status" != 0 ]
  contains "cannot be removed while containers run"
  is_installed
  rm -r "$ROOT/run/docker"
  # What the site and the programs made themselves.
  in_root install -D -m 644 /usr/share/hardened/profiles/compat.json /etc/hardened/profiles.d/site.json
  in_root install -D -m 600 /dev/null /var/log/hardened/audit.jsonl
  in_root install -D -m 600 /dev/null /var/lib/hardened/training/1.jsonl
  in_root apt-get remove -o Dpkg::Use-Pty=0 -q -y hardened
  [ -e "$ROOT/var/log/hardened/audit.jsonl" ]
  [ -e "$ROOT/etc/hardened/profiles.d/site.json" ]
  [ -e "$ROOT/etc/logrotate.d/hardened" ]
  in_root apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  tree >"$after"
  diff "$before" "$after"
}

@test "Debian 12: installed, registered, kept while it is used, and gone without a trace" { whole_life bookworm; }
@test "Debian 13: installed, registered, kept while it is used, and gone without a trace" { whole_life trixie; }

# What names us keeps the package; what does not, does not. FILE|keeps or lets go|what the file says
CONFIGURATIONS=(
  '/etc/docker/daemon.json|keeps|{"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"}}}'
  '/etc/docker/daemon.json|keeps|{"runtimes":{"x":{"path":"\/usr\/bin\/hardened-compat"}}}'
  '/etc/docker/daemon.json|keeps|{"runtimes":{"x":{"path":"/bin/hardened-train"}}}'
  '/etc/docker/daemon.json|keeps|{"runtimes":{"x":{"path" : "hardened-runtime"}}}'
  '/etc/docker/daemon.json|lets go|{"runtimes":{"hardened":{"path":"/usr/local/bin/hardened-runtime"}}}'
  '/etc/docker/daemon.json|lets go|{"runtimes":{"hardened-compat":{"path":"/opt/other"}}}'
  '/etc/docker/daemon.json|lets go|{"labels":["hardened-runtime"]}'
  '/etc/docker/daemon.json|lets go|'
  '/etc/systemd/system/docker.service.d/a.conf|keeps|ExecStart=/usr/sbin/dockerd --add-runtime h=/usr/bin/hardened-runtime'
  '/etc/systemd/system/docker.service.d/a.conf|lets go|# --add-runtime h=/usr/bin/hardened-runtime'
  '/etc/containerd/config.toml|keeps|    BinaryName = "/usr/bin/hardened-runtime"'
  '/etc/containers/containers.conf.d/h.conf|keeps|hardened = ["/usr/bin/hardened-runtime"]'
  '/etc/crio/crio.conf.d/10-h.conf|keeps|runtime_path = "/usr/bin/hardened-compat"'
  '/etc/crio/crio.conf.d/10-h.conf|lets go|  # runtime_path = "/usr/bin/hardened-compat"'
)

# use_root: a system with the package, for those who do not care what was there before.
use_root() {
  make_root bookworm
  put_package
  in_root dpkg -i /tmp/hardened.deb
}

@test "a removal is refused while an engine's configuration names the runtimes, wherever that is" {
  local row file verdict text
  use_root
  for row in "${CONFIGURATIONS[@]}"; do
    IFS='|' read -r file verdict text <<<"$row"
    mkdir -p "$ROOT${file%/*}"
    printf '%s\n' "$text" >"$ROOT$file"
    run in_root /var/lib/dpkg/info/hardened.prerm remove
    case $verdict in
      keeps) [ "$status" = 1 ] && contains "$file names its runtimes" ;;
      *) [ "$status" = 0 ] && [ -z "$output" ] ;;
    esac || { echo "not as it should be: $row: $status $output" && false; }
    [ "$(cat "$ROOT$file")" = "$text" ]
    rm "$ROOT$file"
  done
  # Where only hardenctl's own notes say so; a blank in the name is no matter.
  mkdir "$ROOT/srv/my docker"
  in_root hardenctl install docker --config '/srv/my docker/daemon.json'
  run in_root dpkg --remove hardened
  [ "$status" != 0 ]
  contains "first: hardenctl uninstall docker --config /srv/my docker/daemon.json"
  in_root hardenctl uninstall docker --config '/srv/my docker/daemon.json'
  # What a container that is just being created has is its creator, and another process of that number is not that.
  living_container
  rm -r "$ROOT/run/docker"
  run in_root sh -c 'ln -sfn "$$:$(sed "s/.*) //" /proc/$$/stat | cut -d " " -f 20)" /run/hardened/grants/ab/abcdef/creator &&
    dpkg --remove hardened'
  [ "$status" != 0 ]
  contains "hardened:   3f2a9c"
  in_root sh -c 'ln -sfn "$$:1" /run/hardened/grants/ab/abcdef/creator && dpkg --remove hardened'
  [ ! -e "$ROOT/usr/bin/hardenctl" ]
  [ ! -e "$ROOT/run/hardened" ]
}

@test "a purge leaves what another copy of the program uses" {
  use_root
  in_root install -D -m 600 /dev/null /var/log/hardened/audit.jsonl
  in_root dpkg --remove hardened
  in_root install -m 755 /dev/null /usr/bin/hardened-runtime
  in_root dpkg --purge hardened
  [ -e "$ROOT/var/log/hardened/audit.jsonl" ]
}

@test "lintian finds nothing, and no override is unused" {
  run lintian --fail-on none "$PACKAGE"
  output=$(grep -v 'running with root privileges' <<<"$output" || true)
  [ -z "$output" ] || { echo "$output" && false; }
}

@test "the package holds what it should, root's, and depends on what every Debian has" {
  local listing path
  listing=$(dpkg-deb -c "$PACKAGE")
  for path in /usr/bin/{hardened-{runtime,compat,train},hardenctl} /usr/libexec/hardened/hardened-record \
    /usr/share/hardened/profiles/{strict,compat,train}.json /usr/share/hardened/profiles/schemas/policy.schema.json \
    /usr/share/man/man8/{hardened-runtime,hardened-compat,hardened-train,hardenctl}.8.gz \
    /usr/share/man/man5/hardened-{policy,profile,audit}.5.gz /usr/share/bash-completion/completions/hardenctl \
    /etc/logrotate.d/hardened /usr/share/doc/hardened/{copyright,changelog.gz,changelog.Debian.gz}; do
    grep -qE " \.$path( -> .*)?\$" <<<"$listing" || { echo "lacks $path" && false; }
  done
  [ -z "$(grep -v ' root/root ' <<<"$listing")" ]
  [ -z "$(grep -E '^-([^ ]*s|[^ ]{4}w|[^ ]{7}w)' <<<"$listing")" ]
  [ "$(dpkg-deb -f "$PACKAGE" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' | sort | tr '\n' ' ')" = "libc6 libgcc-s1 libstdc++6 " ]
  [ "$(dpkg-deb -f "$PACKAGE" Recommends)" = "docker.io | docker-ce, runc | crun" ]
  # A static program needs nothing: it is what keeps containers killable.
  dpkg-deb -x "$PACKAGE" "$BATS_TEST_TMPDIR/tree"
  for path in usr/bin/hardened-runtime usr/libexec/hardened/hardened-record; do
    [ -z "$(readelf -d "$BATS_TEST_TMPDIR/tree/$path" | grep NEEDED)" ]
  done
}

# What git tracks is what somebody else needs; where there is no repository, there is nothing to compare with.
@test "the source tarball is what the repository holds, and configures and compiles without a network" {
  local version tree
  version=$(dpkg-deb -f "$PACKAGE" Version)
  tree=$BATS_TEST_TMPDIR/hardened-${version%-*}
  (cd "$HARDENED_BUILD/stage-build" && cpack --config CPackSourceConfig.cmake -B "$BATS_TEST_TMPDIR")
  tar -C "$BATS_TEST_TMPDIR" -xf "$tree.tar.xz"
  if git -C "$HARDENED_SOURCE" rev-parse >/dev/null 2>&1; then
    diff <(git -C "$HARDENED_SOURCE" ls-files | sort) <(cd "$tree" && find . ! -type d | sed 's|^./||' | sort)
  fi
  # All of it takes minutes; what needs a generator, a compiler and the BPF compiler is tried.
  cd "$tree"
  unshare --net cmake --preset release
  unshare --net cmake --build --preset release --target hardened_util hardened_data hardened_record_object
}
