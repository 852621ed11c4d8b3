#include "record/maps.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "record/programs.h"

namespace hardened::record {
namespace {

Result<Fd> open_map(const std::string& directory, const char* name) {
  const std::string path = map_path(directory, name);
  Fd map(bpf_obj_get(path.c_str()));
  if (!map.valid()) return fail_errno("cannot open the BPF map " + path, errno);
  return map;
}

template <typename Key, typename Value>
Status put(const Fd& map, const Key& key, const Value& value) {
  const int error = bpf_map_update_elem(map.get(), &key, &value, BPF_ANY);
  return error == 0 ? Status{} : fail_errno("cannot write a BPF map", -error);
}

template <typename Key>
std::vector<Key> keys_of(const Fd& map) {
  std::vector<Key> keys;
  Key key{};
  for (const Key* last = nullptr; bpf_map_get_next_key(map.get(), last, &key) == 0; last = &keys.back())
    keys.push_back(key);
  return keys;
}

template <typename Key>
void drop(const Fd& map, unsigned slot) {
  for (const Key& key : keys_of<Key>(map)) {
    if (key.slot == slot) bpf_map_delete_elem(map.get(), &key);
  }
}

unsigned slot_of(unsigned slot) {
  return slot;
}
unsigned slot_of(const record_init& init) {
  return init.slot;
}

// The same where the value tells the slot.
template <typename Key, typename Value>
void drop_of(const Fd& map, unsigned slot) {
  for (const Key& key : keys_of<Key>(map)) {
    Value value{};
    if (bpf_map_lookup_elem(map.get(), &key, &value) == 0 && slot_of(value) == slot)
      bpf_map_delete_elem(map.get(), &key);
  }
}

unsigned row_of_calls(unsigned slot, unsigned phase, unsigned abi) {
  return (slot * record_phases + phase) * record_abis + abi;
}

}  // namespace

Result<Maps> Maps::open(const std::string& directory) {
  Maps maps;
  const struct {
    const char* name;
    Fd& map;
  } rows[] = {{"inits", maps.inits_},       {"containers", maps.containers_},
              {"controls", maps.controls_}, {"progress", maps.progress_},
              {"calls", maps.calls_},       {"arguments", maps.arguments_},
              {"values", maps.values_},     {"capabilities", maps.capabilities_}};
  for (const auto& row : rows) {
    TRY(map, open_map(directory, row.name));
    row.map = std::move(map);
  }
  maps.capabilities_seen_ = sees_capabilities(directory);
  return maps;
}

Status Maps::enter(unsigned slot, const Subject& subject) const {
  clear(slot);
  TRY_DO(put(controls_, slot, record_control{subject.run, 0}));
  return put(inits_, static_cast<unsigned>(subject.init.pid), record_init{slot, 0, subject.init.start_time});
}

Result<record_control> Maps::control_of(unsigned slot, std::uint64_t run) const {
  record_control control{};
  if (bpf_map_lookup_elem(controls_.get(), &slot, &control) != 0 || control.run != run)
    return fail(Code::io, "the BPF programs were attached anew while it ran");
  return control;
}

Status Maps::stop(unsigned slot, std::uint64_t run) const {
  TRY(control, control_of(slot, run));
  control.stopping = 1;
  return put(controls_, slot, control);
}

void Maps::clear(unsigned slot) const {
  drop_of<unsigned, record_init>(inits_, slot);
  drop_of<unsigned long long, unsigned>(containers_, slot);
  // An array's rows cannot fail to be written.
  static_cast<void>(put(controls_, slot, record_control{}));
  static_cast<void>(put(progress_, slot, record_progress{}));
  const auto nothing = std::make_unique<record_calls>();
  for (unsigned phase = 0; phase < record_phases; ++phase) {
    for (unsigned abi = 0; abi < record_abis; ++abi)
      static_cast<void>(put(calls_, row_of_calls(slot, phase, abi), *nothing));
  }
  for (unsigned argument = 0; argument < record_arguments; ++argument)
    static_cast<void>(put(arguments_, slot * record_arguments + argument, record_argument_state{}));
  drop<record_value_key>(values_, slot);
  drop<record_capability_key>(capabilities_, slot);
}

void Maps::read_calls(unsigned slot, Observed& observed) const {
  const auto row = std::make_unique<record_calls>();
  for (unsigned phase = 0; phase < record_phases; ++phase) {
    for (unsigned abi = 0; abi < record_abis; ++abi) {
      const unsigned place = row_of_calls(slot, phase, abi);
      if (bpf_map_lookup_elem(calls_.get(), &place, row.get()) == 0)
        observed.add(static_cast<record_phase>(phase), static_cast<record_abi>(abi), *row);
    }
  }
}

void Maps::read_arguments(unsigned slot, Observed& observed) const {
  for (const record_value_key& key : keys_of<record_value_key>(values_)) {
    if (key.slot == slot) observed.arguments[static_cast<record_argument>(key.argument)].kept.insert(key.value);
  }
  for (unsigned argument = 0; argument < record_arguments; ++argument) {
    const unsigned place = slot * record_arguments + argument;
    record_argument_state state{};
    bpf_map_lookup_elem(arguments_.get(), &place, &state);
    // Two processors may both have kept the last one.
    if (state.any != 0 || state.values > record_values)
      observed.arguments[static_cast<record_argument>(argument)].any = true;
  }
}

void Maps::read_capabilities(unsigned slot, Observed& observed) const {
  observed.capabilities_seen = capabilities_seen_;
  for (const record_capability_key& key : keys_of<record_capability_key>(capabilities_)) {
    std::uint64_t count = 0;
    if (key.slot != slot || bpf_map_lookup_elem(capabilities_.get(), &key, &count) != 0 || count == 0) continue;
    const Call call{static_cast<record_abi>(key.abi), static_cast<int>(key.number)};
    observed.capabilities.push_back({call, key.capability, key.granted != 0, count});
  }
}

void Maps::read_losses(unsigned slot, Observed& observed) const {
  record_progress progress{};
  bpf_map_lookup_elem(progress_.get(), &slot, &progress);
  if (progress.first_program == 0) observed.lost.emplace_back("its first program was not seen to begin");
  if (progress.lost_tasks != 0)
    observed.lost.push_back(
        fmt::format("{} tasks were not recorded: the kernel had no memory for their marks", progress.lost_tasks));
  if (progress.lost_capabilities != 0)
    observed.lost.push_back(
        fmt::format("{} checks of capabilities were not recorded: the map is full", progress.lost_capabilities));
}

Result<Observed> Maps::read(unsigned slot, std::uint64_t run) const {
  TRY_DO(control_of(slot, run));
  Observed observed;
  read_calls(slot, observed);
  read_arguments(slot, observed);
  read_capabilities(slot, observed);
  read_losses(slot, observed);
  return observed;
}

}  // namespace hardened::record
