#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

using Options = std::vector<std::string>;

Policy limits() {
  Policy policy;
  policy.profile.limits.shm = {std::uint64_t{16} << 20, std::uint64_t{128} << 20};
  policy.profile.limits.tmpfs = {std::uint64_t{32} << 20, std::uint64_t{256} << 20};
  return policy;
}

Json tmpfs_at(const std::string& destination, const Options& options) {
  return {{"destination", destination}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", options}};
}

struct Row {
  std::string says;
  std::string destination;
  Options before;
  Options after;
  bool asked;  // is it the user's excess?
};

}  // namespace

TEST_CASE("tmpfs-size: every tmpfs has a size within the profile") {
  const std::string shm_max = "size=134217728";
  const std::string max = "size=268435456";
  const Row rows[] = {
      {"shared memory as Docker makes it", "/dev/shm", {"size=67108864"}, {"size=67108864"}, false},
      {"shared memory without a size", "/dev/shm", {"nosuid"}, {"nosuid", "size=16777216"}, false},
      {"shared memory at the limit", "/dev/shm", {"size=128m"}, {"size=128m"}, false},
      {"shared memory just above", "/dev/shm", {"size=134217729"}, {shm_max}, true},
      {"--shm-size 100g", "/dev/shm", {"size=107374182400"}, {shm_max}, true},
      {"shared memory in another spelling", "/dev/shm/", {"size=1G"}, {shm_max}, true},
      {"a tmpfs without a size", "/t", {}, {"size=33554432"}, false},
      {"a tmpfs at the limit", "/t", {"size=262144k"}, {"size=262144k"}, false},
      {"a tmpfs above the limit", "/t", {"size=257m"}, {max}, true},
      {"half of the memory", "/t", {"size=50%"}, {max}, true},
      {"no limit at all", "/t", {"size=0"}, {max}, true},
      {"an empty size", "/t", {"size="}, {max}, true},
      {"a size without a value", "/t", {"size"}, {max}, true},
      {"a negative size", "/t", {"size=-1"}, {max}, true},
      {"a hexadecimal size", "/t", {"size=0xffffffffff"}, {max}, true},
      {"an octal size", "/t", {"size=0777"}, {max}, true},
      {"a size beyond 64 bits", "/t", {"size=99999999999999999999"}, {max}, true},
      {"a size that overflows by its suffix", "/t", {"size=17179869184g"}, {max}, true},
      {"terabytes", "/t", {"size=1t"}, {max}, true},
      {"two suffixes", "/t", {"size=1kk"}, {max}, true},
      {"a small size and then a big one", "/t", {"size=1m", "size=100g"}, {max}, true},
      {"a big size hidden by a small one", "/t", {"size=100g", "size=1m"}, {max}, true},
      {"a size in blocks", "/t", {"nr_blocks=99999999"}, {max}, true},
      {"a size, then blocks", "/t", {"size=1m", "nr_blocks=0"}, {"size=1m"}, true},
      {"the engine's /dev", "/dev", {"size=65536k"}, {"size=65536k"}, false},
      {"an engine's /dev above the limit", "/dev", {"size=1g"}, {max}, false},
      {"inodes are not counted", "/t", {"size=1m", "nr_inodes=1k"}, {"size=1m", "nr_inodes=1k"}, false},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const Spec spec = spec_with(tmpfs_at(row.destination, row.before));
    CHECK(clamped(controls::tmpfs_size, spec, limits(), Facts{}).strings("/mounts/0/options") == row.after);
    CHECK(subjects(controls::tmpfs_size, spec, limits(), Facts{}).empty() != row.asked);
  }
}

TEST_CASE("tmpfs-size: the engine's own shared memory is not the user's excess, even above a small limit") {
  Policy policy = limits();
  policy.profile.limits.shm = {1U << 20, std::uint64_t{8} << 20};
  for (const char* size : {"size=67108864", "size=65536000", "size=65536k"}) {
    const Spec spec = spec_with(tmpfs_at("/dev/shm", {size}));
    CHECK(subjects(controls::tmpfs_size, spec, policy, Facts{}).empty());
    CHECK(tightened(controls::tmpfs_size, spec, policy, Facts{}).strings("/mounts/0/options") ==
          Options{"size=8388608"});
  }
  CHECK(subjects(controls::tmpfs_size, spec_with(tmpfs_at("/dev/shm", {"size=60m"})), policy, Facts{}) ==
        Options{"/dev/shm:size=60m"});
}

TEST_CASE("tmpfs-size: no default beyond the maximum, and none at all where the profile sets no limit") {
  Policy policy;
  policy.profile.limits.tmpfs = {std::uint64_t{1} << 40, 4096};
  CHECK(clamped(controls::tmpfs_size, spec_with(tmpfs_at("/t", {})), policy, Facts{}).strings("/mounts/0/options") ==
        Options{"size=4096"});
  policy.profile.limits.tmpfs = {0, 4096};
  CHECK(clamped(controls::tmpfs_size, spec_with(tmpfs_at("/t", {})), policy, Facts{}).strings("/mounts/0/options") ==
        Options{"size=4096"});
  CHECK(findings(controls::tmpfs_size, spec_with(tmpfs_at("/t", {"size=9g"})), Policy{}, Facts{}).empty());
}

TEST_CASE("tmpfs-size: only a tmpfs has a size, and one without options gets a list of them") {
  CHECK(findings(controls::tmpfs_size, spec_with(bind_mount("/srv", "/t", {"rbind", "size=9g"})), limits(), Facts{})
            .empty());
  const Spec bare(Json::parse(R"({"mounts":[{"destination":"/t","type":"tmpfs"}]})"));
  CHECK(clamped(controls::tmpfs_size, bare, limits(), Facts{}).document()["mounts"][0]["options"] ==
        Json::array({"size=33554432"}));
}

TEST_CASE("tmpfs-size: --shm-size 100g of a real Docker is refused, its other tmpfs get a size") {
  const Spec spec = read_spec("docker-hostile.json");
  CHECK(subjects(controls::tmpfs_size, spec, limits(), Facts{}) == Options{"/dev/shm:size=107374182400"});
  const Spec after = clamped(controls::tmpfs_size, spec, limits(), Facts{});
  CHECK(after.text("/mounts/6/options/size") == "size=134217728");
  CHECK(after.text("/mounts/7/options/size") == "size=33554432");
}
