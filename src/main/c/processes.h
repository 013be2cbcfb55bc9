// The processes that init was asked to spawn, from fork until the daemon has acknowledged the exit.
#ifndef SANDBOX_INIT_PROCESSES_H
#define SANDBOX_INIT_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

// Forks a child that runs the plan, which plan_check found good. False, and why, if there is none.
// Whether the plan then succeeds comes by the child's pipe, which is told to `watch_pipe`.
bool process_spawn(uint32_t tag, const unsigned char *plan, size_t size, struct failure *why);

// The pipe of process number `index` is readable.
void process_pipe_ready(int index);

// Takes the status of every child that has ended, those that were only inherited too.
void processes_reap(void);

void process_acknowledge(uint32_t tag);
void process_signal(uint32_t tag, int signal, bool group);

// Whether one was ever spawned and is not yet forgotten.
bool processes_exist(void);

// A new connection has to hear of all of them.
void processes_owe_all(void);

// Tells what is owed, as far as the connection takes it; false if it does not take all of it.
bool processes_tell(void);

#endif
