#include "runtime/recording.h"

#include <filesystem>

#include "catch.h"
#include "command_line.h"
#include "util/paths.h"

using namespace hardened;
using testing::CommandLine;

namespace {

Profile profile_that(bool trains) {
  Profile profile;
  profile.name = "web";
  profile.training = trains;
  return profile;
}

Status check(bool trains, const std::string& line, const std::string& program) {
  const CommandLine command(line);
  return runtime::check_recordable(profile_that(trains), {command.invocation, command.argv, program});
}

}  // namespace

TEST_CASE("recording: what is made by create can be recorded, under any name of the program") {
  CHECK(check(true, "create --bundle B a", "hardened-train"));
  CHECK(check(true, "create --bundle B a", "hardened-runtime"));
}

TEST_CASE("recording: run leaves no moment to begin it, and is refused only where it was to begin") {
  CHECK(check(true, "run --bundle B a", "hardened-train").error().code == Code::usage);
  CHECK(check(false, "run --bundle B a", "hardened-runtime"));
}

TEST_CASE("recording: nobody asks for it in vain") {
  const Status status = check(false, "create --bundle B a", "hardened-train");
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("profile \"web\"") != std::string::npos);
  CHECK(check(false, "create --bundle B a", "hardened-compat"));
}

TEST_CASE("recording: without a recorder the create ends with what to do") {
  if (std::filesystem::exists(paths::recorder)) return;  // then training.bats has the case
  Spec spec(Json::object());
  const Status status = runtime::expect_recording({}, spec, {}, {});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Code::policy);
  CHECK(status.error().message.find(paths::recorder) != std::string::npos);
  CHECK_FALSE(status.error().hint.empty());
}
