#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "record/audit_board.h"
#include "record/audit_listener.h"
#include "record/audit_socket.h"
#include "record/tier.h"

namespace hardened::record {
namespace {

// The clock that audit records have.
std::uint64_t coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

// The name of the program that `process` runs, as the kernel writes it into a record of that process: both are what
// d_path() says of a file that is not below the root of the process.
Status name_program(pid_t process, AuditBoard& board) {
  const std::string link = "/proc/" + std::to_string(process) + "/exe";
  const ssize_t count = ::readlink(link.c_str(), board.runtime, sizeof board.runtime - 1);
  if (count < 0) return fail_errno("cannot read " + link, errno);
  board.runtime[count] = '\0';
  board.starts = true;
  return {};
}

void read_calls(const AuditBoard& board, Observed& observed) {
  for (int phase = 0; phase < record_phases; ++phase) {
    for (int abi = 0; abi < record_abis; ++abi)
      observed.add(static_cast<record_phase>(phase), static_cast<record_abi>(abi), board.calls[phase][abi]);
  }
}

void read_losses(const AuditBoard& board, Observed& observed) {
  if (board.missing != 0 || board.overruns != 0)
    observed.lost.push_back(
        fmt::format("{} audit records did not come: the buffer of {} bytes was full {} times (a larger one is "
                    "\"buffer\" of the profile's \"recorder\")",
                    board.missing.load(), board.buffer, board.overruns.load()));
  const auto given_up = records_given_up();
  if (!given_up) {
    observed.lost.push_back("it is not known whether all audit records came: " + given_up.error().message);
  } else if (*given_up != board.kernel_lost) {
    observed.lost.push_back(
        fmt::format("the kernel gave up {} audit records (auditctl -s)", *given_up - board.kernel_lost));
  }
}

class AuditTier : public Tier {
 public:
  explicit AuditTier(std::string runs) : runs_(std::move(runs)) {}

  [[nodiscard]] Status expect(Run& run, const Runs& runs) const override {
    if (run.ids == 0)
      return fail(Code::policy, "the container has no user ids of its own, by which its audit records could be told",
                  "give it a private user namespace that it shares with no other");
    TRY(board, make_board(board_of(run)));
    board->first_id = run.first_id;
    board->ids = run.ids;
    board->buffer = run.buffer;
    TRY(listener, begin_listening(board, runs.path_of(run)));
    run.listener = state::format_process(listener);
    return {};
  }

  [[nodiscard]] Status enter(Run& run, const state::Process& init) const override {
    TRY(board, open_board(board_of(run)));
    return name_program(init.pid, *board);
  }

  [[nodiscard]] Status stop(const Run& run) const override {
    TRY(board, open_board(board_of(run)));
    if (board->stopping == 0) board->stopping = coarse_now();
    return {};
  }

  [[nodiscard]] Result<Observed> read(const Run& run) const override {
    TRY(board, open_board(board_of(run)));
    Observed observed;
    observed.capabilities_seen = observed.arguments_seen = false;
    const auto listener = state::parse_process(run.listener);
    const Status heard = listener ? hear_the_rest(board, *listener) : fail(Code::io, "nobody read the audit records");
    if (!heard) observed.lost.push_back(heard.error().message);
    read_calls(*board, observed);
    read_losses(*board, observed);
    return observed;
  }

  void forget(const Run& run, bool) const override {
    if (const auto listener = state::parse_process(run.listener)) end_listening(*listener);
    ::unlink(board_of(run).c_str());
  }

 private:
  // The names of runs begin with no dot.
  [[nodiscard]] std::string board_of(const Run& run) const { return runs_ + "/." + run.id + ".board"; }

  std::string runs_;
};

}  // namespace

std::unique_ptr<Tier> audit_tier(const std::string& runs) {
  return std::make_unique<AuditTier>(runs);
}

}  // namespace hardened::record
