#!/usr/bin/env bats
# The manifests of the way by Kubernetes: kubectl takes them, and the handlers they name are those that hardenctl
# registers.
# shellcheck disable=SC2154 # bats sets output and status

load ../runc/helpers
source "$HARDENED_SOURCE/integration/assertions.bash"

MANIFESTS=$BATS_TEST_DIRNAME

# answer PATH JSON: what the stand-in of an API server says.
answer() {
  mkdir -p "$BATS_TEST_TMPDIR/$1"
  printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/$1/index.html"
}

# kubectl asks a server which kinds there are even where it sends nothing; this one knows the two kinds we use.
serve() {
  answer api '{"kind": "APIVersions", "versions": ["v1"]}'
  answer apis '{"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "node.k8s.io",
    "versions": [{"groupVersion": "node.k8s.io/v1", "version": "v1"}],
    "preferredVersion": {"groupVersion": "node.k8s.io/v1", "version": "v1"}}]}'
  answer api/v1 '{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "pods", "singularName": "pod",
    "namespaced": true, "kind": "Pod", "verbs": ["create", "get", "patch"]}]}'
  answer apis/node.k8s.io/v1 '{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "node.k8s.io/v1",
    "resources": [{"name": "runtimeclasses", "singularName": "runtimeclass", "namespaced": false,
    "kind": "RuntimeClass", "verbs": ["create", "get", "patch"]}]}'
  printf '.html:application/json\n' >"$BATS_TEST_TMPDIR/httpd.conf"
  # A port of a network namespace of its own: nobody else can have it.
  unshare --net sh -c 'ip link set lo up && exec busybox httpd -f -p 127.0.0.1:8080 -h "$1" -c "$1/httpd.conf"' serve \
    "$BATS_TEST_TMPDIR" 3>&- &
  SERVER=$!
  wait_for 10 nsenter --target "$SERVER" --net curl --silent --fail http://127.0.0.1:8080/api/
}

setup() { SERVER=; }
teardown() { [ -z "$SERVER" ] || kill "$SERVER"; }

@test "kubectl accepts each manifest" {
  command -v kubectl >/dev/null || skip "no kubectl here (Debian: kubernetes-client)"
  serve
  run env HOME="$BATS_TEST_TMPDIR" nsenter --target "$SERVER" --net \
    kubectl --server http://127.0.0.1:8080 apply --dry-run=client --validate=false -f "$MANIFESTS"
  equals "$status" 0
  contains "pod/web created (dry run)"
  contains "runtimeclass.node.k8s.io/hardened created (dry run)"
  contains "runtimeclass.node.k8s.io/hardened-compat created (dry run)"
}

@test "the handlers they name are those that hardenctl registers with containerd and CRI-O" {
  local handler engine config
  for engine in containerd crio; do
    config=$(suite_directory)
    "$HARDENED_STAGE/bin/hardenctl" install "$engine" --config "$config/new.toml" >/dev/null
    for handler in $(sed -n 's/^handler: //p' "$MANIFESTS/runtime-classes.yaml"); do
      grep -q "runtimes\.$handler\]" "$config/new.toml"
    done
    rm -rf "$config"
  done
  grep -q '^  runtimeClassName: hardened$' "$MANIFESTS/pod.yaml"
}

@test "the label that an administrator gives a node is the one that keeps such pods there" {
  command -v kubectl >/dev/null || skip "no kubectl here (Debian: kubernetes-client)"
  serve
  printf '{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "NODE"}}' >"$BATS_TEST_TMPDIR/node.json"
  run env HOME="$BATS_TEST_TMPDIR" nsenter --target "$SERVER" --net kubectl --server http://127.0.0.1:8080 \
    label --local -f "$BATS_TEST_TMPDIR/node.json" hardened.org/runtime=true -o json
  equals "$status" 0
  equals "$(jq -c .metadata.labels <<<"$output")" '{"hardened.org/runtime":"true"}'
  equals "$(grep -A1 nodeSelector "$MANIFESTS/runtime-classes.yaml" | grep -c 'hardened.org/runtime: "true"')" 2
}
