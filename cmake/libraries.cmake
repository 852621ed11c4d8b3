# One precompiled header for all: making one takes longer than compiling a file with it.
file(WRITE ${CMAKE_BINARY_DIR}/generated/precompiled.cc "")
add_library(hardened_precompiled OBJECT ${CMAKE_BINARY_DIR}/generated/precompiled.cc)
target_link_libraries(hardened_precompiled PRIVATE hardened_settings)
target_precompile_headers(hardened_precompiled PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)

function(hardened_precompile target)
  target_precompile_headers(${target} REUSE_FROM hardened_precompiled)
endfunction()

# One static library a folder; the dependency list is the architecture (design: arrows point one way).
# The precompiled header is only a build accelerator: every file still includes what it uses.
function(hardened_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)
    add_library(hardened_${name} INTERFACE)
    target_link_libraries(hardened_${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(hardened_${name} STATIC ${sources})
  target_link_libraries(hardened_${name} PUBLIC ${ARGN} PRIVATE hardened_settings)
  hardened_precompile(hardened_${name})
endfunction()

# A program that needs no shared library: loading them takes longer than all the rest of a pass-through verb, and one
# that goes missing must not keep a container from being killed.
function(hardened_static_program target)
  if(NOT HARDENED_SANITIZE AND NOT HARDENED_COVERAGE)
    target_link_options(${target} PRIVATE -static-pie)
  endif()
endfunction()
