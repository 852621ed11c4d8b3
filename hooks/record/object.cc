#include "record/object.h"

#include <cstddef>

// Part of the program, so that it cannot be missing or of another version.
asm(".section .rodata\n"
    ".balign 8\n"
    "hardened_record_object: .incbin \"" HARDENED_RECORD_OBJECT
    "\"\n"
    "hardened_record_object_end:\n"
    ".previous\n");
extern "C" const std::byte hardened_record_object[];
extern "C" const std::byte hardened_record_object_end[];

namespace hardened::record {

std::span<const std::byte> object() {
  return {hardened_record_object, hardened_record_object_end};
}

}  // namespace hardened::record
