#include "catch.h"
#include "policy/image.h"
#include "policy/site.h"

using hardened::policy::image_matches;
using site::Site;
using site::Workload;

TEST_CASE("image globs: name, tag and digest are matched part by part") {
  struct Row {
    const char* says;
    const char* glob;
    const char* image;
    bool matches;
  };
  const Row rows[] = {
      {"a tag glob matches any tag", "nginx:*", "nginx:1.25", true},
      {"an image without a tag is :latest", "nginx:latest", "nginx", true},
      {"an image without a tag is not another tag", "nginx:1.25", "nginx", false},
      {"a glob without a tag means any tag", "nginx", "nginx:1.25", true},
      {"a longer name is another image", "nginx:*", "nginx-evil:1", false},
      {"another user's image is another image", "nginx:*", "evil/nginx:1", false},
      {"a registry named like the image is another image", "nginx:*", "nginx:5000/evil:1", false},
      {"another registry is another image", "nginx:*", "registry.example/nginx:1", false},
      {"the default registry may be spelt out in the image", "nginx:*", "docker.io/library/nginx:1", true},
      {"… and in the glob", "docker.io/library/nginx", "nginx:1", true},
      {"… and is left out of user images alike", "team/app", "docker.io/team/app:1", true},
      {"library/ of another registry stays", "nginx", "registry.example/library/nginx", false},
      {"a folder glob", "registry.example/team/*", "registry.example/team/app:1", true},
      {"a folder glob does not leave its registry", "registry.example/team/*", "registry.example.evil/team/app", false},
      {"everything", "*", "registry.example:5000/a/b:1", true},
      {"a digest given by the user", "app@sha256:ab*", "app@sha256:abcd", true},
      {"a digest the engine reports", "app@sha256:fe*", "app:1", true},
      {"another digest", "app@sha256:00*", "app:1", false},
      {"name and digest", "other@sha256:fe*", "app:1", false},
      {"an image given by digest has no tag", "app:latest", "app@sha256:abcd", false},
      {"an engine that names no image matches nothing", "*", "", false},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    CHECK(image_matches(row.glob, site::image(row.image, "sha256:feed")) == row.matches);
  }
}

namespace {

constexpr char policy[] = R"({"version": 1, "default_profile": "web",
  "select": [ {"image": "postgres:*", "profile": "database"},
              {"annotation": "org.hardened.profile", "allow": ["web", "data*", "none"]},
              {"label": "org.hardened.profile", "allow": ["web", "gone"]},
              {"image": "redis", "profile": "compat"},
              {"program": "hardened-db", "profile": "database"} ]})";

struct Row {
  const char* says;
  const char* image;
  const char* annotation;
  const char* label;
  const char* program;
  const char* profile;
};

Workload workload_of(const Row& row) {
  Workload workload = site::image(row.image);
  if (*row.annotation != '\0') workload.annotations["org.hardened.profile"] = row.annotation;
  if (*row.label != '\0') workload.labels["org.hardened.profile"] = row.label;
  return workload;
}

void write_profiles(Site& site) {
  site.write("profiles.d/web.json", R"({"name": "web"})").write("profiles.d/database.json", R"({"name": "database"})");
  site.write("profiles.d/README", "not a profile")
      .write("profiles.d/web.json~", "not a profile")
      .write("profiles.d/.x.json", "x");
}

}  // namespace

TEST_CASE("select: the first row that matches wins") {
  const Row rows[] = {
      {"an image row", "postgres:16", "", "", "hardened-runtime", "database"},
      {"an image row before the annotation's", "postgres:16", "web", "", "hardened-runtime", "database"},
      {"an allowed annotation", "app", "database", "", "hardened-runtime", "database"},
      {"an annotation before a label", "app", "database", "web", "hardened-runtime", "database"},
      {"an allowed label", "redis", "", "web", "hardened-runtime", "web"},
      {"a label that is not allowed does not match", "redis", "", "database", "hardened-runtime", "compat"},
      {"a label that names no profile does not match", "redis", "", "gone", "hardened-runtime", "compat"},
      {"a label that is a path does not match", "redis", "", "../web", "hardened-runtime", "compat"},
      {"a program row", "app", "", "", "hardened-db", "database"},
      {"a program's own profile where no row matches", "app", "", "", "hardened-compat", "compat"},
      {"training mode's own profile", "app", "", "", "hardened-train", "train"},
      {"rows come before the program's own profile", "postgres:16", "", "", "hardened-compat", "database"},
      {"the default", "app", "", "", "hardened-runtime", "web"},
      {"the default when the engine says nothing", "", "", "", "hardened-runtime", "web"},
  };
  Site site;
  write_profiles(site);
  site.write("policy.json", policy);
  for (const Row& row : rows) {
    INFO(row.says);
    const auto loaded = site.load(workload_of(row), row.program);
    REQUIRE(loaded);
    CHECK(loaded->profile.name == row.profile);
  }
}

TEST_CASE("select: an annotation that asks for what it may not have is refused") {
  Site site;
  write_profiles(site);
  site.write("policy.json", policy);
  for (const char* asked : {"compat", "none", "../../x", ""}) {
    Workload workload = site::image("app");
    workload.annotations["org.hardened.profile"] = asked;
    INFO(asked);
    const auto loaded = site.load(workload);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == hardened::Code::refused);
    CHECK(site.error(workload) ==
          std::string("refused by policy: the annotation org.hardened.profile asks for profile \"") + asked +
              "\", which policy.json:3 does not allow; to allow it, add it to \"allow\" there");
  }
}

TEST_CASE("select: without a policy the program's name decides") {
  const Site site;
  CHECK(site.load()->profile.name == "strict");
  CHECK(site.load({}, "hardened-compat")->profile.name == "compat");
  Workload asking;
  asking.annotations["org.hardened.profile"] = "compat";
  asking.labels["org.hardened.profile"] = "compat";
  CHECK(site.load(asking)->profile.name == "strict");
}

TEST_CASE("select: a step of a build has a profile of its own, whatever the Dockerfile's labels say") {
  Site site;
  write_profiles(site);
  Workload step = site::image("sha256:feed");
  step.building = true;
  step.labels["org.hardened.profile"] = "web";
  CHECK(site.load(step)->profile.name == "build");
  CHECK(site.load(step, "hardened-compat")->profile.name == "build");
  site.write("policy.json", policy);
  CHECK(site.load(step)->profile.name == "build");
  site.write("policy.json", R"({"version": 1, "default_profile": "web", "build_profile": "database"})");
  CHECK(site.load(step)->profile.name == "database");
  CHECK(site.load(site::image("app"))->profile.name == "web");
}

TEST_CASE("waivers: those for the image, until their last day") {
  Site site;
  site.write("policy.json", R"({"version": 1, "waivers": [
    {"control": "secret-env", "allow": ["TOKEN"], "reason": "everyone"},
    {"control": "sensitive-mounts", "image": "traefik:*", "allow": ["/var/run/docker.sock"], "reason": "reads labels",
     "until": "2026-03-01"} ]})");
  const auto reasons = [&site](const char* image, const char* today) {
    std::string all;
    const auto loaded = site.load(site::image(image), "hardened-runtime", today);
    if (!loaded) return loaded.error().message.substr(loaded.error().message.rfind('/') + 1);
    for (const auto& waiver : loaded->waivers) all += waiver.reason + ";";
    return all;
  };
  CHECK(reasons("app", "2026-03-01") == "everyone;");
  CHECK(reasons("", "2026-03-01") == "everyone;");
  CHECK(reasons("traefik:3", "2026-02-28") == "everyone;reads labels;");
  CHECK(reasons("traefik:3", "2026-03-01") == "everyone;reads labels;");
  CHECK(reasons("traefik:3", "2026-03-02") ==
        "policy.json:3: cannot use the waiver for sensitive-mounts: it ended on 2026-03-01");
  // A forgotten waiver stops the containers it was made for, not the machine.
  CHECK(reasons("app", "2026-03-02") == "everyone;");
}
