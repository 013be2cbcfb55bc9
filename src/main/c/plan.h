// A plan: a list of steps, each an opcode and the arguments that its signature asks for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

enum phase { PHASE_RUN = 1, PHASE_SPAWN = 2 };

enum { ARGUMENTS_MAX = 6, NO_BAD_STEP = -1 };

struct vector {
  uint32_t count;
  const unsigned char *at;
};

struct bytes {
  uint32_t size;
  const unsigned char *at; // aligned to nothing
};

union argument {
  int64_t number;
  const char *text;
  struct vector vector;
  struct bytes bytes;
};
_Static_assert(sizeof(char *) == sizeof(int64_t), "a string can go to a system call as a number");

// One letter of a signature for each argument:
//   i  64-bit integer            s  string                   f  slot of a file descriptor
//   u  unsigned 32-bit integer   e  string, NULL if empty    F  the same, or -1: AT_FDCWD
//   d  user or group id          v  vector of strings        o  slot, its number is meant
//   b  bytes
struct operation {
  const char *signature;
  int phases;
  int (*perform)(const union argument *arg);
  const char *call; // without a function, the arguments go to this system call as they are
  long number;
};

struct step {
  const struct operation *operation;
  union argument arg[ARGUMENTS_MAX];
};

// A reader of a plan; what is left of it lies between `at` and `end`.
struct plan {
  const unsigned char *at, *end;
  uint32_t left;
};

bool plan_open(struct plan *plan, const unsigned char *bytes, size_t size);

// Takes the next step off the plan. False if what is there is not a step that the phase allows.
bool plan_next(struct plan *plan, enum phase phase, struct step *step);

// Looks at a whole plan without doing anything: the index of its first malformed step, or
// NO_BAD_STEP.
int plan_check(const unsigned char *bytes, size_t size, enum phase phase);

// Takes the next string off a vector of a step that was found good.
const char *vector_next(struct vector *vector);
