#include "ctl/output.h"

#include <fmt/format.h>

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

// Of UTF-8 text, in characters: continuation bytes take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// What stands where `length` bytes are obeyed, as JSON spells it in a string.
std::string json_escape(const std::string& text, std::size_t at, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[at + i])); };
  unsigned code = byte(0);
  if (length == 2) code = (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
  if (length == 3) code = (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  return fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string printable(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = obeyed(text, at);
    result += length == 0 ? text[at] : '?';
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

std::string json_text(const Json& document, int indent) {
  const std::string text = document.dump(indent, ' ', false, Json::error_handler_t::replace);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = text[at] == '\n' ? 0 : obeyed(text, at);  // of the layout: those in strings are escaped
    result += length == 0 ? text.substr(at, 1) : json_escape(text, at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(const std::string& line) {
  print_text(line + '\n');
}

void flush() {
  std::fflush(stdout);
}

std::string row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = printable(cells[i]);
    line += cell;
    if (i + 1 < cells.size()) line.append(std::max(widths[i], width_of(cell)) - width_of(cell) + gap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

void print(const Json& document) {
  print_line(json_text(document, 2));
}

void complain(const Error& error) {
  std::fprintf(stderr, "hardenctl: %s\n", printable(error.message).c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", printable(error.hint).c_str());
}

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& cells : rows_) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
  }
  for (const auto& cells : rows_) print_line(row(cells, widths));
}

}  // namespace hardened::ctl
