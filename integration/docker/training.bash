# From a server's life under training mode to a profile of its own, and what the kernel refuses under it. Sourced after
# servers.bash.
# shellcheck shell=bash

LOGS=$HARDENED_STAGE/var/lib/hardened/training
PROFILES=$HARDENED_STAGE/etc/hardened/profiles.d

# training_up SERVER...: images, no log or profile of before, and host ids that no other daemon of this machine gives
# its containers, so that the kernel's refusals are told apart.
training_up() {
  subordinate_ids "$(first_own_id)" $((64 * 65536))
  rm -rf "$LOGS" "$PROFILES"
  make_servers "$@"
}

# select_installed: each server gets the profile that is installed for it.
select_installed() {
  local file server
  for file in "$PROFILES"/*.json; do
    server=$(basename "$file" .json)
    jq -n --arg image "$(image_of "$server")" --arg profile "$server" '{$image, $profile}'
  done | jq -s '{select: .}'
}

image_of() (
  describe "$1"
  printf '%s\n' "$IMAGE"
)

# watch: from now on the kernel's refusals to our containers are counted, until refusals prints them, sorted: the call's
# name, how often, the program's name. Also unwatch ends it.
watch() {
  local first count
  unwatch
  IFS=: read -r _ first count <"$HARDENED_DAEMON/subid"
  "$HARDENED_WORKLOADS/denied" "$first" "$count" >"$HARDENED_DAEMON/denied" 3>&- </dev/null &
  printf '%s\n' $! >"$HARDENED_DAEMON/watcher"
  disown
  wait_for 10 grep -q watching "$HARDENED_DAEMON/denied" || die "cannot see what the kernel refuses"
}
unwatch() {
  local pid
  pid=$(cat "$HARDENED_DAEMON/watcher" 2>/dev/null) || return 0
  rm "$HARDENED_DAEMON/watcher"
  kill "$pid"
  wait_for 10 process_gone "$pid"
}
refusals() {
  unwatch
  awk 'NR == FNR { if ($1 == "#define") name[$3] = substr($2, 6); next } $1 != "watching" { print name[$1], $3, $4 }' \
    /usr/include/x86_64-linux-gnu/asm/unistd_64.h "$HARDENED_DAEMON/denied" | sort
}

profile_of() { printf '%s\n' "$HARDENED_DAEMON/$1.json"; }

# generated SERVER: its profile anew, from all its runs. Where it writes below directories of the image that a tmpfs
# would hide, the generator asks for a decision, which is this one.
generated() {
  local file
  file=$(profile_of "$1")
  hardenctl profile generate --image "$(image_of "$1")" --name "$1" --force -o "$file" 2>"$HARDENED_DAEMON/$1.said" ||
    return 1
  ! grep -q 'use a volume, or "rootfs": "ephemeral"' "$HARDENED_DAEMON/$1.said" ||
    sed -i "s/^  \"name\": \"$1\",\$/&\n  \"rootfs\": \"ephemeral\",/" "$file"
}

# document_of SERVER: its profile without comments.
document_of() { sed 's#^ *//.*##; s# *// .*##' "$(profile_of "$1")"; }
calls_of() { document_of "$1" | jq -r '.seccomp.allow[]'; }

# train SERVER LEAST: recorded from its very first start on, until two runs in a row made no call that was not known,
# LEAST times at least. Leaves what the kernel refused there already in SERVER.refused, and the number of runs in RUNS.
train() {
  local known='' since=0 most=12
  fresh "$1"
  watch
  for ((RUNS = 1; ; RUNS++)); do
    lives "$1" hardened-train && generated "$1" || die "cannot train $1"
    [ "$(calls_of "$1")" = "$known" ] && since=$((since + 1)) || since=0
    known=$(calls_of "$1")
    [ "$RUNS" -lt "$2" ] || [ "$since" -lt 2 ] || break
    [ "$RUNS" -lt "$most" ] || die "$1 still makes new calls after $most runs"
  done
  refusals | awk '{ print $1 }' | sort -u >"$HARDENED_DAEMON/$1.refused"
  hardenctl profile install --force "$(profile_of "$1")" >/dev/null || die "cannot install the profile of $1"
  policy "$(select_installed)"
}

# new_refusals SERVER: of the refusals on standard input, the calls that its training was not refused, one a line. What
# runc tries before the program begins, and goes on without (openat2), is not the server's.
new_refusals() {
  awk 'NR == FNR { old[$1]; next } !($1 in old) && $3 !~ /^runc:/ { print $1 }' "$HARDENED_DAEMON/$1.refused" - | sort -u
}
