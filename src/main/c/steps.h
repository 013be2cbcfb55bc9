// What the steps of a plan do: one function for each opcode, one table of them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "protocol.h"

extern const struct operation operations[OPCODES];

// The file descriptors of the plan at work, -1 where there is none.
extern int slots[SLOTS];

// How often CLONE was done on the way to this process.
extern unsigned clones;

// Where ps(1) looks for the name, as long as it has none; else NULL. It is a blank then: no sandbox
// is on record for it, so no daemon but the present one could ever use it.
extern char *unnamed;

// Closes and empties all of the slots.
void slots_close(void);

// Why the last thing failed that answered -1.
extern struct failure failure;

// Notes `call` as what failed, with errno, if the result is negative. Passes the result on.
int result_of(const char *call, long result);

// Notes `call` as what failed, with this errno. Always -1.
int refuse(const char *call, int error);

// Does the steps of a plan that plan_check found good, until one fails: then -1.
int plan_run(const unsigned char *bytes, size_t size, enum phase phase);

// What every init needs after its birth, and again after CLONE.
int become_init(void);

// Closes it unless it is -1. An OWNED variable is closed where its scope ends.
void close_owned(const int *fd);
#define OWNED __attribute__((cleanup(close_owned))) int
