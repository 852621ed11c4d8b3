#include "controls/look.h"

using namespace hardened;
using test::look;

namespace {

struct Row {
  const char* sentence;
  const char* user;
  const char* after;  // of additionalGids
  std::vector<std::string> asked = {};
  std::size_t tightened = 0;
};

const Row rows[] = {
    {"Docker repeats root's own group", R"({"uid":0,"gid":0,"additionalGids":[0,0]})", "[0,0]"},
    {"Docker repeats the user's own group, even with a number the host knows",
     R"({"uid":999,"gid":999,"additionalGids":[999]})", "[999]"},
    {"ordinary groups stay", R"({"uid":1000,"gid":1000,"additionalGids":[1000,5000]})", "[1000,5000]"},
    {"a user in the root group may carry it", R"({"uid":1000,"gid":0,"additionalGids":[0]})", "[0]"},
    {"--group-add 0 for another user", R"({"uid":1000,"gid":1000,"additionalGids":[1000,0]})", "[1000]", {"0"}},
    {"--group-add docker for another user",
     R"({"uid":1000,"gid":1000,"additionalGids":[999,5000,6,0]})",
     "[5000]",
     {"0", "6", "999"}},
    {"a group the profile names stays", R"({"uid":1000,"gid":1000,"additionalGids":[107]})", "[107]"},
    {"Alpine's root is in disk and nobody asked for it",
     R"({"uid":0,"gid":0,"additionalGids":[0,1,6,10,26]})",
     "[0,1,10,26]",
     {},
     1},
    {"the groups of the root it was", R"({"uid":1234,"gid":5678,"additionalGids":[0,1,6]})", "[1]", {}, 2},
    {"a group given twice goes twice", R"({"uid":5,"gid":5,"additionalGids":[6,6]})", "[]", {"6", "6"}},
};

}  // namespace

TEST_CASE("additional-groups: no root group for other users, no privileged group of the host") {
  Facts facts;
  facts.groups = {{"disk", 6}, {"docker", 999}, {"kvm", 107}};
  Policy policy;
  policy.profile.groups = {"kvm"};
  policy.profile.root_user = policy::RootUser::run_as;
  policy.profile.run_as_uid = 1234;
  policy.profile.run_as_gid = 5678;
  for (const Row& row : rows) {
    INFO(row.sentence);
    const auto seen =
        look(controls::additional_groups, Spec(Json{{"process", {{"user", Json::parse(row.user)}}}}), policy, facts);
    CHECK(seen.after.at("process").at("user").at("additionalGids") == Json::parse(row.after));
    CHECK(seen.asked == row.asked);
    CHECK(seen.tightened.size() == row.tightened);
    CHECK(seen.refused.empty());
  }
}

TEST_CASE("additional-groups: numbers that are no group id are refused") {
  for (const char* gid : {"-1", "4294967295", "4294967296", "18446744073709551615"}) {
    const std::string user = std::string(R"({"process":{"user":{"uid":0,"gid":0,"additionalGids":[)") + gid + "]}}}";
    CHECK(look(controls::additional_groups, user).refused.size() == 1);
  }
}

TEST_CASE("additional-groups: no groups, nothing to say") {
  for (const char* text : {"{}", R"({"process":{}})", R"({"process":{"user":{"additionalGids":null}}})"}) {
    const auto seen = look(controls::additional_groups, text);
    CHECK(seen.after == Json::parse(text));
  }
}
