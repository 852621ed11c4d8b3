// What the BPF programs and the program that reads them share: the layout of the maps. Read by C and by C++.
#pragma once

// Goes into the path the programs are pinned at: those of another layout are left alone.
#define HARDENED_LAYOUT "2"

enum {
  record_slots = 64,         // containers recorded at a time
  record_numbers = 1024,     // system call numbers; the highest so far is 547 (x32)
  record_values = 64,        // values kept of one argument
  record_value_rows = 8192,  // of all arguments of all containers
  record_capability_rows = 4096,
};

enum record_abi { record_native, record_i386, record_x32, record_abis };
enum record_phase { record_start, record_serve, record_stop, record_exec, record_phases };

// The arguments whose values are kept: what a call may do hangs on them.
enum record_argument {
  record_socket_family,
  record_clone_flags,
  record_unshare_flags,
  record_setns_type,
  record_personality,
  record_prctl_option,
  record_ioctl_request,
  record_arguments,
  record_no_argument = record_arguments,
};

// The process that will become a container's first program. Its number may be another's by then.
struct record_init {
  unsigned slot;
  unsigned padding;
  unsigned long long start_time;  // /proc/PID/stat field 22, clock ticks of 10 ms
};

// Set by user space alone, so that no write of a program is lost.
struct record_control {
  unsigned long long run;       // which run has the slot; 0: none
  unsigned long long stopping;  // a signal asked it to end
};

struct record_progress {
  unsigned long long first_program;  // when it began, ktime_get_ns
  unsigned long long serving;
  unsigned long long lost_tasks;         // tasks that could not be marked: nothing of theirs was recorded
  unsigned long long lost_capabilities;  // checks for which there was no row
};

struct record_calls {
  unsigned char seen[record_numbers];  // a byte each: setting one needs no atomic operation
};

struct record_value_key {
  unsigned slot;
  unsigned argument;
  unsigned long long value;
};

struct record_argument_state {
  unsigned values;
  unsigned any;  // more than are kept
};

struct record_capability_key {
  unsigned slot;
  unsigned abi;
  unsigned number;  // of the system call
  unsigned capability;
  unsigned granted;
};
