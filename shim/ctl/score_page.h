// The scorecard as a page that a browser shows without anything else.
#pragma once

#include <string>
#include <vector>

#include "verify/scorecard.h"

namespace hardened::ctl {

// One container of the page.
struct ScoredContainer {
  std::string id, image, engine, profile;
  std::string result;  // one sentence
  bool weaker = false;
  bool passed = false;  // neither: nothing was promised, or nothing runs
  std::vector<verify::Weakness> weaknesses;
  std::vector<verify::Score> scores;
};

// One HTML document: no script, no font, no image, no link to anywhere. Whatever containers are called is text in it.
// `outside`: the ids of containers that run without us; `host` and `time` head the page.
[[nodiscard]] std::string score_page(const std::vector<ScoredContainer>& containers,
                                     const std::vector<std::string>& outside, const std::string& host,
                                     const std::string& time);

}  // namespace hardened::ctl
