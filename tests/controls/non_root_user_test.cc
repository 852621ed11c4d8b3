#include "controls/look.h"

using namespace hardened;
using policy::RootUser;
using test::look;
using Names = std::vector<std::string>;

namespace {

Policy with(RootUser root_user) {
  Policy policy;
  policy.profile.root_user = root_user;
  policy.profile.run_as_uid = 1234;
  policy.profile.run_as_gid = 5678;
  return policy;
}

struct Row {
  const char* sentence;
  RootUser root_user;
  const char* user;
  const char* after;
  bool tightened = false;
  bool asked = false;
};

const Row rows[] = {
    {"root is fine where the profile allows it", RootUser::allow, R"({"uid":0,"gid":0})", R"({"uid":0,"gid":0})"},
    {"another user is fine", RootUser::refuse, R"({"uid":1000,"gid":1000})", R"({"uid":1000,"gid":1000})"},
    {"another user in the root group is fine", RootUser::run_as, R"({"uid":1000,"gid":0})", R"({"uid":1000,"gid":0})"},
    {"root is refused", RootUser::refuse, R"({"uid":0,"gid":0})", R"({"uid":1234,"gid":5678})", false, true},
    {"no user at all is root", RootUser::refuse, "{}", R"({"uid":1234,"gid":5678})", false, true},
    {"a null user id is root", RootUser::refuse, R"({"uid":null})", R"({"uid":1234,"gid":5678})", false, true},
    {"root is run as the profile's user", RootUser::run_as, R"({"uid":0,"gid":0})", R"({"uid":1234,"gid":5678})", true},
    {"root in a group of its own is run as the profile's user and group", RootUser::run_as, R"({"uid":0,"gid":7})",
     R"({"uid":1234,"gid":5678})", true},
};

}  // namespace

TEST_CASE("non-root-user: root as the profile says") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    const auto seen = look(controls::non_root_user, Spec(Json{{"process", {{"user", Json::parse(row.user)}}}}),
                           with(row.root_user), {});
    CHECK(seen.after.at("process").at("user") == Json::parse(row.after));
    CHECK(seen.tightened.empty() == !row.tightened);
    CHECK(seen.asked.empty() == !row.asked);
    CHECK(seen.refused.empty());
  }
}

TEST_CASE("non-root-user: an id that means \"leave as it is\" or wraps around is refused") {
  for (const char* user : {R"({"uid":4294967295,"gid":1})", R"({"uid":-1,"gid":1})", R"({"uid":4294967296,"gid":1})",
                           R"({"uid":1,"gid":4294967295})", R"({"uid":18446744073709551615,"gid":1})"}) {
    INFO(user);
    const auto seen = look(controls::non_root_user, Spec(Json{{"process", {{"user", Json::parse(user)}}}}),
                           with(RootUser::allow), {});
    CHECK(seen.refused.size() == 1);
  }
}

TEST_CASE("non-root-user: an exec may not be root where the container is not") {
  const char* root = R"({"process":{"user":{"uid":0,"gid":0}}})";
  const Facts facts = test::exec_facts(R"({"user":{"uid":1000,"gid":100}})");
  for (const RootUser root_user : {RootUser::allow, RootUser::refuse}) {
    const auto seen = look(controls::non_root_user, root, with(root_user), facts);
    CHECK(seen.asked == Names{"0", "0"});
    CHECK(seen.after == Json::parse(R"({"process":{"user":{"uid":1000,"gid":100}}})"));
  }
  SECTION("where root is run as another user, the engine's own exec still says root") {
    const auto seen = look(controls::non_root_user, root, with(RootUser::run_as), facts);
    CHECK(seen.asked.empty());
    CHECK(seen.after == Json::parse(R"({"process":{"user":{"uid":1000,"gid":100}}})"));
  }
  SECTION("another user may exec as another one yet") {
    CHECK(look(controls::non_root_user, R"({"process":{"user":{"uid":33,"gid":33}}})", with(RootUser::refuse), facts)
              .asked.empty());
  }
  SECTION("root in a container that was granted root") {
    CHECK(look(controls::non_root_user, root, with(RootUser::refuse), test::exec_facts(R"({"user":{"uid":0}})"))
              .asked.empty());
  }
}
