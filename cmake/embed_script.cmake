# Writes OUTPUT: a table of name and text for every file in FILES, in the order given.
set(rows "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  file(RELATIVE_PATH name ${BASE} ${file})
  string(LENGTH "${text}" length)
  # A raw string literal may be cut off by compilers at 64 KiB; our data files are far below.
  string(APPEND rows "    File{\"${name}\", R\"~hardened~(${text})~hardened~\"},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from profiles/; do not edit.
#include \"policy/embedded.h\"

namespace hardened::embedded {
namespace {
constexpr File table[] = {
${rows}};
}  // namespace

std::span<const File> files() { return table; }

}  // namespace hardened::embedded
")
