// How hardenctl prints: never in colour, so that a terminal, a file and a pipe get the same.
#pragma once

#include <string>
#include <vector>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::ctl {

// `document` as text: bytes that are no UTF-8 replaced, and what a terminal would obey (DEL, C1, what turns the
// direction of text) as \uXXXX, which reads back as the same. `indent`: -1 is all on one line.
[[nodiscard]] std::string json_text(const Json& document, int indent = -1);

// UTF-8 text with "?" for every character that a terminal would obey.
[[nodiscard]] std::string printable(const std::string& text);

// To standard output, indented, with a newline.
void print(const Json& document);
void print_line(const std::string& line);
void print_text(const std::string& text);  // as it is

void flush();  // now, for who reads along

// Cells padded to `widths`, but for the last; with "?" for what a terminal would obey.
[[nodiscard]] std::string row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths);

// To standard error: "hardenctl: MESSAGE", and how to mend it on a line of its own.
void complain(const Error& error);

// Columns as wide as their widest cell; the last one is not padded. Control characters in cells, which come from logs
// and thus from whoever names containers and images, are shown as "?": they could repaint a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> cells);
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hardened::ctl
