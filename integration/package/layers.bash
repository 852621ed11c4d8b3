# The machine's own /usr, /etc and /var where a private dockerd runs, to be changed and thrown away. Sourced.
# shellcheck shell=bash

# put_layers: in the daemon's namespaces, a layer in memory above each of them. dockerd's own directory stays what it is:
# an overlay on an overlay is none of our business.
put_layers() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  inside bash -e -c '
    mkdir /run/layers /run/kept
    mount -t tmpfs tmpfs /run/layers
    mount --bind "$1" /run/kept
    for directory in usr etc var; do
      mkdir /run/layers/$directory /run/layers/$directory.work
      mount -t overlay overlay -o "lowerdir=/$directory,upperdir=/run/layers/$directory,workdir=/run/layers/$directory.work" "/$directory"
    done
    mount --move /run/kept "$1"' put_layers "$HARDENED_DAEMON"
}

# seen_inside FILE: a path under which the daemon's namespaces have it.
seen_inside() {
  cp "$1" "$HARDENED_DAEMON/"
  printf '%s/%s\n' "$HARDENED_DAEMON" "${1##*/}"
}
