// Matching an image's name against a glob of the policy.
#pragma once

#include <string_view>

#include "oci/workload.h"

namespace hardened::policy {

// Is the image of `workload` one that `glob` means: NAME, NAME:TAG or NAME@DIGEST, each part a glob of its own? Without
// a tag: any tag. As for the engine, docker.io/library/nginx:latest and nginx are one image. The parts are matched one
// by one so that "nginx:*" is not the registry "nginx:5000/…". False when the engine named no image.
[[nodiscard]] bool image_matches(std::string_view glob, const Workload& workload);

}  // namespace hardened::policy
