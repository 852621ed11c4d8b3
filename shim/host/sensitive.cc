#include "host/sensitive.h"

namespace hardened::host {
namespace {

constexpr SensitivePath table[] = {
    {"/run/docker.sock", true, true},
    {"/run/containerd/containerd.sock", true, true},
    {"/run/podman/podman.sock", true, true},
    {"/run/crio/crio.sock", true, true},
    {"/boot", false, true},
    {"/dev", false, true},
    {"/etc", false, true},
    {"/proc", false, true},
    {"/root", false, true},
    {"/sys", false, true},
    {"/usr", false, true},
    {"/var/lib/docker", false, false},
};

}  // namespace

std::span<const SensitivePath> sensitive_paths() {
  return table;
}

}  // namespace hardened::host
