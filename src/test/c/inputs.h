// Processes with a pipe to their standard input that init keeps. The test has the read end too, and
// sees there whether any writer is left.
#pragma once

#include "client.h"

// Makes the plan for one. Its read end; the other descriptors are closed by input_sent.
int input_plan(uint32_t tag, char *path, char *what);
void input_sent(void);

// Makes the plan, sends it, and closes all but the read end.
int input_spawn(struct init *init, uint32_t tag, char *path, char *what);

bool input_ended_within(int reader, int milliseconds);
// Whether it has, when init has dealt with everything that it was sent.
bool input_ended(struct init *init, int reader);

// The next message, which has to be a KEPT with a descriptor of this pipe.
void expect_kept(struct init *init, uint32_t tag, int reader);
