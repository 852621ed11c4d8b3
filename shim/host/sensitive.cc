#include "host/sensitive.h"

#include "util/paths.h"

namespace hardened::host {
namespace {

constexpr bool door = true;
constexpr bool files = false;
constexpr bool all_below = true;
constexpr bool itself = false;

const SensitivePath table[] = {
    // Whoever may talk to one of these is root on the host.
    {"/run/docker.sock", door, all_below},
    {"/run/docker", door, all_below},
    {"/run/containerd/containerd.sock", door, all_below},
    {"/run/docker/containerd/containerd.sock", door, all_below},
    {"/run/k3s/containerd/containerd.sock", door, all_below},
    {"/run/podman/podman.sock", door, all_below},
    {"/run/crio/crio.sock", door, all_below},
    {"/run/cri-dockerd.sock", door, all_below},
    {"/run/dockershim.sock", door, all_below},
    {"/run/buildkit", door, all_below},
    {"/run/dbus/system_bus_socket", door, all_below},
    {"/run/systemd/private", door, all_below},
    {"/run/systemd/notify", door, all_below},
    {"/run/snapd.socket", door, all_below},
    {"/run/libvirt", door, all_below},
    {"/run/user", door, all_below},  // rootless engines, D-Bus sessions, ssh and gpg agents of people logged in
    {"/var/lib/kubelet/device-plugins", door, all_below},
    {"/var/lib/kubelet/pod-resources", door, all_below},
    {"/var/lib/lxd/unix.socket", door, all_below},
    {"/var/lib/incus/unix.socket", door, all_below},
    {"/var/snap/lxd/common/lxd/unix.socket", door, all_below},
    // The host itself: programs and configuration root runs or trusts, kernel interfaces, secrets.
    {"/", files, itself},
    {"/bin", files, all_below},
    {"/.snapshots", files, all_below},
    {"/boot", files, all_below},
    {"/dev", files, all_below},
    {"/efi", files, all_below},
    {"/etc", files, all_below},
    {"/home", files, itself},  // what lies in a home directory is judged by the control
    {"/lib", files, all_below},
    {"/lib32", files, all_below},
    {"/lib64", files, all_below},
    {"/libx32", files, all_below},
    {"/lost+found", files, all_below},
    {"/nix", files, all_below},
    {"/opt/cni", files, all_below},
    {"/opt/containerd", files, all_below},
    {"/ostree", files, all_below},
    {"/proc", files, all_below},
    {"/root", files, all_below},
    {"/run", files, all_below},
    {"/sbin", files, all_below},
    {"/snap", files, all_below},
    {"/sys", files, all_below},
    {"/sysroot", files, all_below},
    {"/usr", files, all_below},
    // File systems of their own below /sys and /dev: named so that they are known wherever else they are mounted.
    {"/dev/mqueue", files, all_below},
    {"/dev/pts", files, all_below},
    {"/dev/shm", files, all_below},
    {"/sys/fs/bpf", files, all_below},
    {"/sys/fs/cgroup", files, all_below},
    {"/sys/kernel/config", files, all_below},
    {"/sys/kernel/debug", files, all_below},
    {"/sys/kernel/security", files, all_below},
    {"/sys/kernel/tracing", files, all_below},
    // Engines, the kubelet and other keepers of many people's data.
    {"/var/backups", files, all_below},
    {"/var/crash", files, all_below},
    {"/var/lib/apt", files, all_below},
    {"/var/lib/cloud", files, all_below},
    {"/var/lib/containerd", files, all_below},
    {"/var/lib/containers", files, all_below},
    {"/var/lib/docker", files, all_below},
    {"/var/lib/dpkg", files, all_below},
    {"/var/lib/etcd", files, all_below},
    {"/var/lib/incus", files, all_below},
    {"/var/lib/kubelet", files, all_below},
    {"/var/lib/libvirt", files, all_below},
    {"/var/lib/lxc", files, all_below},
    {"/var/lib/lxd", files, all_below},
    {"/var/lib/machines", files, all_below},
    {"/var/lib/pam", files, all_below},
    {"/var/lib/rancher", files, all_below},
    {"/var/lib/rpm", files, all_below},
    {"/var/lib/snapd", files, all_below},
    {"/var/lib/sss", files, all_below},
    {"/var/lib/systemd", files, all_below},
    {"/var/log", files, all_below},
    {"/var/mail", files, all_below},
    {"/var/run", files, all_below},
    {"/var/spool/at", files, all_below},
    {"/var/spool/cron", files, all_below},
    // Ours, where the prefix is not the usual one.
    {paths::policy_file, files, all_below},
    {paths::site_profiles, files, all_below},
    {paths::state, files, all_below},
    {paths::audit_log, files, all_below},
    {paths::program, files, all_below},
};

}  // namespace

std::span<const SensitivePath> sensitive_paths() {
  return table;
}

}  // namespace hardened::host
