# The policy and the profiles of the staged installation. Sourced.
# shellcheck shell=bash

hardenctl() { "$HARDENED_STAGE/bin/hardenctl" "$@"; }

policy_file() { printf '%s\n' "${HARDENED_STAGE:?run the suites by tests/run}/etc/hardened/policy.json"; }

# policy JSON: merged over the selection of the low-level runtime.
policy() {
  mkdir -p "$HARDENED_STAGE/etc/hardened"
  jq -n --arg runtime "$(low_level_runtime)" --argjson more "$1" '{"version": 1, "runtimes": [$runtime]} + $more' \
    >"$(policy_file).new"
  chmod 644 "$(policy_file).new"
  mv "$(policy_file).new" "$(policy_file)"
}

# profile NAME JSON: a site's profile, beside the policy.
profile() {
  mkdir -p "$HARDENED_STAGE/etc/hardened/profiles.d"
  jq -n --arg name "$1" --argjson more "$2" '{"name": $name} + $more' >"$HARDENED_STAGE/etc/hardened/profiles.d/$1.json"
  chmod 644 "$HARDENED_STAGE/etc/hardened/profiles.d/$1.json"
}

low_level_runtime() { command -v "${HARDENED_TEST_RUNTIME:-runc}"; }

# Under the machine's own runc there is no policy at all: the built-in one must do.
policy_reset() {
  rm -f "$(policy_file)"
  [ "${HARDENED_TEST_RUNTIME:-runc}" = runc ] || policy '{}'
}
