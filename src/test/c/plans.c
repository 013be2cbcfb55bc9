#include <fcntl.h>
#include <stdarg.h>

#include "client.h"
#include "harness.h"

struct writer writer;
char output[16384];

static int out = -1; // read end of the pipe to a child's standard output

static void put(const void *from, size_t size) {
  REQUIRE(writer.size + size <= sizeof writer.bytes);
  memcpy(writer.bytes + writer.size, from, size);
  writer.size += size;
}

static void put_text(const char *text) {
  uint32_t size = (uint32_t)strlen(text) + 1;
  put(&size, sizeof size);
  put(text, size);
}

static void put_vector(char **vector) {
  uint32_t count = 0;
  while (vector[count]) count++;
  put(&count, sizeof count);
  for (uint32_t i = 0; i < count; i++) put_text(vector[i]);
}

void plan_begin(enum message_type type, uint32_t tag) {
  struct header header = {type, tag};
  writer.size = 0;
  writer.steps = 0;
  writer.fd_count = 0;
  put(&header, sizeof header);
  int32_t keep = KEEP_NOTHING;
  if (type == MESSAGE_SPAWN) put(&keep, sizeof keep);
  writer.plan = writer.size;
  put(&writer.steps, sizeof writer.steps);
}

int64_t plan_fd(int fd) {
  writer.fds[writer.fd_count] = fd;
  return writer.fd_count++;
}

void plan_keep(int64_t slot) {
  int32_t keep = (int32_t)slot;
  memcpy(writer.bytes + sizeof(struct header), &keep, sizeof keep);
}

void plan_step(enum opcode opcode, const char *letters, ...) {
  uint32_t head[] = {opcode, 0};
  size_t start = writer.size;
  put(head, sizeof head);
  va_list args;
  va_start(args, letters);
  for (; *letters; letters++) {
    if (*letters == 'i') {
      int64_t number = va_arg(args, int64_t);
      put(&number, sizeof number);
    } else if (*letters == 's') {
      put_text(va_arg(args, const char *));
    } else if (*letters == 'b') {
      const void *bytes = va_arg(args, const void *);
      uint32_t size = (uint32_t)va_arg(args, size_t);
      put(&size, sizeof size);
      put(bytes, size);
    } else {
      put_vector(va_arg(args, char **));
    }
  }
  va_end(args);
  head[1] = (uint32_t)(writer.size - start - sizeof head);
  memcpy(writer.bytes + start, head, sizeof head);
  writer.steps++;
  memcpy(writer.bytes + writer.plan, &writer.steps, sizeof writer.steps);
}

void child_begin(uint32_t tag) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  if (out >= 0) close(out);
  out = ends[0];
  plan_begin(MESSAGE_SPAWN, tag);
  plan_fd(ends[1]);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  STEP(OP_STDIO, "iii", plan_fd(null), I(0), I(0));
}

void child_exec(const char *first, ...) {
  char *argv[16] = {"probe", (char *)first}, *env[] = {"SET=by the test", NULL};
  char *paths[] = {probe_path, "/probe", NULL};
  va_list rest;
  va_start(rest, first);
  for (int i = 2; i < 15 && argv[i - 1]; i++) argv[i] = va_arg(rest, char *);
  va_end(rest);
  STEP(OP_EXEC, "vvv", paths, argv, env);
}

int child_run(struct init *init) {
  uint32_t tag = plan_tag();
  plan_send(init);
  for (int i = 0; i < 2; i++) close(writer.fds[i]);
  expect(init, MESSAGE_SPAWNED, tag);
  size_t size = 0;
  for (ssize_t more; (more = read(out, output + size, sizeof output - 1 - size)) > 0;) {
    size += (size_t)more;
  }
  output[size] = 0;
  struct exit_report report = expect_exit(init, tag);
  send_simple(init, MESSAGE_ACK, tag);
  return (int)report.wait_status;
}
