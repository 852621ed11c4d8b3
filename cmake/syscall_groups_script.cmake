# Writes OUTPUT: the groups of FILE (profiles/seccomp/groups.json) as tables, so that no container start pays for reading
# them. A group of another form ends the build here. JSON's arrays and strings are C++'s initialisers but for brackets.
file(READ ${FILE} text)

# hardened_table(<name> <path into the document>...): appends an array to `tables`, its span is ${name}; none if absent.
function(hardened_table name)
  string(JSON array ERROR_VARIABLE absent GET "${text}" ${ARGN})
  if(absent)
    set(${name} "{}" PARENT_SCOPE)
    return()
  endif()
  string(JSON type TYPE "${text}" ${ARGN})
  string(JSON length LENGTH "${text}" ${ARGN})
  if(NOT type STREQUAL "ARRAY" OR length EQUAL 0)
    message(FATAL_ERROR "${FILE}: cannot use ${ARGN}: names of system calls are needed")
  endif()
  string(REGEX REPLACE "^\\[(.*)\\]$" "{\\1}" array "${array}")
  set(tables "${tables}constexpr std::string_view ${name}[] = ${array};\n" PARENT_SCOPE)
  set(${name} "${name}" PARENT_SCOPE)
endfunction()

set(tables "")
set(names "")
string(JSON count LENGTH "${text}" groups)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON name MEMBER "${text}" groups ${index})
  list(APPEND names ${name})
endforeach()
list(SORT names)
set(groups "")
foreach(name IN LISTS names)
  string(MAKE_C_IDENTIFIER "${name}" id)
  string(JSON why GET "${text}" groups ${name} why)
  hardened_table(calls${id} groups ${name} calls)
  hardened_table(compat${id} groups ${name} compat)
  string(APPEND groups "    {\"${name}\", R\"~(${why})~\", ${calls${id}}, ${compat${id}}},\n")
endforeach()

set(rows "")
string(JSON count LENGTH "${text}" capabilities)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON capability GET "${text}" capabilities ${index} capability)
  hardened_table(needing_${capability} capabilities ${index} calls)
  string(APPEND rows "    {\"${capability}\", ${needing_${capability}}},\n")
endforeach()

file(WRITE ${OUTPUT}
"// Generated from profiles/seccomp/groups.json; do not edit.
#include \"controls/seccomp_groups.h\"

namespace hardened::controls {
namespace {
${tables}
constexpr SyscallGroup groups[] = {
${groups}};
constexpr CapabilityCalls rows[] = {
${rows}};
}  // namespace

std::span<const SyscallGroup> syscall_groups() { return groups; }
std::span<const CapabilityCalls> capability_calls() { return rows; }

}  // namespace hardened::controls
")
