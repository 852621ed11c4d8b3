#include "ctl/output.h"

#include <algorithm>
#include <cstdio>

namespace hardened::ctl {
namespace {

constexpr std::size_t gap = 2;

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

// Of UTF-8 text, in characters: continuation bytes take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

void print_line(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print(const Json& document) {
  print_line(document.dump(2, ' ', false, Json::error_handler_t::replace));
}

void complain(const Error& error) {
  std::fprintf(stderr, "hardenctl: %s\n", printable(error.message).c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", printable(error.hint).c_str());
}

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += printable(row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print_line(line);
  }
}

}  // namespace hardened::ctl
