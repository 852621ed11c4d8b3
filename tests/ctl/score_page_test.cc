#include "ctl/score_page.h"

#include "catch.h"

using namespace hardened;
using ctl::ScoredContainer;

namespace {

ScoredContainer container(bool weaker) {
  ScoredContainer one{"0af1", "nginx:1.25", "docker", "strict", "nothing is weaker than granted",
                      weaker, !weaker,      {},       {}};
  if (weaker) one.weaknesses = {{"seccomp", "no seccomp filter is in force"}};
  one.scores = {
      {"OWASP Docker Top 10", "D04", "Secure defaults", verify::Mark::pass, {"seccomp"}, "by the kernel's account"},
      {"CIS Docker 1.6.0",
       "5.22",
       "Seccomp filter in force",
       weaker ? verify::Mark::weaker : verify::Mark::pass,
       {"seccomp"},
       "because"}};
  return one;
}

std::string page(const ScoredContainer& one, const std::vector<std::string>& outside = {}) {
  return ctl::score_page({one}, outside, "host1", "2026-03-01T00:00:00Z");
}

bool has(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("score page: one document that needs nothing else") {
  const std::string html = page(container(false), {"stranger1"});
  CHECK(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  CHECK(html.ends_with("</body>\n</html>\n"));
  for (const char* foreign : {"http:", "https:", "//", "<script", "<link", "<img", "@import", "url(", "src="}) {
    INFO(foreign);
    CHECK_FALSE(has(html, foreign));
  }
  CHECK(has(html, "default-src 'none'"));
}

TEST_CASE("score page: what was found, in words as well as in colour") {
  const std::string healthy = page(container(false), {"stranger1"});
  CHECK(has(healthy, "Containers on host1, as the kernel sees them"));
  CHECK(has(healthy, "2026-03-01T00:00:00Z: 1 hardened, 0 of them weaker than granted, 1 outside"));
  CHECK(has(healthy, "<caption>OWASP Docker Top 10</caption>"));
  CHECK(has(healthy,
            "<tr><td>D04</td><td>Secure defaults</td><td class=\"pass\">pass</td><td>by the kernel's account</td>"));
  CHECK(has(healthy, "<li><code>stranger1</code></li>"));
  CHECK(has(healthy, "<p class=\"pass\">nothing is weaker than granted</p>"));
  ScoredContainer gone = container(false);
  gone.passed = false;
  CHECK(has(page(gone), "<p class=\"quiet\">"));
  const std::string weaker = page(container(true));
  CHECK(has(weaker, "1 of them weaker than granted, 0 outside"));
  CHECK(has(weaker, "<section class=\"weaker\">"));
  CHECK(has(weaker, "<li>seccomp: no seccomp filter is in force</li>"));
  CHECK(has(weaker, "<td class=\"weaker\">WEAKER</td>"));
  CHECK_FALSE(has(weaker, "run without hardened"));
}

TEST_CASE("score page: whatever a container is called is text") {
  ScoredContainer one = container(true);
  one.image = "<script>alert(1)</script>&\"'\x1b[2J\xe2\x80\xae";
  one.weaknesses[0].message = "process 7 (<b>)";
  const std::string html = page(one, {"<i>"});
  CHECK(has(html, "<h2>&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;'?[2J?</h2>"));
  CHECK(has(html, "process 7 (&lt;b&gt;)"));
  CHECK(has(html, "<code>&lt;i&gt;</code>"));
  CHECK_FALSE(has(html, "<script"));
  one.image.clear();
  CHECK(has(page(one), "<h2>(no image name)</h2>"));
}
