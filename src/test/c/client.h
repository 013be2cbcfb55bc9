// The daemon's side of the protocol, as far as tests need it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

enum { PATIENCE_MS = 120000 }; // a machine may be slow, and be emulated too

struct init {
  pid_t pid;     // of the process that was started, or of the one that CLONE made of it
  int socket;    // -1 when not connected
  int says;      // its stderr, where a sanitizer would complain
  char name[64]; // of its listening socket
  uint32_t born;  // the tag of the latest BORN, which receive skips
  pid_t born_pid; // its sender, as this namespace calls it
};

struct message {
  struct header header;
  size_t size; // of the body
  unsigned char body[256];
  int fd;    // received with it, or -1
  pid_t pid; // of its sender
};

// A plan, or any other message, in the making.
struct writer {
  size_t size;
  size_t plan; // where that begins
  uint32_t steps;
  int fds[128];
  int fd_count;
  unsigned char bytes[MESSAGE_MAX + 4096];
};
extern struct writer writer;

// For a name that the next ones are to be given later; NULL: they have one.
extern char *init_room;
void init_start(struct init *init);
void init_connect(struct init *init);
bool init_try_connect(struct init *init);
void init_disconnect(struct init *init);
void init_reconnect(struct init *init);
// Kills it, and checks that it had nothing to say.
void init_kill(struct init *init);
// Waits until it has ended by itself. Its wait status.
int init_ended(struct init *init);

// Starts, connects, and clones into new namespaces, with ids 0 to 65535 there as 100000 and up here
// for a user namespace.
void init_enter(struct init *init, int64_t namespaces);

void plan_begin(enum message_type type, uint32_t tag);
// Adds a step. A letter for each argument: i (an int64_t), s (a char *), v (a char **, NULL at its
// end), b (a void * and a size_t).
void plan_step(enum opcode opcode, const char *letters, ...);
// The slot that it is in.
int64_t plan_fd(int fd);
// What init keeps for the process: the slot.
void plan_keep(int64_t slot);
uint32_t plan_tag(void);
void plan_send(struct init *init);
// Sends the plan, which has to be done.
void plan_done(struct init *init);
// Sends the plan, which has to fail so.
void plan_fails(struct init *init, uint32_t step, const char *call, int error);

void send_bytes(struct init *init, const void *bytes, size_t size, const int *fds, int fd_count);
void send_simple(struct init *init, enum message_type type, uint32_t tag);
void send_signal(struct init *init, uint32_t tag, uint32_t signal, uint32_t group);

// Waits for the next message; false at the end of the connection.
// The next message but BORN; false at the end of the connection.
bool receive(struct init *init, struct message *message);
// The next message, which has to be of this type and tag. A descriptor in it is closed.
struct message expect(struct init *init, enum message_type type, uint32_t tag);
void expect_end(struct init *init);
struct exit_report expect_exit(struct init *init, uint32_t tag);
// Lets it do a plan of no steps: what was sent before it is dealt with. Skips other messages.
void round_trip(struct init *init);

// A plan to spawn the probe with these arguments. Between child_begin and child_exec there may be
// steps. child_begin connects the standard output, child_run reads it to its end, and waits for the
// exit, which it acknowledges: the wait status.
void child_begin(uint32_t tag);
void child_exec(const char *first, ...);
int child_run(struct init *init);
extern char output[16384];

#define STEP plan_step
#define I(x) ((int64_t)(x))
