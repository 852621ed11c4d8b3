// exec and update of a container whose grant was lost: judged by the built-in strict profile, without any capability.
// Every row ends before a runtime is looked for or anything is written.
#include <string>

#include "catch.h"
#include "runtime/command_line.h"
#include "runtime/story.h"
#include "temporary.h"

using namespace hardened;
using hardened::testing::CommandLine;
using hardened::testing::TemporaryDirectory;

namespace {

using Story = Result<runtime::Handover> (*)(const runtime::Call&, runtime::Account&);

std::string error_of(Story story, const std::string& line) {
  const CommandLine command("--root /run/no-such-root " + line);
  runtime::Account account;
  const auto handover = story({command.invocation, command.argv, "hardened-runtime"}, account);
  if (handover) return "nothing was refused";
  // "FILE:LINE: cannot …" where a document is at fault.
  const std::string& message = handover.error().message;
  const std::size_t at = message.find(":1: ");
  return at == std::string::npos ? message : message.substr(at + 4);
}

// Is `text` the beginning of what `story` says to `line`?
void check_error(Story story, const std::string& line, const std::string& text) {
  const std::string error = error_of(story, line);
  INFO(line << ": " << error);
  CHECK(error.starts_with(text));
}

struct Row {
  const char* given;
  const char* error;  // how it begins
};

// The same document given by a file.
void check_documents(Story story, const std::string& line, std::span<const Row> rows) {
  const TemporaryDirectory directory;
  for (const Row& row : rows) {
    INFO(row.given);
    testing::write_text(directory.path("document"), row.given);
    check_error(story, line + " " + directory.path("document") + " ID", row.error);
  }
  check_error(story, line + " " + directory.path("missing") + " ID", "cannot open");
}

}  // namespace

TEST_CASE("update by flags: more than the profile's most is refused, and what is no amount is an error") {
  const Row rows[] = {
      {"--memory 900g", "refused by memory: "},
      {"--memory 900G", "refused by memory: "},
      {"--memory 900GiB", "refused by memory: "},
      {"--memory -1", "refused by memory: "},
      {"--memory 1g --memory-swap -1", "refused by memory: "},
      {"--pids-limit -1", "refused by pids: "},
      {"--pids-limit 99999", "refused by pids: "},
      {"--cpu-quota -1", "refused by cpu: "},
      {"--cpu-period 1000 --cpu-quota 100000", "refused by cpu: "},
      {"--cpu-rt-runtime 1000", "refused by cpu: "},
      {"--cpu-share 100000", "refused by cpu: "},
      {"--blkio-weight 1000", "refused by blkio: "},
      {"--l3-cache-schema L3:0=f", "refused by intel-rdt: "},
      {"--mem-bw-schema MB:0=70", "refused by intel-rdt: "},
      {"--resources /dev/null --l3-cache-schema L3:0=f", "refused by intel-rdt: "},
      {"--memory 512m --pids-limit=-1", "refused by pids: "},
      {"--memory lots", "cannot understand the amount \"lots\""},
      {"--memory 1.5g", "cannot understand the amount \"1.5g\""},
      {"--memory 1gg", "cannot understand the amount"},
      {"--memory 1bb", "cannot understand the amount"},
      {"--memory=", "cannot understand the amount"},
      {"--memory 0x10", "cannot understand the amount"},
      {"--memory 9999999999g", "cannot understand the amount"},
      {"--memory 99999999999999999999", "cannot understand the amount"},
      {"--pids-limit 10k", "cannot understand the amount"},
  };
  for (const Row& row : rows) check_error(runtime::update, "update " + std::string(row.given) + " ID", row.error);
}

TEST_CASE("update by a document: it is judged like a spec, and read as strictly") {
  const Row rows[] = {
      {R"({"pids": {"limit": -1}})", "refused by pids: "},
      {R"({"memory": {"limit": 999999999999}})", "refused by memory: "},
      {R"({"memory": {"disableOOMKiller": true}})", "refused by memory: "},
      {R"({"unified": {"memory.max": "max"}})", "refused by unified-cgroup: "},
      {R"({"devices": [{"allow": true, "access": "rwm"}]})", "refused by devices: "},
      {R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 1000}]}})", "refused by blkio: "},
      {R"({"hugepageLimits": [{"pageSize": "2MB", "limit": 99999999999}]})", "refused by hugetlb: "},
      {R"({"pids": {"limit": 10}, "x-new": {"limit": -1}})", "refused by unknown-fields: "},
      {R"({"Pids": {"limit": -1}})", "cannot read"},
      {R"({"pids": {"limit": 1}, "pids": {"limit": -1}})", "cannot read"},
      {R"({"pids": {"limit": "10"}})", "cannot read"},
      {R"({"pids": {"limit": 10}} {"pids": {"limit": -1}})", "cannot read"},
      {R"([])", "cannot read"},
      {"", "cannot read"},
  };
  check_documents(runtime::update, "update --resources", rows);
}

TEST_CASE("exec by flags: what the container was not granted is refused, and what is no id is an error") {
  const Row rows[] = {
      {"--cap CAP_SYS_ADMIN ID sh", "refused by capabilities: "},
      {"-c CAP_NET_ADMIN ID sh", "refused by capabilities: "},
      {"--cap NONSENSE ID sh", "refused by capabilities: "},
      {"--cwd /proc/self/fd/7 ID sh", "refused by process-knobs: "},
      {"--user nobody ID sh", "cannot understand the id \"nobody\""},
      {"--user 1000:wheel ID sh", "cannot understand the id \"wheel\""},
      {"--user -1 ID sh", "cannot understand the id"},
      {"--user 4294967296 ID sh", "cannot understand the id"},
      {"--user 4294967295 ID sh", "refused by non-root-user: "},
      {"--additional-gids x ID sh", "cannot understand the id \"x\""},
  };
  for (const Row& row : rows) check_error(runtime::exec, "exec " + std::string(row.given), row.error);
}

TEST_CASE("exec by a document: docker exec --privileged brings no capability back") {
  const Row rows[] = {
      {R"({"args": ["sh"], "cwd": "/", "capabilities": {"bounding": ["CAP_SYS_ADMIN"]}})", "refused by capabilities: "},
      {R"({"args": ["sh"], "cwd": "/proc/self/fd/8"})", "refused by process-knobs: "},
      {R"({"args": ["sh"], "cwd": "/", "oomScoreAdj": -1000})", "refused by process-knobs: "},
      {R"({"args": ["sh"], "cwd": "/", "scheduler": {"policy": "SCHED_FIFO"}})", "refused by process-knobs: "},
      {R"({"args": ["sh"], "cwd": "/", "rlimits": [{"type": "RLIMIT_CORE", "hard": 5, "soft": 5}]})",
       "refused by rlimits: "},
      {R"({"args": ["sh"], "cwd": "/", "x-new": true})", "refused by unknown-fields: "},
      {R"({"args": ["sh"], "cwd": "/", "Capabilities": {}})", "cannot read"},
      {R"({"args": ["sh"], "cwd": "/", "user": 0})", "cannot read"},
      {R"({"args": ["sh"], "args": ["id"]})", "cannot read"},
      {"", "cannot read"},
  };
  check_documents(runtime::exec, "exec --process", rows);
}
