# Compiler and linker settings every target shares, as one INTERFACE target linked privately.
add_library(hardened_settings INTERFACE)
target_link_libraries(hardened_settings INTERFACE hardened_fmt)
target_include_directories(hardened_settings INTERFACE ${CMAKE_SOURCE_DIR}/shim ${CMAKE_BINARY_DIR}/generated)
target_compile_options(hardened_settings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bugs 105329 and 105651: std::string's inlined operator+ is taken for an overlapping copy.
  target_compile_options(hardened_settings INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(HARDENED_DEVELOPER)
  target_compile_options(hardened_settings INTERFACE -Werror)
endif()

if(HARDENED_SANITIZE)
  target_compile_options(hardened_settings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(hardened_settings INTERFACE -fsanitize=address,undefined)
endif()
if(HARDENED_COVERAGE)
  target_compile_options(hardened_settings INTERFACE --coverage)
  target_link_options(hardened_settings INTERFACE --coverage -Wl,--wrap=execve,--wrap=_exit)
  add_library(hardened_coverage STATIC ${CMAKE_CURRENT_LIST_DIR}/coverage.cc)
  target_link_libraries(hardened_settings INTERFACE hardened_coverage)
endif()
if(HARDENED_FUZZ)
  # What the fuzzer is to see the branches of; the tests' own code is not.
  target_compile_options(hardened_settings INTERFACE
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:HARDENED_TEST>>>:-fsanitize=fuzzer-no-link>)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(hardened_settings INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
    -fstack-clash-protection -fcf-protection=full)
  # Packed relocations are a hundredth of the table a static program's start would have to read.
  target_link_options(hardened_settings INTERFACE
    -Wl,-z,relro,-z,now,-z,noexecstack,-z,pack-relative-relocs -Wl,--as-needed)
endif()

# Here, for it is compiled as all the others are.
add_library(hardened_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt.cc)
target_include_directories(hardened_fmt PUBLIC $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_options(hardened_fmt PRIVATE $<TARGET_PROPERTY:hardened_settings,INTERFACE_COMPILE_OPTIONS>)
