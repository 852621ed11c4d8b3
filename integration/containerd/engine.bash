# A private containerd beside whatever else runs on the machine, without dockerd: its own mount and network namespaces,
# /run, data and configuration. Sourced.
# shellcheck shell=bash

ctr() { inside ctr "$@"; }

containerd_launch() {
  nsenter --target "$HARDENED_HOLDER" --mount --net -- containerd --config "$HARDENED_DAEMON/config.toml" \
    3>&- </dev/null >>"$HARDENED_DAEMON/daemon.log" 2>&1 &
  printf '%s\n' $! >"$HARDENED_DAEMON/pid"
  disown
  wait_for 30 ctr version || die "cannot start containerd: $(tail -n 20 "$HARDENED_DAEMON/daemon.log")"
}

# What removes the containers of a suite that was killed: see daemon_sweep.
containerd_clear() {
  cat >"$HARDENED_DAEMON/clear" <<END
#!/bin/sh
ctr() { nsenter --target $HARDENED_HOLDER --mount --net -- ctr "\$@"; }
for task in \$(ctr task ls --quiet); do ctr task rm --force "\$task"; done
for container in \$(ctr container ls --quiet); do ctr container rm "\$container"; done
END
  chmod 755 "$HARDENED_DAEMON/clear"
}

containerd_up() {
  mkdir -p "$HARDENED_DAEMON_PARENT"
  HARDENED_DAEMON=$(mktemp -d "$HARDENED_DAEMON_PARENT/d.XXXXXX")
  # No docker command of these suites may reach the machine's own.
  export HARDENED_DAEMON DOCKER_HOST=unix://$HARDENED_DAEMON/docker.sock
  mkdir "$HARDENED_DAEMON/run"
  cat >"$HARDENED_DAEMON/config.toml" <<END
version = 2
root = "$HARDENED_DAEMON/root"
[plugins."io.containerd.internal.v1.opt"]
  path = "$HARDENED_DAEMON/opt"
END
  daemon_hold
  containerd_clear
  containerd_launch
}

# containerd_stop: containers live on.
containerd_stop() {
  local pid
  pid=$(cat "$HARDENED_DAEMON/pid")
  kill "$pid"
  wait_for 20 process_gone "$pid"
}

# blob DIRECTORY FILE: puts FILE into an OCI layout; prints its descriptor without a media type.
blob() {
  local digest
  digest=$(sha256sum "$2" | cut -d' ' -f1)
  mkdir -p "$1/blobs/sha256"
  cp "$2" "$1/blobs/sha256/$digest"
  jq -n --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$2")" '{$digest, $size}'
}

# import_box NAME: busybox as an image, made by hand: no registry and no other engine is needed.
import_box() {
  local layout=$HARDENED_DAEMON/layout work=$HARDENED_DAEMON/box config layer manifest
  box_rootfs "$work"
  tar -C "$work" --numeric-owner -cf "$work.tar" .
  jq -n --arg layer "sha256:$(sha256sum "$work.tar" | cut -d' ' -f1)" '{architecture: "amd64", os: "linux",
    config: {Env: ["PATH=/bin"], Cmd: ["sleep", "600"]}, rootfs: {type: "layers", diff_ids: [$layer]}}' >"$work.json"
  layer=$(blob "$layout" "$work.tar")
  config=$(blob "$layout" "$work.json")
  jq -n --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: ($config + {mediaType: "application/vnd.oci.image.config.v1+json"}),
    layers: [$layer + {mediaType: "application/vnd.oci.image.layer.v1.tar"}]}' >"$work.json"
  manifest=$(blob "$layout" "$work.json")
  jq -n --arg name "$1" --argjson manifest "$manifest" '{schemaVersion: 2,
    manifests: [$manifest + {mediaType: "application/vnd.oci.image.manifest.v1+json",
      annotations: {"io.containerd.image.name": $name}}]}' >"$layout/index.json"
  printf '{"imageLayoutVersion": "1.0.0"}\n' >"$layout/oci-layout"
  tar -C "$layout" -cf "$layout.tar" .
  ctr images import "$layout.tar" >/dev/null
  rm -rf "$layout" "$layout.tar" "$work" "$work.tar" "$work.json"
}
