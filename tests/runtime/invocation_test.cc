#include "runtime/invocation.h"

#include <algorithm>

#include "catch.h"
#include "runtime/options.h"
#include "util/text.h"

using namespace hardened;
using runtime::Invocation;
using runtime::Verb;

namespace {

std::vector<const char*> argv_of(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return argv;
}

Invocation parsed(const std::string& line) {
  const std::vector<std::string> words = split("hardened-runtime " + line, ' ');
  return runtime::parse(argv_of(words));
}

}  // namespace

TEST_CASE("command line: the five verbs are found whatever the spelling, and what they run on") {
  struct Row {
    const char* line;
    Verb verb;
    const char* bundle;
    const char* id;
  };
  const Row rows[] = {
      // As containerd's shim, conmon, CRI-O and buildkit spell it.
      {"--root /r --log /l --log-format json create --bundle /b --pid-file /p ID", Verb::create, "/b", "ID"},
      {"--systemd-cgroup --log-format=json --log /l create --bundle /b --console-socket /s ID", Verb::create, "/b",
       "ID"},
      {"--root=/r create --bundle /b ID", Verb::create, "/b", "ID"},
      {"run --bundle /b --keep ID", Verb::run, "/b", "ID"},
      {"restore --image-path i --work-path w --detach --pid-file p -no-subreaper --bundle /b ID", Verb::restore, "/b",
       "ID"},
      // Every form Go's flag package and getopt accept.
      {"create --bundle=/b ID", Verb::create, "/b", "ID"},
      {"create -bundle /b ID", Verb::create, "/b", "ID"},
      {"create -b /b ID", Verb::create, "/b", "ID"},
      {"create -b=/b ID", Verb::create, "/b", "ID"},
      {"create --b /b ID", Verb::create, "/b", "ID"},
      {"create --bundle /a --bundle /b ID", Verb::create, "/b", "ID"},
      {"create ID --bundle /b", Verb::create, "/b", "ID"},
      {"create --bundle /b -- ID", Verb::create, "/b", "ID"},
      {"create ID", Verb::create, "", "ID"},
      // Words that look like verbs or flags but are values.
      {"--log create --root exec create --bundle run create", Verb::create, "run", "create"},
      {"--log create kill --all create", Verb::pass_through, "", "create"},
      {"exec --process /p ID --bundle /x", Verb::exec, "", "ID"},
      {"exec ID create --bundle /b", Verb::exec, "", "ID"},
      {"update --resources=- ID", Verb::update, "", "ID"},
      // Nothing runs: the runtime's own answer is the better one.
      {"create --help --bundle /b ID", Verb::pass_through, "/b", "ID"},
      {"create --bundle /b", Verb::pass_through, "/b", ""},
      {"restore --lsm-mount-context", Verb::pass_through, "", ""},
      {"--version", Verb::pass_through, "", ""},
      {"", Verb::pass_through, "", ""},
      {"frobnicate --x ID", Verb::pass_through, "", "ID"},
  };
  for (const Row& row : rows) {
    INFO(row.line);
    const Invocation invocation = parsed(row.line);
    CHECK_FALSE(invocation.error);
    CHECK(invocation.verb == row.verb);
    CHECK(invocation.flag("bundle") == row.bundle);
    CHECK(invocation.id() == row.id);
  }
}

TEST_CASE("command line: what could smuggle a container past us is an error, never a guess") {
  const char* const lines[] = {
      "create --config /x --bundle /b ID",  // crun: another spec than the one we rewrite
      "create -f /x ID",
      "run --no-pivot --bundle /b ID",
      "create --no-new-keyring ID",
      "create --bun /b ID",  // getopt's abbreviation
      "create -b/b ID",      // getopt's joined short form
      "exec -td ID sh",      // getopt's cluster
      "exec --frobnicate ID sh",
      "--frobnicate create --bundle /b ID",
      "--frobnicate x create --bundle /b ID",
      "create ID --bundle",
      "create ID --bundle -x",  // runc: container "-x" of bundle "ID"
      "run --pid-file -x --bundle /b ID",
      "create --help=false --frobnicate --bundle /b ID",
  };
  for (const char* line : lines) {
    INFO(line);
    const Invocation invocation = parsed(line);
    REQUIRE(invocation.error);
    CHECK(invocation.error->message.find("cannot understand the command line") == 0);
  }
}

TEST_CASE("command line: --help=false is no help, the container is created and so judged") {
  CHECK(parsed("create --help=false --bundle /b ID").verb == Verb::create);
}

TEST_CASE("command line: a verb that gives no rights is never an error") {
  for (const char* line :
       {"kill --frobnicate ID 9", "--frobnicate kill ID", "delete --force ID", "state", "ps --format json ID aux"}) {
    INFO(line);
    const Invocation invocation = parsed(line);
    CHECK_FALSE(invocation.error);
    CHECK(invocation.verb == Verb::pass_through);
  }
}

TEST_CASE("command line: the container of a verb that gives no rights") {
  for (const char* line : {"kill ID 9", "kill --all ID 9", "delete --force ID", "delete -f ID",
                           "ps --format json ID aux", "ps --format=json ID", "events --stats --interval 5s ID",
                           "state ID", "start -- ID", "checkpoint --image-path /i --work-path /w --leave-running ID"}) {
    INFO(line);
    CHECK(parsed(line).id() == "ID");
  }
  CHECK(parsed("list --format json").id().empty());
  CHECK(parsed("ps --format").id().empty());
}

TEST_CASE("command line: the log of a call that is not understood is still known") {
  const Invocation invocation = parsed("--log /l --log-format json create --frobnicate ID");
  REQUIRE(invocation.error);
  CHECK(invocation.global("log") == "/l");
  CHECK(invocation.verb_name == "create");
}

TEST_CASE("command line: one flag's value is replaced, every other byte is kept") {
  struct Row {
    const char* line;
    const char* result;
  };
  const Row rows[] = {
      {"exec --process /p --detach ID", "exec --process NEW --detach ID"},
      {"exec --process=/p ID", "exec --process=NEW ID"},
      {"exec -p /p=/p ID", "exec -p NEW ID"},
      {"exec -p /a --process=/b ID /a", "exec -p NEW --process=NEW ID /a"},
      {"update -r - ID", "update -r NEW ID"},
  };
  for (const Row& row : rows) {
    const std::vector<std::string> words = split(std::string("hardened-runtime ") + row.line, ' ');
    const auto argv = argv_of(words);
    const Invocation invocation = runtime::parse(argv);
    const char* name = invocation.verb == Verb::exec ? "process" : "resources";
    const std::vector<std::string> result = runtime::with_flag_value(argv, invocation, name, "NEW");
    CHECK(join(std::span(result).subspan(1), " ") == row.result);
  }
}

TEST_CASE("command line: the tables are sorted, free of duplicates, and every alias is one letter") {
  const auto check = [](std::span<const runtime::Option> options) {
    CHECK(std::is_sorted(options.begin(), options.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
    std::vector<std::string_view> names;
    for (const runtime::Option& option : options) {
      names.push_back(option.name);
      if (!option.alias.empty()) names.push_back(option.alias);
      CHECK(option.alias.size() <= 1);
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  };
  check(runtime::global_options());
  for (const runtime::VerbTable& table : runtime::verb_tables()) check(table.options);
}
