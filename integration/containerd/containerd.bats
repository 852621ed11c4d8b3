#!/usr/bin/env bats
# containerd through ctr, without dockerd: each container as hardened as under Docker.

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() {
  remove_containers >/dev/null 2>&1
  policy_reset
}

@test "stock containerd gives fourteen capabilities, the host's root, no filter and no limit; hardened none of it" {
  ctr run --detach "$BOX" stock sleep 600
  equals "$(host_id stock)" 0
  equals "$(status_of stock CapEff)" 00000000a80425fb
  equals "$(status_of stock Seccomp)" 0
  sleeper box
  [ "$(host_id box)" -ge 65536 ]
  no_capability box
  equals "$(status_of box NoNewPrivs)" 1
  equals "$(status_of box Seccomp)" 2
  equals "$(cgroup_of box memory memory.limit_in_bytes)" 536870912
  equals "$(cgroup_of box pids pids.max)" 256
}

@test "the root is read-only, and small places without programs are writable" {
  sleeper box
  run execute box sh -c 'touch /etc/x; touch /tmp/x && echo wrote; cp /bin/busybox /tmp/ls; /tmp/ls'
  contains "Read-only file system"
  contains wrote
  contains "Permission denied"
}

@test "exec gets what the container was granted" {
  sleeper box
  run execute box grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status
  equals "$(tr -s '\t\r\n' ' ' <<<"$output")" "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 "
  # ctr takes the process of an exec from the spec that it made itself.
  sleeper other --allow-new-privs
  run execute other grep NoNewPrivs /proc/self/status
  equals "$(tr -s '\t\r\n' ' ' <<<"$output")" "NoNewPrivs: 1 "
}

@test "update stays within the profile" {
  sleeper box
  run inside "$HARDENED_STAGE/bin/hardened-runtime" --root /run/containerd/runc/default update --pids-limit 1000000 box
  [ "$status" -ne 0 ]
  contains "hardened: refused by pids"
  # As the CRI plugin does it: with the device rules the container has.
  update() {
    inside "$HARDENED_STAGE/bin/hardened-runtime" --root /run/containerd/runc/default update --resources - box
  }
  update <<<'{"devices": [{"allow": false, "access": "rwm"}], "memory": {"limit": 67108864, "swap": 67108864}}'
  equals "$(cgroup_of box memory memory.limit_in_bytes)" 67108864
  run update <<<'{"devices": [{"allow": true, "access": "rwm"}]}'
  contains "hardened: refused by devices"
}

@test "pause, resume, metrics and kill work as ever" {
  sleeper box
  ctr task pause box
  run ctr task ls
  contains PAUSED
  ctr task resume box
  run ctr task ls
  contains RUNNING
  run ctr task metrics box
  contains pids.limit
  ctr task kill --signal SIGKILL box
  wait_for 10 bash -c "! kill -0 $(pid_of box)"
}

@test "containers outlive containerd, and are still ours when it is back" {
  sleeper box
  local pid
  pid=$(pid_of box)
  containerd_stop
  containerd_launch
  equals "$(pid_of box)" "$pid"
  no_capability box
  run execute box grep CapEff /proc/self/status
  contains 0000000000000000
}

@test "what reaches the host is refused, with the reason" {
  refused capabilities --privileged
  refused capabilities --cap-add CAP_SYS_ADMIN
  refused host-namespaces --net-host
  refused host-namespaces --with-ns pid:/proc/1/ns/pid
  refused 'engine-sockets|sensitive-mounts' --mount type=bind,src=/,dst=/host,options=rbind:rw
  refused engine-sockets --mount type=bind,src=/run/containerd,dst=/s,options=rbind:ro
  refused propagation --rootfs-propagation shared
  refused cgroup-parent --cgroup /elsewhere
  refused annotations --annotation run.oci.handler=krun
  refused memory --memory-limit 900000000000
  refused cpu --cpus 64
}

@test "an annotation that only the CRI plugin may set names no image" {
  profile rooted '{"capabilities": ["CAP_CHOWN"]}'
  policy '{"select": [{"image": "nginx", "profile": "rooted"}]}'
  sleeper box --annotation io.kubernetes.cri.image-name=docker.io/library/nginx:1
  no_capability box
  rm -f "$HARDENED_STAGE/etc/hardened/profiles.d/rooted.json"
}

@test "with the policy broken and our state gone, containers can still be killed and removed" {
  sleeper box
  printf '{' >"$(policy_file)"
  run hardened --rm "$BOX" other true
  [ "$status" -ne 0 ]
  contains "policy.json:1"
  rm -rf "$HARDENED_STAGE/run/hardened"
  ctr task rm --force box
  ctr container rm box
  equals "$(ctr container ls --quiet)" ""
}
