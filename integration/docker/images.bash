# Images made of Debian's own busybox: no registry is needed. Sourced.
# shellcheck shell=bash

BOX=hardened-test/box:1
export BOX

# box_rootfs DIRECTORY
box_rootfs() {
  local root=$1 applet
  mkdir -p "$root"/{bin,etc,home/user,lib,proc,root,run,sys,tmp,usr,var/tmp}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  # The list holds busybox itself, which must stay the program.
  for applet in $(busybox --list | grep -vx busybox); do ln -s busybox "$root/bin/$applet"; done
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
  chown 1000:1000 "$root/home/user"
  cp "$HARDENED_WORKLOADS"/{probe,trained,calls} "$root/bin"
  # busybox gives set-user-ID rights up by itself; the probe does not.
  cp "$HARDENED_WORKLOADS/probe" "$root/bin/suid-probe"
  chmod 4755 "$root/bin/suid-probe"
}

# make_images: hardened-test/box:1, :user (USER 1000), :health (a HEALTHCHECK), :volume (a VOLUME).
make_images() {
  local root=$HARDENED_DAEMON/box
  local -a base=(-c 'ENV PATH=/bin' -c 'CMD ["sleep","600"]')
  box_rootfs "$root"
  tar -C "$root" --numeric-owner -c . >"$root.tar"
  docker import "${base[@]}" "$root.tar" "$BOX" >/dev/null
  docker import "${base[@]}" -c 'USER 1000' "$root.tar" hardened-test/box:user >/dev/null
  docker import "${base[@]}" -c 'VOLUME /data' "$root.tar" hardened-test/box:volume >/dev/null
  docker import "${base[@]}" -c 'HEALTHCHECK --interval=1s CMD ["true"]' "$root.tar" hardened-test/box:health >/dev/null
  rm -rf "$root" "$root.tar"
}
