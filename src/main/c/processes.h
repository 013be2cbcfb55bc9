// The processes that init was asked to spawn, from fork until the daemon has acknowledged the exit.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

// Raises the limit of open files to the hard one, which bounds the processes. Not for children.
int processes_open(void);

// Forks a child that runs the plan, which plan_check found good. -1 if no child came of it. What
// then comes of the plan is told by the child's pipe. What is in the slot `keep` becomes the
// process's, unless that is KEEP_NOTHING.
int process_spawn(uint32_t tag, int32_t keep, const unsigned char *plan, size_t size);

// The pipe of the process with this index is readable.
void process_pipe_ready(int index);

// Takes the status of every child that has ended, those that were only inherited too.
void processes_reap(void);

void process_acknowledge(uint32_t tag);

// Closes what is kept for the process, if anything is.
void process_release(uint32_t tag);

void process_signal(uint32_t tag, int signal, bool group);

// Whether one was ever spawned and is not yet forgotten.
bool processes_exist(void);

// A new connection has to hear of all of them.
void processes_owe_all(void);

// Tells what is owed; false if the connection does not take all of it.
bool processes_tell(void);
