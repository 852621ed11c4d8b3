#!/usr/bin/env bats
# hardenctl doctor --host: every check on a host built insecurely and on one built securely, and what they say.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup() {
  DIRECTORY=$(suite_directory)
  ROOT=$DIRECTORY/root
}
teardown() {
  ! mountpoint -q "$ROOT/var/lib/docker" || umount "$ROOT/var/lib/docker"
  rm -rf "$DIRECTORY"
}

# says PATH WORDS: a program of the host that only prints WORDS.
says() {
  printf '#!/bin/sh\necho "%s"\n' "$2" >"$ROOT$1"
  chmod 0755 "$ROOT$1"
}

# What both hosts have; they differ in owners, modes, contents and versions.
files() {
  printf '%s\n' /etc/systemd/system/docker.service /etc/systemd/system/docker.socket /etc/docker/daemon.json \
    /etc/docker/certs.d/registry/ca.crt /etc/docker/certs.d/registry/client.key /root/.docker/ca.pem \
    /root/.docker/cert.pem /root/.docker/key.pem /root/.docker/trust/private/root.key /run/docker.sock \
    /run/containerd/containerd.sock /etc/default/docker /etc/sysconfig/docker /etc/containerd/config.toml \
    /etc/hardened/policy.json /etc/group /etc/environment /proc/sys/net/ipv4/ip_forward \
    /usr/bin/{docker,dockerd,containerd,containerd-shim,containerd-shim-runc-v1,containerd-shim-runc-v2,runc,crun,hardened-runtime}
}

build_root() {
  local file
  mkdir -p "$ROOT/var/lib/docker" "$ROOT/etc/audit/rules.d"
  while read -r file; do
    mkdir -p "$ROOT$(dirname "$file")"
    touch "$ROOT$file"
  done < <(files)
  printf '[Service]\nExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS\n' >"$ROOT/etc/systemd/system/docker.service"
}

secure_root() {
  build_root
  chmod 0444 "$ROOT/etc/docker/certs.d/registry/ca.crt" "$ROOT"/root/.docker/{ca,cert}.pem
  chmod 0400 "$ROOT/etc/docker/certs.d/registry/client.key" "$ROOT/root/.docker/key.pem"
  chmod 0600 "$ROOT/root/.docker/trust/private/root.key"
  chmod 0660 "$ROOT/run/docker.sock" "$ROOT/run/containerd/containerd.sock"
  chgrp 998 "$ROOT/run/docker.sock"
  echo 'docker:x:998:' >"$ROOT/etc/group"
  echo DOCKER_CONTENT_TRUST=1 >"$ROOT/etc/environment"
  echo 1 >"$ROOT/proc/sys/net/ipv4/ip_forward"
  mount -t tmpfs tmpfs "$ROOT/var/lib/docker"
  says /usr/bin/dockerd 'Docker version 29.1.0, build 1'
  says /usr/bin/containerd 'containerd github.com/containerd/containerd/v2 v2.3.2 1'
  says /usr/bin/runc 'runc version 1.4.3'
  says /usr/bin/crun 'crun version 1.26'
  jq -n '{"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": true, "icc": false, "log-level": "info", "ip": "127.0.0.1",
    "registry-mirrors": ["https://mirror"], "storage-driver": "overlay2",
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}, "userns-remap": "default",
    "authorization-plugins": ["opa"], "log-driver": "syslog", "no-new-privileges": true, "live-restore": true,
    "userland-proxy": false, "experimental": false}' >"$ROOT/etc/docker/daemon.json"
  {
    printf -- '-w %s -p wa -k docker\n' /run/containerd /var/lib/docker /etc/docker /etc/default/docker \
      /etc/sysconfig/docker /etc/systemd/system /etc/containerd/config.toml /etc/hardened
    printf -- '-a always,exit -F path=%s -F perm=x -k docker\n' /usr/bin/{dockerd,containerd,containerd-shim} \
      /usr/bin/{containerd-shim-runc-v1,containerd-shim-runc-v2,runc,hardened-runtime}
  } >"$ROOT/etc/audit/rules.d/docker.rules"
}

insecure_root() {
  build_root
  echo "docker:x:998:alice,bob" >"$ROOT/etc/group"
  echo 1 >"$ROOT/proc/sys/net/ipv4/ip_forward"
  echo 'DOCKER_OPTS="--icc=true -H tcp://0.0.0.0:2375 --iptables=false"' >"$ROOT/etc/default/docker"
  says /usr/bin/dockerd 'Docker version 20.10.8, build 1'
  says /usr/bin/containerd 'containerd github.com/containerd/containerd 1.5.1 1'
  says /usr/bin/runc 'runc version 1.0.0-rc93'
  says /usr/bin/crun 'crun version 1.4'
  jq -n '{"log-level": "debug", "insecure-registries": ["registry:5000"], "storage-driver": "aufs", "ip": "0.0.0.0",
    "storage-opts": ["dm.basesize=50G"], "cgroup-parent": "/mine", "log-driver": "json-file",
    "seccomp-profile": "unconfined", "experimental": true, "tls": true, "userland-proxy": true}' >"$ROOT/etc/docker/daemon.json"
  echo '# -w /etc/docker -p wa' >"$ROOT/etc/audit/rules.d/docker.rules"
  files | grep -E '^/(etc|root|run)/' | sed "s|^|$ROOT|" | xargs chmod 0666
  chmod 0777 "$ROOT/etc/docker"
}

# health: "CHECK HEALTH" of the last run, a line each.
health() { jq -r '.[] | "\(.check) \(.health)"' <<<"$output"; }

# look STATUS CHECK...: at the host below $ROOT.
look() {
  local wanted=$1
  shift
  ends "$wanted" doctor --host --root "$ROOT" "$@"
}

@test "a host that is built securely passes every check" {
  secure_root
  look 0 --json
  equals "$(health | grep -v ' pass$')" ""
  [ "$(health | wc -l)" -ge 55 ]
}

@test "a host that is built insecurely fails every check" {
  insecure_root
  look 1 --json
  equals "$(health | grep -v ' FAIL$')" ""
  [ "$(health | wc -l)" -ge 55 ]
}

@test "every check has a statement, a source, a reason, and where it fails a way to mend it; no id is used twice" {
  insecure_root
  look 1 --json
  jq -e 'all(.question and (.references | test("^(CIS Docker 1\\.6\\.0|OWASP)")) and .detail and .remedy)' <<<"$output" >/dev/null
  jq -e 'all((.detail | length > 0) and (.remedy | length > 0))' <<<"$output" >/dev/null
  equals "$(jq -r '.[].check' <<<"$output" | sort | uniq -d)" ""
}

@test "a host without an engine has nothing to check" {
  mkdir -p "$ROOT"/{etc,usr/bin,proc}
  look 0 --json
  equals "$(health | grep -v ' n/a$')" ""
}

@test "the mending command of a file is the right one" {
  local check command
  insecure_root
  chown -R 1000:1000 "$ROOT/etc" "$ROOT/root" "$ROOT/run"
  for check in docker-service-file docker-socket-unit-file docker-directory registry-certificates registry-keys \
    tls-ca-file tls-certificate-file tls-key-file daemon-json-file default-docker-file sysconfig-docker-file \
    containerd-socket-file signing-keys; do
    look 1 "$check" --json
    command=$(jq -r '.[0].remedy' <<<"$output")
    # shellcheck disable=SC2001 # a pattern with a group
    eval "$(sed "s| /| $ROOT/|g" <<<"$command")"
    look 0 "$check" --json
    equals "$check $(jq -r '.[0].health' <<<"$output")" "$check pass"
  done
}

@test "who has hardened by default needs no userns-remap, ulimits and no-new-privileges of dockerd" {
  secure_root
  hardenctl install docker --default --config "$ROOT/etc/docker/daemon.json"
  rm -rf "$HARDENED_STAGE/var/lib/hardened/install"
  jq 'del(."userns-remap", ."default-ulimits", ."no-new-privileges")' "$ROOT/etc/docker/daemon.json" >"$DIRECTORY/new"
  cp "$DIRECTORY/new" "$ROOT/etc/docker/daemon.json"
  look 0 userns-remap default-ulimits daemon-no-new-privileges --json
  equals "$(health)" $'default-ulimits n/a\nuserns-remap n/a\ndaemon-no-new-privileges n/a'
  contains "hardened containers have users of their own"
}

@test "a setting on dockerd's command line counts, in whichever file it is written" {
  secure_root
  look 0 icc
  echo 'DOCKER_OPTS="--icc=true"' >"$ROOT/etc/default/docker"
  look 1 icc
  mkdir "$ROOT/etc/systemd/system/docker.service.d"
  printf '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --icc=false\n' >"$ROOT/etc/systemd/system/docker.service.d/x.conf"
  look 0 icc
  printf '[Service]\nExecStart=/usr/bin/dockerd --tlsverify=false -H tcp://:1\n' >"$ROOT/etc/systemd/system/docker.service.d/x.conf"
  look 1 tls
  contains "tcp://:1"
}

@test "versions: what a distribution may have mended is a note, what nobody but root can have put there is asked only" {
  secure_root
  says /usr/bin/runc 'runc version 1.1.5+ds1'
  look 0 runc-version
  contains ' note '
  contains "CVE-2024-21626"
  says /usr/bin/runc 'runc version 1.1.11'
  look 1 runc-version
  contains "mend: update runc"
  chmod 0777 "$ROOT/usr/bin/runc"
  look 0 runc-version
  contains "runc cannot be asked for its version: it is no file that root alone can write"
  says /usr/bin/runc 'some other program'
  look 0 runc-version
  contains "runc does not say its version"
  printf '#!/bin/sh\nexit 2\n' >"$ROOT/usr/bin/runc"
  look 0 runc-version
  contains "runc cannot be asked for its version: it ended with status 2 and said nothing"
}

@test "a daemon.json that cannot be read is said, with its line" {
  secure_root
  printf '{\n "icc": false,,\n}\n' >"$ROOT/etc/docker/daemon.json"
  look 1 icc
  contains "/etc/docker/daemon.json:2:"
}

@test "a link leads nowhere out of the host that is looked at" {
  secure_root
  ln -sf /etc/group "$ROOT/etc/environment"
  rm "$ROOT/etc/docker/daemon.json"
  ln -s ../../../../../../../../etc/passwd "$ROOT/etc/docker/daemon.json"
  look 0 daemon-json-file
  contains "n/a"
}

@test "this host: every check has an answer, what cannot be told is named, and an unknown check is said" {
  run --separate-stderr hardenctl doctor --host
  [ "$status" -le 1 ]
  contains "docker-socket-file"
  contains "No file of a host tells"
  ends 2 doctor --host dokcer-group
  complains 'did you mean "docker-group"?'
  ends 2 doctor --host --root /nowhere
  complains "/nowhere"
}
