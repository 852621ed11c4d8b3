#include "ctl/score_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ctl/output.h"

namespace hardened::ctl {
namespace {

using verify::Mark;

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Containers, as the kernel sees them</title>
<style>
:root { color-scheme: light dark; --line: #8884; --pass: #1a7f37; --weaker: #cf222e; --allowed: #9a6700; --quiet: #6e7781; }
@media (prefers-color-scheme: dark) {
  :root { --pass: #3fb950; --weaker: #ff7b72; --allowed: #d29922; --quiet: #8b949e; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin: 0; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
section { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
section.weaker { border-color: var(--weaker); border-width: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .75rem 0 .25rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); }
td:nth-child(1) { white-space: nowrap; width: 3rem; } td:nth-child(3) { white-space: nowrap; font-weight: 600; }
code { font-size: .9em; overflow-wrap: anywhere; }
.pass { color: var(--pass); } .weaker { color: var(--weaker); } section.weaker { color: inherit; }
.allowed { color: var(--allowed); } .quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; font-size: .9rem; margin: .5rem 0; }
dt { font-weight: 600; } dd { margin: 0; }
</style>
</head>
<body>
)";

struct Style {
  Mark mark;
  std::string_view css;
  std::string_view meaning;
};
constexpr Style styles[] = {
    {Mark::pass, "pass", "everything that answers the item is in force"},
    {Mark::weaker, "weaker",
     "the kernel enforces less than the container was granted: something changed it behind our back"},
    {Mark::allowed, "allowed", "the policy lets this container have it"},
    {Mark::absent, "quiet", "this host has no such security module"},
    {Mark::outside, "quiet", "decided by the engine, the image or the host; a runtime does not see it"}};

const Style& style_of(Mark mark) {
  return *std::find_if(std::begin(styles), std::end(styles), [mark](const Style& style) { return style.mark == mark; });
}

std::string escaped(const std::string& raw) {
  std::string text;
  for (const char c : printable(raw)) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

std::string escaped(std::string_view raw) {
  return escaped(std::string(raw));
}

std::string table_of(const std::vector<verify::Score>& scores, std::string_view document) {
  std::string html = fmt::format(
      "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Item</th><th scope=\"col\">What it asks</th>"
      "<th scope=\"col\">Result</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
      escaped(document));
  for (const verify::Score& score : scores) {
    if (score.document != document) continue;
    html += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>\n", escaped(score.item),
                        escaped(score.title), style_of(score.mark).css, escaped(verify::mark_name(score.mark)),
                        escaped(score.why));
  }
  return html + "</tbody>\n</table>\n";
}

std::string section_of(const ScoredContainer& container) {
  std::string html =
      fmt::format("<section{}>\n<h2>{}</h2>\n<p><code>{}</code> · engine {} · profile {}</p>\n<p class=\"{}\">{}</p>\n",
                  container.weaker ? " class=\"weaker\"" : "",
                  escaped(container.image.empty() ? "(no image name)" : container.image), escaped(container.id),
                  escaped(container.engine), escaped(container.profile),
                  container.weaker   ? "weaker"
                  : container.passed ? "pass"
                                     : "quiet",
                  escaped(container.result));
  if (!container.weaknesses.empty()) {
    html += "<ul>\n";
    for (const verify::Weakness& weakness : container.weaknesses)
      html += fmt::format("<li>{}: {}</li>\n", escaped(weakness.control), escaped(weakness.message));
    html += "</ul>\n";
  }
  std::vector<std::string_view> documents;
  for (const verify::Score& score : container.scores) {
    if (std::find(documents.begin(), documents.end(), score.document) == documents.end())
      documents.push_back(score.document);
  }
  for (const std::string_view document : documents) html += table_of(container.scores, document);
  return html + "</section>\n";
}

std::string legend() {
  std::string html = "<h3>What the results mean</h3>\n<dl>\n";
  for (const Style& style : styles)
    html += fmt::format("<dt class=\"{}\">{}</dt><dd>{}</dd>\n", style.css, escaped(verify::mark_name(style.mark)),
                        escaped(style.meaning));
  return html + "</dl>\n";
}

std::string strangers_of(const std::vector<std::string>& outside) {
  if (outside.empty()) return {};
  std::string html =
      "<section>\n<h2>Containers that run without hardened</h2>\n<p>Another runtime started them; nothing here holds "
      "for them. <code>hardenctl doctor</code> tells how the engine was led past it.</p>\n<ul>\n";
  for (const std::string& id : outside) html += fmt::format("<li><code>{}</code></li>\n", escaped(id));
  return html + "</ul>\n</section>\n";
}

}  // namespace

std::string score_page(const std::vector<ScoredContainer>& containers, const std::vector<std::string>& outside,
                       const std::string& host, const std::string& time) {
  const auto weaker =
      std::count_if(containers.begin(), containers.end(), [](const ScoredContainer& one) { return one.weaker; });
  std::string html(head);
  html += fmt::format(
      "<h1>Containers on {}, as the kernel sees them</h1>\n<p>{}: {} hardened, {} of them weaker than "
      "granted, {} outside. Read from the kernel's own files, not from what the engine was asked for; "
      "held against the OWASP Docker Top 10 and section 5 of the CIS Docker Benchmark.</p>\n",
      escaped(host), escaped(time), containers.size(), weaker, outside.size());
  html += legend();
  for (const ScoredContainer& container : containers) html += section_of(container);
  return html + strangers_of(outside) + "</body>\n</html>\n";
}

}  // namespace hardened::ctl
