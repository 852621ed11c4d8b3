#include "rootfs/layers.h"

#include <fcntl.h>

#include <cerrno>

#include "host/overlay.h"
#include "rootfs/mount_api.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// The engine's directories, named by the engine and the kernel: links in them ("l/ABC…") are the engine's own.
Result<Fd> take(const std::string& directory, int user_namespace) {
  const Fd source(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  // Named by a mount that was made elsewhere, or before something covered the directory.
  if (!source.valid())
    return fail_errno("cannot open the image layer " + in_quotes(directory), errno,
                      errno == ENOENT || errno == ENOTDIR ? Code::policy : Code::io);
  TRY(tree, clone_tree(source.get(), false, in_quotes(directory)));
  TRY(mapped, map_ids(tree.get(), user_namespace, false, in_quotes(directory)));
  if (!mapped)
    return fail(Code::policy,
                "cannot map the user ids of the image layer " + in_quotes(directory) +
                    ": its file system has no idmapped mounts",
                "keep the engine's data on ext4, xfs or btrfs, with Linux 5.19 or later");
  return tree;
}

Result<Layers> take_overlay(const host::Overlay& overlay, bool persistent, int user_namespace) {
  Layers layers;
  layers.features = overlay.features;
  std::vector<std::string> lower = overlay.lower;
  if (persistent && !overlay.upper.empty()) {
    TRY(engine_layer, take(parent_of(overlay.upper), user_namespace));
    layers.engine_layer = std::move(engine_layer);
    layers.upper_name = overlay.upper.substr(overlay.upper.rfind('/') + 1);
  } else if (!overlay.upper.empty()) {
    lower.insert(lower.begin(), overlay.upper);
  }
  for (const std::string& directory : lower) {
    TRY(layer, take(directory, user_namespace));
    layers.lower.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

Result<Layers> take_layers(const Spec& spec, const host::Probe& probe, policy::Rootfs rootfs, int user_namespace) {
  const auto fact = probe.facts.paths.find(spec.text("/root/path").value_or(""));
  if (fact == probe.facts.paths.end() || !fact->second.exists)
    return fail(Code::io, "cannot find the root file system " + in_quotes(spec.text("/root/path").value_or("")));
  const bool persistent = rootfs == policy::Rootfs::persistent;
  const std::string& root = fact->second.resolved;
  if (fact->second.file_system == "overlay" && !probe.root_options.empty())
    return take_overlay(host::parse_overlay(probe.root_options, parent_of(parent_of(root))), persistent,
                        user_namespace);
  Layers layers;
  TRY(tree, take(root, user_namespace));
  if (persistent) {
    layers.engine_layer = std::move(tree);
  } else {
    layers.lower.push_back(std::move(tree));
  }
  return layers;
}

}  // namespace hardened::rootfs
