#include <fmt/format.h>

#include "record/maps.h"
#include "record/programs.h"
#include "record/tier.h"

namespace hardened::record {
namespace {

class BpfTier : public Tier {
 public:
  explicit BpfTier(std::string programs) : programs_(std::move(programs)) {}

  [[nodiscard]] Status expect(Run& run, const Runs& runs) const override {
    TRY_DO(attach_programs(programs_));
    run.slot = free_slot(runs.all());
    if (run.slot < 0)
      run.lost.push_back(
          fmt::format("no system call was recorded: {} containers are being recorded already", int{record_slots}));
    return {};
  }

  [[nodiscard]] Status enter(Run& run, const state::Process& init) const override {
    if (run.slot < 0) return {};
    TRY(maps, Maps::open(programs_));
    run.missed = missed_events(programs_);
    return maps.enter(slot_of(run), {run.number(), init});
  }

  [[nodiscard]] Status stop(const Run& run) const override {
    if (run.slot < 0) return {};
    TRY(maps, Maps::open(programs_));
    return maps.stop(slot_of(run), run.number());
  }

  [[nodiscard]] Result<Observed> read(const Run& run) const override {
    if (run.slot < 0) return Observed{};  // expect() has said so
    TRY(maps, Maps::open(programs_));
    auto observed = maps.read(slot_of(run), run.number());
    if (!observed) return observed;
    if (!are_attached(programs_)) observed->lost.emplace_back("a BPF program was taken away while it ran");
    const std::uint64_t missed = missed_events(programs_);
    if (missed > run.missed)
      observed->lost.push_back(fmt::format("the BPF programs missed {} events", missed - run.missed));
    return observed;
  }

  void forget(const Run& run, bool last) const override {
    const auto maps = run.slot < 0 ? fail(Code::io, "it has none") : Maps::open(programs_);
    if (maps) maps->clear(slot_of(run));
    if (last) detach_programs(programs_);
  }

 private:
  static unsigned slot_of(const Run& run) { return static_cast<unsigned>(run.slot); }

  std::string programs_;
};

}  // namespace

std::unique_ptr<Tier> bpf_tier(const std::string& programs) {
  return std::make_unique<BpfTier>(programs);
}

}  // namespace hardened::record
