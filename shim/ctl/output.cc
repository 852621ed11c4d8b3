#include "ctl/output.h"

#include <algorithm>
#include <cstdio>

namespace hardened::ctl {
namespace {

constexpr std::size_t gap = 2;

// The length of what a terminal would obey at `at` in UTF-8 text: a control character (C0, DEL, C1), or one that turns
// the direction of what follows; 0 for any other.
std::size_t obeyed(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return 2;
  if (byte(0) != 0xe2) return 0;
  const bool turns =
      (byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xaa && byte(2) <= 0xae))) ||
      (byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9);
  return turns ? 3 : 0;
}

std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = obeyed(text, at);
    result += length == 0 ? text[at] : '?';
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

// Of UTF-8 text, in characters: continuation bytes take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(const std::string& line) {
  print_text(line + '\n');
}

void print(const Json& document) {
  print_line(document.dump(2, ' ', false, Json::error_handler_t::replace));
}

void complain(const Error& error) {
  std::fprintf(stderr, "hardenctl: %s\n", printable(error.message).c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", printable(error.hint).c_str());
}

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = printable(cell);
  rows_.push_back(std::move(row));
}

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print_line(line);
  }
}

}  // namespace hardened::ctl
