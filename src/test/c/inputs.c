#include "inputs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "harness.h"

int input_plan(uint32_t tag, char *path, char *what) {
  char *paths[] = {path, NULL}, *argv[] = {"probe", what, NULL}, *none[] = {NULL};
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  plan_begin(MESSAGE_SPAWN, tag);
  int64_t reader = plan_fd(ends[0]);
  plan_keep(plan_fd(ends[1]));
  int64_t null = plan_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
  STEP(OP_STDIO, "iii", reader, null, null);
  STEP(OP_EXEC, "vvv", paths, argv, none);
  return ends[0];
}

void input_sent(void) {
  for (int i = 1; i < writer.fd_count; i++) close(writer.fds[i]);
}

int input_spawn(struct init *init, uint32_t tag, char *path, char *what) {
  int reader = input_plan(tag, path, what);
  plan_send(init);
  input_sent();
  return reader;
}

bool input_ended_within(int reader, int milliseconds) {
  struct pollfd writers = {.fd = reader};
  return poll(&writers, 1, milliseconds) == 1 && writers.revents == POLLHUP;
}

bool input_ended(struct init *init, int reader) {
  round_trip(init);
  return input_ended_within(reader, 0);
}

void expect_kept(struct init *init, uint32_t tag, int reader) {
  struct message message;
  struct stat kept, pipe;
  REQUIRE(receive(init, &message));
  REQUIRE_EQUAL(message.header.type, MESSAGE_KEPT);
  REQUIRE_EQUAL(message.header.tag, tag);
  REQUIRE_EQUAL(message.size, 0);
  REQUIRE(fstat(message.fd, &kept) == 0 && fstat(reader, &pipe) == 0);
  REQUIRE(kept.st_ino == pipe.st_ino && kept.st_dev == pipe.st_dev);
  close(message.fd);
}
