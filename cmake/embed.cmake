# hardened_embed(<target> <file>...): compiles data files into <target> as
# hardened::embedded::files, so that no file missing on the host can stop a container.
set(HARDENED_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_script.cmake)

function(hardened_embed target)
  set(output ${CMAKE_BINARY_DIR}/generated/embedded.cc)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DFILES=${ARGN}" -DBASE=${CMAKE_CURRENT_SOURCE_DIR}
            -P ${HARDENED_EMBED_SCRIPT}
    DEPENDS ${ARGN} ${HARDENED_EMBED_SCRIPT}
    COMMENT "Embedding the shipped profiles and schemas"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
