#include "controls/control.h"

#include <utility>

namespace hardened::controls {

void Verdict::tighten(std::string pointer, std::optional<Json> after, std::string reason) {
  const Json* found = spec_.find(pointer);
  if (found == nullptr ? !after : after && *found == *after) return;  // compared in place: a filter is large
  std::optional<Json> before = spec_.value(pointer);
  findings_.push_back(
      {Kind::tighten, {std::move(pointer), std::move(before), std::move(after)}, true, std::move(reason), {}, {}});
}

void Verdict::insert(std::string pointer, Json element, std::string reason) {
  findings_.push_back(
      {Kind::tighten, {std::move(pointer), std::nullopt, std::move(element)}, true, std::move(reason), {}, {}});
}

void Verdict::excess(std::string pointer, std::optional<Json> clamped, std::string reason, std::string subject,
                     std::string remedy) {
  std::optional<Json> before = spec_.value(pointer);
  findings_.push_back({Kind::excess,
                       {std::move(pointer), std::move(before), std::move(clamped)},
                       true,
                       std::move(reason),
                       std::move(subject),
                       std::move(remedy)});
}

void Verdict::refuse(std::string pointer, std::string reason, std::string subject, std::string remedy) {
  const std::optional<Json> before = spec_.value(pointer);
  findings_.push_back({Kind::excess,
                       {std::move(pointer), before, before},
                       false,
                       std::move(reason),
                       std::move(subject),
                       std::move(remedy)});
}

void Verdict::refuse_unseen(std::string pointer, std::string reason, std::string subject, std::string remedy) {
  findings_.push_back({Kind::excess,
                       {std::move(pointer), std::nullopt, std::nullopt},
                       false,
                       std::move(reason),
                       std::move(subject),
                       std::move(remedy)});
}

void Verdict::notice(std::string pointer, std::string reason, std::string subject) {
  findings_.push_back({Kind::notice,
                       {std::move(pointer), std::nullopt, std::nullopt},
                       false,
                       std::move(reason),
                       std::move(subject),
                       {}});
}

}  // namespace hardened::controls
