// What containers/storage, the store of Podman and CRI-O, says about a container.
#pragma once

#include <optional>
#include <string>

#include "host/inspector.h"

namespace hardened::host {

struct StoredImage {
  std::string name;    // as Podman resolved what the caller typed: "docker.io/library/nginx:1.25"
  std::string digest;  // "sha256:…", the image's id
};

// The image of the container `id` whose resolved root.path is `root` ("DATA/overlay/LAYER/merged"), from
// DATA/overlay-containers. Nothing when the store has no such container on that very layer, or when anyone but root
// could have written it. Podman puts no image name into the spec.
[[nodiscard]] std::optional<StoredImage> stored_image(const std::string& id, const std::string& root,
                                                      Inspector& inspector);

}  // namespace hardened::host
