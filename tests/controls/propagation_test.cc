#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

using Options = std::vector<std::string>;

Options after_clamp(const Options& options) {
  return clamped(controls::propagation, spec_with(bind_mount("/srv", "/data", options)), Policy{}, Facts{})
      .strings("/mounts/0/options");
}

}  // namespace

TEST_CASE("propagation: a bind mount is private in the end") {
  struct Row {
    std::string says;
    Options before;
    Options after;
  };
  const Row rows[] = {
      {"Docker's bind", {"rbind", "rprivate"}, {"rbind", "rprivate"}},
      {"a plain private one", {"bind", "private"}, {"bind", "private"}},
      {"one that says nothing", {"rbind"}, {"rbind", "rprivate"}},
      {"one that is private in name", {"rbind", "private=0", "rprivate="}, {"rbind", "private=0", "rprivate"}},
      {"one asked to be shared", {"rbind", "rshared"}, {"rbind", "rprivate"}},
      {"one asked to follow the host", {"rbind", "slave"}, {"rbind", "rprivate"}},
      {"one asked for both", {"rbind", "shared", "rslave"}, {"rbind", "rprivate"}},
      {"one that is private and shared", {"rbind", "rprivate", "shared"}, {"rbind", "rprivate"}},
      {"one that says it twice", {"rbind", "shared", "shared"}, {"rbind", "rprivate"}},
      {"one that cannot be bound again", {"rbind", "unbindable"}, {"rbind", "rprivate"}},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    CHECK(after_clamp(row.before) == row.after);
  }
}

TEST_CASE("propagation: what the user asked for is named, and left alone where it is only warned about") {
  const Spec spec = spec_with(bind_mount("/srv", "/data", {"rbind", "rslave"}));
  CHECK(subjects(controls::propagation, spec, Policy{}, Facts{}) == Options{"/data:rslave"});
  CHECK(tightened(controls::propagation, spec, Policy{}, Facts{}).document() == spec.document());
}

TEST_CASE("propagation: a mount without options gets a list of them; other types need none") {
  const Spec bare(Json::parse(
      R"({"mounts":[{"destination":"/x","type":"bind","source":"/srv"},{"destination":"/t","type":"tmpfs"}]})"));
  const Spec after = clamped(controls::propagation, bare, Policy{}, Facts{});
  CHECK(after.document()["mounts"][0]["options"] == Json::array({"rprivate"}));
  CHECK_FALSE(after.document()["mounts"][1].contains("options"));
  CHECK(controls::propagation.evaluate(Spec(Json::object()), Policy{}, Facts{}).findings().empty());
}

TEST_CASE("propagation: a shared tmpfs is an excess too") {
  const Json tmpfs = {{"destination", "/t"}, {"type", "tmpfs"}, {"options", {"shared"}}};
  CHECK(subjects(controls::propagation, spec_with(tmpfs), Policy{}, Facts{}) == Options{"/t:shared"});
}

TEST_CASE("propagation: the root file system is not shared") {
  struct Row {
    Json root;
    Json after;
  };
  const Row rows[] = {{"shared", "private"},
                      {"rshared", "private"},
                      {"unbindable", "private"},
                      {"private", "private"},
                      {"rslave", "rslave"},
                      {"slave", "slave"},
                      {"", ""},
                      {nullptr, nullptr},
                      {"nonsense", "private"}};
  for (const Row& row : rows) {
    INFO(row.root.dump());
    const Spec spec(Json{{"linux", {{"rootfsPropagation", row.root}}}});
    CHECK(clamped(controls::propagation, spec, Policy{}, Facts{}).document()["linux"]["rootfsPropagation"] ==
          row.after);
  }
  CHECK(subjects(controls::propagation, Spec(Json{{"linux", {{"rootfsPropagation", "shared"}}}}), Policy{}, Facts{}) ==
        Options{"/:shared"});
}
