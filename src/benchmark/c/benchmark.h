// What can be measured, and what all of it needs.
#pragma once

#include <stdbool.h>

// One kind of operation. Who runs it gives each operation a number of its own, which stands where
// the arguments say % so that names are not taken twice.
struct work {
  const char *name, *usage;
  void (*prepare)(char **args); // once in each client; the arguments end with NULL
  void (*perform)(long number);
};

extern const struct work spawn_work, cycle_work, http_work, await_work, event_work;

// Ends the program, with the errno, if a system call has failed. A benchmark has no second best.
long must(const char *what, long result);
__attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *format, ...);

// The text with each % replaced by the number, in memory that the next call with this slot reuses.
enum { TEXT_SLOTS = 64, TEXT_MAX = 4096 };
char *numbered(int slot, const char *text, long number);

// Waits for a child, which has to have ended with 0.
void wait_for(int pid);
