#include "oci/bundle.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "processes.h"
#include "temporary.h"

using namespace hardened;
using oci::Bundle;
using testing::read_text;
using testing::TemporaryDirectory;
using testing::write_text;

namespace {

std::ptrdiff_t files_in(const TemporaryDirectory& temporary) {
  return std::distance(std::filesystem::directory_iterator(temporary.path()), {});
}

}  // namespace

TEST_CASE("bundle: read, with what the runtime-spec does not know") {
  TemporaryDirectory temporary;
  write_text(temporary.path("config.json"), R"({"ociVersion":"1.0.2","x":1,"process":{"args":["sh"]}})");
  const auto bundle = Bundle::open(temporary.path());
  REQUIRE(bundle);
  CHECK(bundle->path() == temporary.path());
  CHECK(bundle->spec().at("process").at("args").at(0) == "sh");
  CHECK(bundle->unknown_members() == std::vector<std::string>{"/x"});
}

TEST_CASE("bundle: an empty path is the working directory, as for runc") {
  TemporaryDirectory temporary;
  write_text(temporary.path("config.json"), "{}");
  CHECK(testing::succeeded(testing::start([&] {
    const auto bundle = ::chdir(temporary.path().c_str()) == 0 ? Bundle::open("") : Bundle::open("/nonexistent");
    return bundle && bundle->path() == ".";
  })));
}

TEST_CASE("bundle: what cannot be judged is refused") {
  TemporaryDirectory temporary;
  const std::string config = temporary.path("config.json");
  struct Row {
    const char* sentence;
    std::function<void()> make;
    const char* message;
  };
  const Row rows[] = {
      {"no config.json", [] {}, "cannot open config.json (ENOENT)"},
      {"a symbolic link",
       [&] {
         write_text(temporary.path("real"), "{}");
         REQUIRE(::symlink("real", config.c_str()) == 0);
       },
       "cannot open config.json (ELOOP)"},
      {"a FIFO does not hang", [&] { REQUIRE(::mkfifo(config.c_str(), 0600) == 0); },
       "cannot read config.json: not a regular file"},
      {"a directory", [&] { REQUIRE(::mkdir(config.c_str(), 0700) == 0); },
       "cannot read config.json: not a regular file"},
      {"not JSON", [&] { write_text(config, "{"); }, "config.json:1: cannot read: "},
      {"empty", [&] { write_text(config, ""); }, "config.json:1: cannot read: "},
      {"a duplicate member", [&] { write_text(config, R"({"process":{},"process":{}})"); },
       "config.json:1: cannot read: the member \"process\" appears twice"},
      {"a member in another case", [&] { write_text(config, R"({"Process":{}})"); },
       "cannot read config.json: /Process differs from \"process\" only by case"},
      {"too large", [&] { write_text(config, std::string((8U << 20) + 1, ' ')); },
       "cannot read config.json: larger than 8388608 bytes"},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    std::filesystem::remove_all(config);
    row.make();
    const auto bundle = Bundle::open(temporary.path());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().message.starts_with(row.message));
  }
  const auto missing = Bundle::open(temporary.path("missing"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "cannot open " + temporary.path("missing") + " (ENOENT)");
}

TEST_CASE("bundle: store replaces the file, keeps owner and mode, leaves nothing beside it") {
  TemporaryDirectory temporary;
  const std::string config = temporary.path("config.json");
  write_text(config, R"({"z":1, "a":18446744073709551615, "float":1.5})");
  REQUIRE(::chown(config.c_str(), 7, 8) == 0);
  REQUIRE(::chmod(config.c_str(), 0640) == 0);
  const auto bundle = Bundle::open(temporary.path());
  REQUIRE(bundle);
  Json spec = bundle->spec();
  spec["process"] = {{"noNewPrivileges", true}};
  REQUIRE(bundle->store(spec));
  CHECK(read_text(config) == R"({"z":1,"a":18446744073709551615,"float":1.5,"process":{"noNewPrivileges":true}})");
  struct stat status {};
  REQUIRE(::stat(config.c_str(), &status) == 0);
  CHECK(status.st_uid == 7);
  CHECK(status.st_gid == 8);
  CHECK((status.st_mode & 07777U) == 0640);
  CHECK(files_in(temporary) == 1);
}

TEST_CASE("bundle: store stays in the directory that was opened, wherever its name points by now") {
  TemporaryDirectory temporary;
  REQUIRE(::mkdir(temporary.path("bundle").c_str(), 0700) == 0);
  write_text(temporary.path("bundle/config.json"), "{}");
  const auto bundle = Bundle::open(temporary.path("bundle"));
  REQUIRE(bundle);
  REQUIRE(::rename(temporary.path("bundle").c_str(), temporary.path("moved").c_str()) == 0);
  REQUIRE(::mkdir(temporary.path("bundle").c_str(), 0700) == 0);
  write_text(temporary.path("bundle/config.json"), "other");
  REQUIRE(bundle->store(Json{{"x", 1}}));
  CHECK(read_text(temporary.path("moved/config.json")) == R"({"x":1})");
  CHECK(read_text(temporary.path("bundle/config.json")) == "other");
}

TEST_CASE("bundle: what would read differently is not stored") {
  TemporaryDirectory temporary;
  write_text(temporary.path("config.json"), R"({"old":1})");
  const auto bundle = Bundle::open(temporary.path());
  REQUIRE(bundle);
  CHECK_FALSE(bundle->store(Json{{"hostname", "\xff"}}));
  CHECK_FALSE(bundle->store(Json{{"x", std::numeric_limits<double>::infinity()}}));
  CHECK(read_text(temporary.path("config.json")) == R"({"old":1})");
  CHECK(files_in(temporary) == 1);
}

TEST_CASE("bundle: on a full disk the old file stands") {
  TemporaryDirectory temporary;
  CHECK(testing::on_small_disk(temporary.path(), "16k", [&] {
    write_text(temporary.path("config.json"), R"({"old":1})");
    const auto bundle = Bundle::open(temporary.path());
    if (!bundle || bundle->store(Json{{"x", std::string(65536, 'x')}})) return false;
    return read_text(temporary.path("config.json")) == R"({"old":1})" && files_in(temporary) == 1;
  }));
}
