# The machine: Debian 13 with its own kernel, systemd and engines, in an ext4 image, and qemu to run it. Sourced, after
# lib.bash.
# shellcheck shell=bash

vm=$HARDENED_BUILD/vm

# guest_packages: "a,b,c"
guest_packages() { awk '$1 == "guest" { print $2 }' "$HARDENED_SOURCE/integration/packages" | paste -sd ,; }

# guest_settings ROOT: what makes a file system a machine that boots without a question and runs the suites.
# Sets nothing that the suites are about: those do it themselves, as an administrator would.
guest_settings() {
  local root=$1 unit
  echo hardened-test >"$root/etc/hostname"
  printf '127.0.0.1 localhost hardened-test\n' >"$root/etc/hosts"
  printf '/dev/vda / ext4 defaults 0 1\n/dev/vdb %s ext4 defaults 0 2\n' "$HARDENED_SOURCE" >"$root/etc/fstab"
  [ "$HARDENED_STAGE" = "$HARDENED_BUILD/stage" ] ||
    printf '%s %s none bind 0 0\n' "$HARDENED_BUILD/stage" "$HARDENED_STAGE" >>"$root/etc/fstab"
  mkdir -p "$root$HARDENED_SOURCE" "$root$HARDENED_STAGE"
  # Nothing was updated since it was made: else half a minute of the first start goes into caches.
  touch "$root/etc/.updated" "$root/var/.updated"
  # AppArmor comes with profiles of a hundred programs that are not here; dockerd and Podman load their own.
  find "$root/etc/apparmor.d" -maxdepth 1 -type f -delete
  # Timers of the archive's would wake up in the middle of a suite.
  for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer dpkg-db-backup.timer \
    podman-auto-update.timer serial-getty@ttyS0.service getty@tty1.service e2scrub_reap.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  cat >"$root/etc/systemd/system/hardened-suites.service" <<END
[Unit]
Description=End-to-end suites
After=docker.service containerd.service
RequiresMountsFor=$HARDENED_SOURCE $HARDENED_STAGE
[Service]
ExecStart=$HARDENED_SOURCE/integration/vm/inside
Environment=HARDENED_STAGE=$HARDENED_STAGE HARDENED_WORKLOADS=$HARDENED_BUILD/workloads
StandardOutput=journal+console
TasksMax=infinity
Delegate=yes
END
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf ../hardened-suites.service "$root/etc/systemd/system/multi-user.target.wants/"
}

# file_system DIRECTORY IMAGE SIZE
file_system() {
  rm -f "$2"
  truncate -s "$3" "$2" && mke2fs -q -F -t ext4 -m 0 -d "$1" "$2"
}

# make_base: the machine as it is before our package: BASE.ext4, BASE.kernel and BASE.initrd. Made once for all runs of
# this checkout, until what it is made of changes. Sets BASE.
make_base() {
  local key root log=$vm/base.log
  key=$({
    declare -f guest_settings make_base file_system
    printf '%s\n' "$HARDENED_SOURCE" "$HARDENED_STAGE"
    guest_packages
    archive_of trixie
  } | sha256sum | cut -c 1-16)
  BASE=$vm/base-$key
  [ ! -s "$BASE.ext4" ] || return 0
  rm -rf --one-file-system "$vm"/root.* "$vm"/base-* || true # one that was interrupted may have left a mount
  root=$(mktemp -d "$vm/root.XXXXXX") && chmod 755 "$root"
  # The initial RAM disk has what finds the disk, and not every driver there is: that is unpacked by emulation.
  archive_of trixie | mmdebstrap --quiet --variant=minbase --skip=check/qemu "--include=$(guest_packages)" \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --essential-hook='echo MODULES=list >"$1/etc/initramfs-tools/conf.d/modules"' \
    --essential-hook='echo virtio_blk >"$1/etc/initramfs-tools/modules"' \
    "" "$root" - >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    return 1
  }
  guest_settings "$root"
  cp "$root"/boot/vmlinuz-* "$BASE.kernel" && cp "$root"/boot/initrd.img-* "$BASE.initrd" &&
    file_system "$root" "$BASE.new" 8G && mv "$BASE.new" "$BASE.ext4" || return 1
  rm -rf --one-file-system "$root"
}

# make_payload PACKAGE [IMAGES]: the disk with this checkout at the place it has here, the stage, which knows its place,
# the package, and an archive of services' images.
make_payload() {
  local root=$vm/payload
  rm -rf --one-file-system "$root" "$root.ext4"
  mkdir -p "$root/build/package" "$root/build/vm"
  tar -C "$HARDENED_SOURCE" --exclude=./build --exclude='./build-*' --exclude=./.git -c . |
    tar -C "$root" --no-same-owner -x
  mkdir "$root/build/stage"
  tar -C "$HARDENED_STAGE" --exclude=./{etc,var,run} -c . | tar -C "$root/build/stage" -x
  cp -r "$HARDENED_WORKLOADS" "$root/build/workloads"
  cp "$1" "$root/build/package/hardened.deb"
  [ -z "${2:-}" ] || install -D --preserve-timestamps "$2" "$root/build/images/${2##*/}"
  chmod -R go-w "$root"
  file_system "$root" "$root.ext4" 4G || return 1
  rm -rf --one-file-system "$root"
}

# new_machine DIRECTORY: its disks, as they are before it is switched on for the first time.
new_machine() {
  mkdir -p "$1" &&
    qemu-img create -q -f qcow2 -b "$BASE.ext4" -F raw "$1/system.qcow2" &&
    qemu-img create -q -f qcow2 -b "$vm/payload.ext4" -F raw "$1/payload.qcow2"
}

# power_on DIRECTORY SECONDS SUITE...: until the machine switches itself off, or restarts, which is the same here. What
# the suites say comes to DIRECTORY/results, the console to DIRECTORY/console; DIRECTORY/shell is a socket with a root
# shell. This qemu's other processors, and more than one of them, crash.
power_on() {
  local here=$1 limit=$2 suites
  shift 2
  suites=$(tr ' ' , <<<"$*")
  : >"$here/results"
  timeout --kill-after=10 "$limit" nice qemu-system-x86_64 -accel tcg,thread=single -smp 1 -cpu qemu64,-cx16 -m 3072 \
    -nodefaults -display none -no-reboot -device virtio-rng-pci -pidfile "$here/pid" \
    -kernel "$BASE.kernel" -initrd "$BASE.initrd" \
    -append "console=ttyS0 root=/dev/vda rw quiet panic=-1 apparmor=1 security=apparmor systemd.debug_shell=ttyS1 \
hardened.patience=$HARDENED_PATIENCE hardened.suites=$suites" \
    -drive "file=$here/system.qcow2,format=qcow2,if=virtio,cache=unsafe" \
    -drive "file=$here/payload.qcow2,format=qcow2,if=virtio,cache=unsafe" \
    -serial "file:$here/console" -serial "unix:$here/shell,server=on,wait=off" \
    -device virtio-serial-pci -chardev "file,id=results,path=$here/results" \
    -device virtserialport,chardev=results,name=hardened.results </dev/null >"$here/qemu.log" 2>&1
}

# power_off DIRECTORY: where it still runs.
power_off() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) || return 0
  # A number alone may be another process by now.
  grep -qaF "$1/results" "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid"
}
