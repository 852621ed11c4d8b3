# The code that runs before the C library (shim/runtime/entry.cc) must refer to nothing but itself, _start and the constants of util/paths.h, and only
# relative to where it stands: whatever else the compiler might put in (memcpy, a table of pointers, the stack
# protector's canary) is not there yet. Naming the offset table alone is no use of it.
execute_process(COMMAND ${READELF} --wide --relocs --syms ${OBJECT} OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+ UND [^\n]+" undefined "${listing}")
foreach(symbol IN LISTS undefined)
  if(NOT symbol MATCHES " UND (_start|_GLOBAL_OFFSET_TABLE_|_ZN8hardened5paths[a-zA-Z0-9]+)?[ ]*$")
    message(FATAL_ERROR "the early entry calls a library: ${symbol}")
  endif()
endforeach()
string(REGEX MATCHALL "R_X86_64_[A-Z0-9_]+" relocations "${listing}")
list(REMOVE_DUPLICATES relocations)
list(REMOVE_ITEM relocations R_X86_64_PC32 R_X86_64_PLT32)
if(relocations OR NOT listing MATCHES " hardened_early")
  message(FATAL_ERROR "the early entry needs to be relocated: ${relocations}")
endif()
