# Debian's packages; each library that reaches the kernel is linked statically where Debian ships an archive,
# because the start-up of a dynamic program is a good part of our budget (ARCHITECTURE.md, "Start-up").
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)

foreach(name seccomp cap-ng nettle)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  find_library(HARDENED_${identifier}_ARCHIVE NAMES lib${name}.a REQUIRED)
  add_library(hardened_external_${identifier} STATIC IMPORTED)
  set_target_properties(hardened_external_${identifier} PROPERTIES
    IMPORTED_LOCATION ${HARDENED_${identifier}_ARCHIVE})
endforeach()
