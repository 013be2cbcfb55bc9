// What the steps of a plan do: one function for each opcode, one table of them.
#ifndef SANDBOX_INIT_STEPS_H
#define SANDBOX_INIT_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "protocol.h"

extern const struct operation operations[OPCODES];

// The file descriptors of the plan at work, -1 where there is none.
extern int slots[SLOTS];

// How often CLONE was done on the way to this process.
extern unsigned clones;

// Closes and empties all of the slots.
void slots_close(void);

// Does the steps of a plan that plan_check found good, until one fails: then false, and why.
bool plan_run(const unsigned char *bytes, size_t size, enum phase phase, struct failure *why);

// Notes `call` as what failed, with errno, if the result is negative. Passes the result on.
int result_of(const char *call, long result);

// What every init needs after its birth, and again after CLONE.
int become_init(void);

#endif
