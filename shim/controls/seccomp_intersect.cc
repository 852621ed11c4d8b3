#include "controls/seccomp_intersect.h"

#include <algorithm>

namespace hardened::controls {
namespace {

std::vector<Clause> both(const std::vector<Clause>& ours, const std::vector<Clause>& given) {
  std::vector<Clause> result;
  for (const Clause& a : ours) {
    for (const Clause& b : given) {
      if (std::optional<Clause> shared = both(a, b)) absorb(result, std::move(*shared));
    }
  }
  return result;
}

std::vector<Clause> without(const std::vector<Clause>& clauses, const std::vector<Denial>& denials) {
  std::vector<Clause> rest = clauses;
  for (const Denial& denial : denials) {
    std::vector<Clause> next;
    for (const Clause& clause : rest) {
      for (Clause& part : without(clause, denial.clause)) absorb(next, std::move(part));
      if (next.size() > CallRule::most_clauses) return {};
    }
    rest = std::move(next);
  }
  return rest;
}

// Would `given` answer every call of `clause` no more severely than with an errno?
bool spares(const CallRule* given, const Answer& fallback, const Clause& clause) {
  if (given == nullptr) return !fallback.kills();
  const auto kills_some = [&](const Denial& d) { return d.answer.kills() && !are_disjoint(d.clause, clause); };
  if (std::any_of(given->deny.begin(), given->deny.end(), kills_some)) return false;
  if (!fallback.kills()) return true;
  const auto covers = [&](const Clause& outer) { return is_within(clause, outer); };
  return std::any_of(given->allow.begin(), given->allow.end(), covers) ||
         std::any_of(given->deny.begin(), given->deny.end(), [&](const Denial& d) { return covers(d.clause); });
}

const Denial* whole_denial(const CallRule* rule) {
  return rule != nullptr && !rule->deny.empty() && rule->deny.front().clause.empty() ? &rule->deny.front() : nullptr;
}

std::vector<Clause> allowed_by_both(const CallRule* ours, const CallRule* given, const Answer& given_fallback) {
  if (ours == nullptr) return {};
  if (given == nullptr) return given_fallback.action == Action::allow ? ours->allow : std::vector<Clause>{};
  std::vector<Clause> result = without(both(ours->allow, given->allow), given->deny);
  if (result.size() > CallRule::most_clauses) result.clear();
  return result;
}

// The clauses of one call that libseccomp can hold at once. A call of a filter that an attacker wrote must not hang the
// runtime when it has become one of ours.
class LoadableRule {
 public:
  // Killing comes first: it is never given up.
  explicit LoadableRule(std::vector<Denial> killing) {
    for (Denial& denial : killing) {
      if (!add_denial(denial)) {
        const auto milder = [](const Denial& a, const Denial& b) { return a.answer < b.answer; };
        rule_.deny = {{{}, std::max_element(killing.begin(), killing.end(), milder)->answer}};
        kept_ = {Clause{}};
        return;
      }
    }
  }

  void allow(std::vector<Clause> clauses) {
    if (kills_always()) return;
    std::sort(clauses.begin(), clauses.end());
    for (Clause& clause : clauses) {
      if (fits(clause)) rule_.allow.push_back(std::move(clause));
    }
  }

  bool add_denial(const Denial& denial) {
    if (kills_always() || !fits(denial.clause)) return false;
    rule_.deny.push_back(denial);
    return true;
  }

  [[nodiscard]] const CallRule& rule() const { return rule_; }
  [[nodiscard]] CallRule take() { return std::move(rule_); }

 private:
  [[nodiscard]] bool kills_always() const { return !rule_.deny.empty() && rule_.deny.front().clause.empty(); }

  bool fits(const Clause& clause) {
    const auto hangs = [&clause](const Clause& other) { return hang_libseccomp(clause, other); };
    if (std::any_of(kept_.begin(), kept_.end(), hangs)) return false;
    kept_.push_back(clause);
    return true;
  }

  CallRule rule_;
  std::vector<Clause> kept_;
};

class Intersection {
 public:
  Intersection(const SyscallFilter& ours, const SyscallFilter& given) : ours_(ours), given_(given) {
    result_.fallback = given.fallback.kills() ? given.fallback : ours.fallback;
    result_.calls.reserve(ours.calls.size() + given.calls.size());
  }

  // In the order of the names.
  void add(const std::string& name, const CallRule* ours, const CallRule* given) {
    if (ours != nullptr && given != nullptr && is_always_allowed(*ours) && is_always_allowed(*given)) {
      result_.calls.push_back({name, always_allowed()});  // most calls: the rest would come to the same
      return;
    }
    LoadableRule loadable(killing(given));
    loadable.allow(allowed_by_both(ours, given, given_.fallback));
    if (loadable.rule().allow.empty()) {
      deny_whole(loadable, ours, given);
    } else {
      for (const Denial& denial : ours->deny) deny_part(loadable, denial, given);
    }
    CallRule rule = loadable.take();
    const auto says_more = [this](const Denial& denial) { return denial.answer != result_.fallback; };
    if (rule.allow.empty() && std::none_of(rule.deny.begin(), rule.deny.end(), says_more)) return;
    result_.calls.push_back({name, settled(std::move(rule))});
  }

  [[nodiscard]] SyscallFilter take() { return std::move(result_); }

 private:
  [[nodiscard]] static std::vector<Denial> killing(const CallRule* given) {
    std::vector<Denial> result;
    if (given == nullptr) return result;
    std::copy_if(given->deny.begin(), given->deny.end(), std::back_inserter(result),
                 [](const Denial& denial) { return denial.answer.kills(); });
    return result;
  }

  // Nothing is allowed: one answer to the call, ours first, or none where the fallback says the same.
  void deny_whole(LoadableRule& rule, const CallRule* ours, const CallRule* given) const {
    if (!spares(given, given_.fallback, {})) return;
    const Denial* own = whole_denial(ours);
    const Denial* theirs = ours == nullptr ? nullptr : whole_denial(given);
    const Answer answer = own != nullptr ? own->answer : theirs != nullptr ? theirs->answer : ours_.fallback;
    if (answer != result_.fallback) rule.add_denial({{}, answer});
  }

  void deny_part(LoadableRule& rule, const Denial& denial, const CallRule* given) const {
    if (spares(given, given_.fallback, denial.clause) && denial.answer != result_.fallback) rule.add_denial(denial);
  }

  const SyscallFilter& ours_;
  const SyscallFilter& given_;
  SyscallFilter result_;
};

}  // namespace

SyscallFilter intersect(const SyscallFilter& ours, const SyscallFilter& given) {
  Intersection intersection(ours, given);
  auto own = ours.calls.begin();
  auto theirs = given.calls.begin();
  while (own != ours.calls.end() || theirs != given.calls.end()) {
    const int order = own == ours.calls.end() ? 1 : theirs == given.calls.end() ? -1 : own->name.compare(theirs->name);
    const std::string& name = order > 0 ? theirs->name : own->name;
    intersection.add(name, order > 0 ? nullptr : own->rule.get(), order < 0 ? nullptr : theirs->rule.get());
    if (order <= 0) ++own;
    if (order >= 0) ++theirs;
  }
  return intersection.take();
}

}  // namespace hardened::controls
