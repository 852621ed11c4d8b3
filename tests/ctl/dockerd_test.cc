#include "ctl/dockerd.h"

#include <fcntl.h>

#include "catch.h"
#include "temporary.h"
#include "util/file.h"

using namespace hardened;

TEST_CASE("dockerd: settings on its command line are told by pid and option") {
  const std::vector<ctl::Dockerd> daemons{{7, {"dockerd", "--debug"}}, {8, {"dockerd", "--add-runtime=x=/x"}}};
  CHECK(ctl::check_options({}, {"--add-runtime"}));
  CHECK(ctl::check_options({daemons.front()}, {"--add-runtime", "--default-runtime"}));
  const auto refused = ctl::check_options(daemons, {"--default-runtime", "--add-runtime"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("pid 8") != std::string::npos);
  CHECK(refused.error().message.find("--add-runtime") != std::string::npos);
  CHECK_FALSE(ctl::check_options({{9, {"dockerd", "--default-runtime", "x"}}}, {"--default-runtime"}));
  CHECK(ctl::check_options({{9, {"dockerd", "--default-runtimes"}}}, {"--default-runtime"}));
}

TEST_CASE("dockerd: those that read another file, or are called so only, are not meant") {
  const testing::TemporaryDirectory temporary;
  CHECK(ctl::dockerds_of(temporary.path("daemon.json")).empty());
}

TEST_CASE("dockerd: an option is the last one given, as two words or one") {
  const ctl::Dockerd daemon{1, {"dockerd", "--data-root", "/a", "--ip=1", "--data-root=/b", "--bridge"}};
  CHECK(ctl::option_of(daemon, "--data-root") == "/b");
  CHECK(ctl::option_of(daemon, "--ip") == "1");
  CHECK(ctl::option_of(daemon, "--bridge") == std::nullopt);
  CHECK(ctl::option_of(daemon, "--data") == std::nullopt);
}

TEST_CASE("dockerd: its data are where its command line, its configuration or nobody says") {
  const testing::TemporaryDirectory temporary;
  const std::string config = temporary.path("daemon.json");
  testing::write_text(config, R"({"data-root": "/c"})");
  CHECK(ctl::data_root({1, {"dockerd", "--config-file", config}}) == "/c");
  CHECK(ctl::data_root({1, {"dockerd", "--config-file", config, "--data-root", "/d"}}) == "/d");
  CHECK(ctl::data_root({1, {"dockerd", "-g", "/g", "--config-file", config}}) == "/g");
  CHECK(ctl::data_root({1, {"dockerd", "--config-file", temporary.path("none")}}) == "/var/lib/docker");
}

TEST_CASE("dockerd: a file in memory is read from its beginning, and has no name to race for") {
  const auto file = ctl::memory_file("text\n");
  REQUIRE(file.has_value());
  CHECK(read_all(file->get(), 100, "it").value() == "text\n");
  CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
}
