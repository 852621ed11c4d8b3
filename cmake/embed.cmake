# Data files compiled into a program, so that none missing on the host can stop a container.
set(HARDENED_SCRIPTS ${CMAKE_CURRENT_LIST_DIR})

# hardened_generate(<target> <name>.cc <script> <file>... [DEFINE <-D…>...]): a source file made by a script of this
# folder from the files, built into <target>.
function(hardened_generate target name script)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "DEFINE")
  set(output ${CMAKE_BINARY_DIR}/generated/${name})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} ${arg_DEFINE} -P ${HARDENED_SCRIPTS}/${script}
    DEPENDS ${arg_UNPARSED_ARGUMENTS} ${HARDENED_SCRIPTS}/${script}
    COMMENT "Generating ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# hardened_embed(<target> <file>...): the text of each file, by name, as hardened::embedded::files.
function(hardened_embed target)
  hardened_generate(${target} embedded.cc embed_script.cmake ${ARGN}
    DEFINE "-DFILES=${ARGN}" -DBASE=${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
