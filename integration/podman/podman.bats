#!/usr/bin/env bats
# Podman with conmon: run, exec, health checks, pods, mappings of its own and kube play, each as hardened as under Docker.

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() {
  no_containers
  policy_reset
}

@test "stock Podman gives eleven capabilities, the host's root and no limit; hardened none of it" {
  podman run --detach --name stock --network none "$BOX" >/dev/null
  equals "$(host_id stock)" 0
  not equals "$(status_of stock CapEff)" 0000000000000000
  equals "$(status_of stock NoNewPrivs)" 0
  sleeper box
  [ "$(host_id box)" -ge 65536 ]
  no_capability box
  equals "$(status_of box NoNewPrivs)" 1
  equals "$(status_of box Seccomp)" 2
  equals "$(cgroup_of box memory memory.limit_in_bytes)" 536870912
  equals "$(cgroup_of box pids pids.max)" 2048 # Podman's own
}

@test "the root is read-only, and small places without programs are writable" {
  run hardened --rm "$BOX" sh -c 'touch /etc/x; touch /tmp/x && echo wrote; cp /bin/busybox /tmp/ls; /tmp/ls'
  contains "Read-only file system"
  contains wrote
  contains "Permission denied"
}

@test "exec, also a privileged one, gets what the container was granted" {
  sleeper box
  run podman exec box grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status
  equals "$(tr -s '\t\n' ' ' <<<"$output")" "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 "
  run podman exec --privileged box true
  [ "$status" -ne 0 ]
  contains "hardened: refused by capabilities"
  equals "$(podman exec --user 1000 box id -u)" 1000
}

@test "a health check runs and is hardened" {
  sleeper box --health-cmd 'grep -q "^CapEff:.*0000000000000000$" /proc/self/status' --health-interval disable
  podman healthcheck run box
  equals "$(podman inspect --format '{{.State.Health.Status}}' box)" healthy
}

@test "stop, start, pause, top, stats, logs, commit and rm work as ever" {
  hardened --detach --name box "$BOX" sh -c 'trap exit TERM; echo ready; sleep 600 & wait' >/dev/null
  wait_for 10 grep -q ready <(podman logs --follow box)
  podman pause box >/dev/null
  podman unpause box >/dev/null
  run podman top box user
  contains root
  run podman stats --no-stream --format '{{.Name}}' box
  contains box
  podman stop --time 10 box >/dev/null
  podman start box >/dev/null
  no_capability box
  podman commit --quiet box localhost/hardened-test/committed >/dev/null
  podman rm --force --time 0 box >/dev/null
}

@test "an init, a bridge network, a volume and a user work" {
  run podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" run --rm --init --volume data:/data --user 1000 "$BOX" \
    sh -c 'ip -o address show eth0 | grep -c "inet "; ls -nd /data; cat /proc/1/comm'
  equals "$status" 0
  contains podman-init
  equals "${lines[0]}" 1
  podman run --rm --network none --volume data:/data "$BOX" sh -c 'echo stock >/data/file'
  equals "$(hardened --rm --volume data:/data "$BOX" stat -c '%u %g' /data/file)" "0 0"
  podman volume rm data >/dev/null
}

@test "exec works in a network that Podman made; where runc could not enter it, the container is refused with that reason" {
  podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" run --detach --name box "$BOX" sleep 600 >/dev/null
  [ "$(host_id box)" -ge 65536 ]
  run podman exec box ip -o -4 address show eth0
  contains "inet 10."
  # runc 1.1 enters the user namespace first, and has no right to the network then.
  [[ $(runc --version) =~ "runc version 1."[01]. ]] || skip "this runc enters namespaces in another order"
  policy "{\"runtimes\": [\"$(command -v runc)\"]}"
  refused user-namespace "$BOX" true
  contains "cannot enter a network namespace that the engine made"
  hardened --rm "$BOX" true
}

@test "--userns=auto keeps Podman's own mapping" {
  sleeper box --userns auto
  equals "$(host_id box)" 200000
  no_capability box
  equals "$(status_of box NoNewPrivs)" 1
  run podman exec box touch /written
  contains "Read-only file system"
}

@test "the containers of a pod share its namespaces and its users, and nothing else" {
  podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" pod create --name pod >/dev/null
  local name
  for name in one two; do
    podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" run --detach --pod pod --name "$name" "$BOX" >/dev/null
    no_capability "$name"
    equals "$(status_of "$name" Seccomp)" 2
  done
  equals "$(host_id one)" "$(host_id two)"
  [ "$(host_id one)" -ge 65536 ]
  for name in net ipc uts user; do
    equals "$(readlink "/proc/$(pid_of one)/ns/$name")" "$(readlink "/proc/$(pid_of two)/ns/$name")"
  done
  for name in mnt pid; do
    not equals "$(readlink "/proc/$(pid_of one)/ns/$name")" "$(readlink "/proc/$(pid_of two)/ns/$name")"
  done
  podman pod stop --time 0 pod >/dev/null
  podman pod rm pod >/dev/null
}

@test "podman kube play: each container of the pod is hardened and keeps its own limits" {
  cat >"$HARDENED_DAEMON/pod.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: one, image: "$BOX", command: [sleep, "600"]}
  - name: two
    image: "$BOX"
    command: [sleep, "600"]
    securityContext: {runAsUser: 1000}
    resources: {limits: {memory: 64Mi}}
END
  podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" kube play "$HARDENED_DAEMON/pod.yaml" >/dev/null
  no_capability web-one
  no_capability web-two
  equals "$(status_of web-two NoNewPrivs)" 1
  equals "$(podman exec web-two id -u)" 1000
  equals "$(cgroup_of web-one memory memory.limit_in_bytes)" 536870912
  equals "$(cgroup_of web-two memory memory.limit_in_bytes)" 67108864
  podman kube down "$HARDENED_DAEMON/pod.yaml" >/dev/null
}

@test "what reaches the host is refused, with the reason" {
  mkdir -p "$HARDENED_DAEMON/run/podman"
  touch "$HARDENED_DAEMON/run/podman/podman.sock"
  refused capabilities --privileged "$BOX" true
  refused capabilities --cap-add SYS_ADMIN "$BOX" true
  refused host-namespaces --pid host "$BOX" true
  refused host-namespaces --network host "$BOX" true
  refused host-namespaces --ipc host "$BOX" true
  refused host-namespaces --uts host "$BOX" true
  refused engine-sockets --volume /run/podman/podman.sock:/s "$BOX" true
  refused 'engine-sockets|sensitive-mounts' --volume /:/host "$BOX" true
  refused seccomp --security-opt seccomp=unconfined "$BOX" true
  refused annotations --annotation run.oci.seccomp_bpf_data=x "$BOX" true
  refused memory --memory 900g "$BOX" true
  # A pod of Podman's own runtime is the host's users'.
  podman pod create --name stock >/dev/null
  podman pod start stock >/dev/null
  refused host-namespaces --pod stock "$BOX" true
}

@test "a profile and a waiver are selected by the image's name" {
  profile rooted '{"capabilities": ["CAP_CHOWN"]}'
  policy '{"select": [{"image": "localhost/hardened-test/box:*", "profile": "rooted"}]}'
  sleeper box
  equals "$(status_of box CapBnd)" 0000000000000001
  # The annotation by which CRI-O names an image is the caller's own here.
  policy '{"select": [{"image": "nginx", "profile": "rooted"}]}'
  sleeper other --annotation io.kubernetes.cri-o.TTY=nginx --annotation io.kubernetes.cri.image-name=nginx
  no_capability other
  rm -f "$HARDENED_STAGE/etc/hardened/profiles.d/rooted.json"
}

@test "podman cp: from a container and before it starts; into a running one it fails" {
  echo text >"$BATS_TEST_TMPDIR/file"
  podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" create --name box --network none "$BOX" sleep 600 >/dev/null
  podman cp "$BATS_TEST_TMPDIR/file" box:/root/file
  podman start box >/dev/null
  equals "$(podman exec box cat /root/file)" text
  podman cp box:/etc/passwd "$BATS_TEST_TMPDIR/passwd"
  grep -q '^root:' "$BATS_TEST_TMPDIR/passwd"
  run podman cp "$BATS_TEST_TMPDIR/file" box:/tmp/file
  [ "$status" -ne 0 ]
  contains "value too large for defined data type"
}

@test "podman build is refused with the place of its steps, and podman --runtime crun build is not" {
  printf 'FROM %s\nRUN true\n' "$BOX" >"$BATS_TEST_TMPDIR/Containerfile"
  run podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" build --network none --file "$BATS_TEST_TMPDIR/Containerfile" "$BATS_TEST_TMPDIR"
  [ "$status" -ne 0 ]
  contains "hardened: refused by root-path"
  podman --runtime crun build --network none --file "$BATS_TEST_TMPDIR/Containerfile" "$BATS_TEST_TMPDIR"
}

@test "with the policy broken and our state gone, containers can still be stopped and removed" {
  sleeper box
  printf '{' >"$(policy_file)"
  run hardened --rm "$BOX" true
  [ "$status" -ne 0 ]
  contains "policy.json:1"
  rm -rf "$HARDENED_STAGE/run/hardened"
  podman kill box >/dev/null
  podman rm --force --time 0 box >/dev/null
  equals "$(podman ps --all --quiet)" ""
}
