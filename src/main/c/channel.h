// The socket to the daemon, and what init waits for: it, children, and their pipes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

// What channel_wait answers instead of the number of a process whose pipe is readable.
enum { EVENT_LISTENER = -1, EVENT_CONNECTION = -2, EVENT_CHILDREN = -3 };

// Makes epoll and signalfd anew: both belong to the process that made them, so CLONE needs it too.
int channel_open(void);

// For a child on its way to exec: a hostile file may stall that, and init's end must be seen still.
void channel_forget(void);

// Watches the pipe of process number `index`.
int channel_watch(int pipe, int index);

// Waits for the next thing to do.
int channel_wait(void);

// Takes a new connection in place of the present one. False if there is none.
bool channel_accept(void);

// Gives the connection up. Ends init if no CLONE was done, or it has no name: then nobody can use it
// any more.
void channel_drop(void);

// Reads one message; its file descriptors go to the slots. 0 if there is none; a message that is
// not whole, or the end, drops the connection and gives 0 too.
size_t channel_receive(unsigned char *message, size_t room);

// Sends a message, and a file descriptor unless it is -1. False if there is no connection, or it
// takes nothing now, or was just dropped for an error.
bool channel_send(enum message_type type, uint32_t tag, const void *body, size_t size, int fd);

// Whether to wait until the connection takes something, and read nothing from it meanwhile: this
// is what keeps the answers owed few, and init's memory bounded.
void channel_block(bool blocked);
