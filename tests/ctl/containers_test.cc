#include "ctl/containers.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "host/sandbox.h"
#include "temporary.h"

using namespace hardened;
namespace fs = std::filesystem;

namespace {

// Of Docker, in its usual data directory.
void put_container(const std::string& id, const std::string& text, mode_t mode = 0600) {
  const std::string directory = "/var/lib/docker/containers/" + id;
  fs::create_directories(directory);
  testing::write_text(directory + "/config.v2.json", text);
  ::chmod((directory + "/config.v2.json").c_str(), mode);
}

std::string named(const std::string& id, const std::string& name) {
  return R"({"ID": ")" + id + R"(", "Name": ")" + name + R"("})";
}

}  // namespace

TEST_CASE("containers: Docker's names, by the file that only root writes") {
  sandbox::run([]() -> std::string {
    put_container("aaa1", named("aaa1", "/web"));
    put_container("aaa2", named("aaa2", "/db"));
    put_container("aaa3", named("aaa3", "/web"), 0666);  // anybody could have written that
    put_container("aaa4", "{");
    put_container("aaa5", R"({"Name": 7})");
    if (ctl::docker_ids("web") != std::vector<std::string>{"aaa1"}) return "web is not aaa1 alone";
    if (ctl::docker_ids("db") != std::vector<std::string>{"aaa2"}) return "db is not aaa2";
    if (!ctl::docker_ids("/web").empty() || !ctl::docker_ids("we").empty()) return "a name is a whole one";
    if (ctl::docker_name("aaa1") != "web" || ctl::docker_name("aaa2") != "db") return "ids have no names";
    for (const char* none : {"aaa3", "aaa4", "aaa5", "aaa9", "", ".", "../containers/aaa1"}) {
      if (!ctl::docker_name(none).empty()) return std::string("there is a name for ") + none;
    }
    return {};
  });
}

TEST_CASE("containers: two of one name, as two data directories may have, are both told") {
  sandbox::run([]() -> std::string {
    put_container("b2", named("b2", "/web"));
    put_container("b1", named("b1", "/web"));
    return ctl::docker_ids("web") == std::vector<std::string>{"b1", "b2"} ? "" : "not both, or not sorted";
  });
}

TEST_CASE("containers: an id is shortened as docker ps does") {
  CHECK(ctl::shortened(std::string(64, 'a')) == std::string(12, 'a'));
  CHECK(ctl::shortened("short").size() == 5);
}

namespace {

// A runtime's own directory, in the place of runc's.
std::string in_runc_root(const std::function<std::string()>& body) {
  if (::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) return "no tmpfs";
  return body();
}

void put_state(const std::string& id, const std::string& file, const std::string& text) {
  fs::create_directories("/run/runc/" + id);
  testing::write_text("/run/runc/" + id + "/" + file, text);
  ::chmod(("/run/runc/" + id + "/" + file).c_str(), 0600);
}

}  // namespace

TEST_CASE("containers: those that live without us, with the bundle they were made from") {
  sandbox::run([] {
    return in_runc_root([]() -> std::string {
      const std::string pid = std::to_string(::getpid());
      put_state("lives", "state.json",
                R"({"init_process_pid": )" + pid + R"(, "config": {"labels": ["a=b", "bundle=/b/lives"]}})");
      put_state("by-crun", "status", R"({"pid": )" + pid + R"(, "bundle": "/b/crun"})");
      put_state("silent", "state.json", R"({"init_process_pid": )" + pid + "}");
      put_state("ended", "state.json", R"({"init_process_pid": 2147483646})");
      put_state("broken", "state.json", "{");
      put_state("ours", "state.json", R"({"init_process_pid": )" + pid + "}");
      state::Grant grant;
      grant.id = "ours";
      const auto found = ctl::strangers({grant});
      if (found.size() != 3) return "there are " + std::to_string(found.size());
      if (found[0].id != "by-crun" || found[0].bundle != "/b/crun") return "crun's is not told";
      if (found[1].id != "lives" || found[1].bundle != "/b/lives") return "runc's is not told";
      if (found[2].id != "silent" || !found[2].bundle.empty()) return "the silent one is not told";
      return found[1].runtime_root == "/run/runc" ? "" : "its root is " + found[1].runtime_root;
    });
  });
}
