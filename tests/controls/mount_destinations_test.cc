#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

const std::string spec = R"({"mounts":[{"destination":"/d","type":"bind","source":"/srv","options":["rbind"]}]})";

Lines judged(const host::Destination& destination) {
  Facts facts;
  facts.destinations["/d"] = destination;
  return try_control(mount_destinations, spec, {}, facts).lines;
}

}  // namespace

TEST_CASE("mount-destinations: a link of the image is followed, so that every other rule sees where the mount lies") {
  CHECK(judged({"/d", ""}).empty());
  CHECK(judged({"/dev", ""}) == Lines{R"(tighten /mounts/0/destination "/dev")"});
  CHECK(judged({"", "too many symbolic links"}) == Lines{"refuse /d"});
  CHECK(try_control(mount_destinations, spec).lines.empty());
}

TEST_CASE(
    "mount-destinations: a tmpfs of the profile's follows the image's links, and keeps off what is the runtime's") {
  Policy policy;
  policy.profile.rootfs = policy::Rootfs::read_only;
  Facts facts;
  facts.destinations["/tmp"] = {"/tmp", ""};
  facts.destinations["/var/tmp"] = {"/tmp", ""};
  facts.destinations["/run"] = {"/dev", ""};
  const Tried tried = try_control(writable_paths, Json{{"mounts", Json::array()}}.dump(), policy, facts);
  REQUIRE(tried.spec.elements("/mounts").size() == 1);
  CHECK(tried.spec.text("/mounts/0/destination") == "/tmp");
}
