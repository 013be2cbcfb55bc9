#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "harness.h"

static int name_of(const struct init *init, struct sockaddr_un *address) {
  // An abstract one: nothing to clean up after a test.
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  strcpy(address->sun_path + 1, init->name);
  return (int)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(init->name));
}

char *init_room;

void init_start(struct init *init) {
  static int number;
  *init = (struct init){.socket = -1};
  snprintf(init->name, sizeof init->name, "sandbox-init-test-%d-%d", getpid(), ++number);
  struct sockaddr_un address;
  int size = name_of(init, &address);
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  REQUIRE(listener >= 0);
  REQUIRE(bind(listener, (struct sockaddr *)&address, (socklen_t)size) == 0);
  REQUIRE(listen(listener, 8) == 0);
  init->says = memfd_create("stderr", MFD_CLOEXEC);
  REQUIRE(init->says >= 0);
  init->pid = fork();
  REQUIRE(init->pid >= 0);
  if (init->pid == 0) {
    int null = open("/dev/null", O_RDWR);
    // First to where none of them is overwritten, whichever numbers they have.
    int kept[] = {fcntl(null, F_DUPFD, 100), fcntl(init->says, F_DUPFD, 100),
                  fcntl(listener, F_DUPFD, 100)};
    dup2(kept[0], 0);
    dup2(kept[0], 1);
    dup2(kept[1], 2);
    dup2(kept[2], LISTENER_FD);
    char *argv[] = {"sandbox-init test", init_room, NULL}, *env[] = {NULL};
    execve(helper_path, argv, env);
    _exit(99);
  }
  close(listener);
}

bool init_try_connect(struct init *init) {
  struct sockaddr_un address;
  int size = name_of(init, &address), room = 2 * MESSAGE_MAX, yes = 1;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  REQUIRE(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) == 0);
  REQUIRE(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0);
  if (init->socket >= 0) close(init->socket);
  init->socket = fd;
  return connect(fd, (struct sockaddr *)&address, (socklen_t)size) == 0;
}

void init_connect(struct init *init) { REQUIRE(init_try_connect(init)); }

void init_disconnect(struct init *init) {
  close(init->socket);
  init->socket = -1;
}

void init_reconnect(struct init *init) {
  init_disconnect(init);
  init_connect(init);
}

static void hear_it(struct init *init) {
  char said[4096];
  ssize_t size = pread(init->says, said, sizeof said - 1, 0);
  said[size > 0 ? size : 0] = 0;
  if (size > 0) FAIL("the helper said: %s", said);
}

int init_ended(struct init *init) {
  int status;
  REQUIRE(waitpid(init->pid, &status, 0) == init->pid);
  init->pid = 0;
  hear_it(init);
  return status;
}

void init_kill(struct init *init) {
  kill(init->pid, SIGKILL);
  int status = init_ended(init);
  if (!WIFSIGNALED(status)) FAIL("it had ended by itself, status %x", status);
  if (init->socket >= 0) init_disconnect(init);
  close(init->says);
}

static void write_map(pid_t pid, const char *file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  const char map[] = "0 100000 65536";
  REQUIRE(write(fd, map, strlen(map)) == (ssize_t)strlen(map));
  close(fd);
}

void init_enter(struct init *init, int64_t namespaces) {
  init_start(init);
  init_connect(init);
  expect(init, MESSAGE_READY, 0);
  plan_begin(MESSAGE_RUN, 1);
  STEP(OP_CLONE, "i", namespaces);
  plan_send(init);
  struct message done = expect(init, MESSAGE_DONE, 1);
  REQUIRE(WEXITSTATUS(init_ended(init)) == 0);
  init->pid = done.pid;
  if (namespaces & CLONE_NEWUSER) {
    write_map(init->pid, "uid_map");
    write_map(init->pid, "gid_map");
  }
}

void plan_send(struct init *init) {
  send_bytes(init, writer.bytes, writer.size, writer.fds, writer.fd_count);
}

uint32_t plan_tag(void) {
  struct header header;
  memcpy(&header, writer.bytes, sizeof header);
  return header.tag;
}

void plan_done(struct init *init) {
  plan_send(init);
  expect(init, MESSAGE_DONE, plan_tag());
}

void plan_fails(struct init *init, uint32_t step, const char *call, int error) {
  plan_send(init);
  struct message message = expect(init, MESSAGE_FAILED, plan_tag());
  struct failure failure;
  REQUIRE_EQUAL(message.size, sizeof failure);
  memcpy(&failure, message.body, sizeof failure);
  if (failure.step != step || failure.error != (uint32_t)error ||
      strncmp(failure.call, call, sizeof failure.call) != 0) {
    FAIL("failed: step %u %.16s: %s; not step %u %s: %s", failure.step, failure.call,
         strerror((int)failure.error), step, call, strerror(error));
  }
}

void send_bytes(struct init *init, const void *bytes, size_t size, const int *fds, int fd_count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof writer.fds)];
  } control;
  struct iovec data = {(void *)bytes, size};
  struct msghdr parts = {.msg_iov = &data, .msg_iovlen = 1};
  size_t fds_size = (size_t)fd_count * sizeof *fds;
  if (fd_count > 0) {
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(fds_size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), fds, fds_size);
    parts.msg_control = control.bytes;
    parts.msg_controllen = CMSG_SPACE(fds_size);
  }
  REQUIRE(sendmsg(init->socket, &parts, MSG_NOSIGNAL) == (ssize_t)size);
}

void send_simple(struct init *init, enum message_type type, uint32_t tag) {
  struct header header = {type, tag};
  send_bytes(init, &header, sizeof header, NULL, 0);
}

void send_signal(struct init *init, uint32_t tag, uint32_t signal, uint32_t group) {
  uint32_t words[] = {MESSAGE_SIGNAL, tag, signal, group};
  send_bytes(init, words, sizeof words, NULL, 0);
}

static bool receive_any(struct init *init, struct message *message) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct iovec data[] = {{&message->header, sizeof message->header},
                         {message->body, sizeof message->body}};
  struct msghdr parts = {.msg_iov = data,
                         .msg_iovlen = 2,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
  *message = (struct message){.fd = -1};
  struct pollfd wanted = {.fd = init->socket, .events = POLLIN};
  if (poll(&wanted, 1, PATIENCE_MS) != 1) FAIL("no message within %d ms", PATIENCE_MS);
  ssize_t size = recvmsg(init->socket, &parts, MSG_CMSG_CLOEXEC);
  if (size == 0 || (size < 0 && errno == ECONNRESET)) return false;
  REQUIRE(size >= (ssize_t)sizeof message->header);
  REQUIRE(!(parts.msg_flags & (MSG_TRUNC | MSG_CTRUNC)));
  message->size = (size_t)size - sizeof message->header;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&parts); part; part = CMSG_NXTHDR(&parts, part)) {
    if (part->cmsg_type == SCM_RIGHTS) {
      REQUIRE_EQUAL(part->cmsg_len, CMSG_LEN(sizeof(int)));
      memcpy(&message->fd, CMSG_DATA(part), sizeof(int));
    } else {
      struct ucred sender;
      memcpy(&sender, CMSG_DATA(part), sizeof sender);
      message->pid = sender.pid;
    }
  }
  return true;
}

bool receive(struct init *init, struct message *message) {
  while (receive_any(init, message)) {
    if (message->header.type != MESSAGE_BORN) return true;
    REQUIRE_EQUAL(message->size, 0);
    init->born = message->header.tag;
    init->born_pid = message->pid;
  }
  return false;
}

struct message expect(struct init *init, enum message_type type, uint32_t tag) {
  struct message message;
  if (!receive(init, &message)) FAIL("the end came instead of message %d for %u", type, tag);
  if (message.header.type != type || message.header.tag != tag) {
    struct failure why = {0};
    if (message.header.type == MESSAGE_FAILED) memcpy(&why, message.body, sizeof why);
    FAIL("message %u for %u came instead of %d for %u (step %u %.16s: %s)", message.header.type,
         message.header.tag, type, tag, why.step, why.call, strerror((int)why.error));
  }
  bool with_fd = type == MESSAGE_SPAWNED || type == MESSAGE_RUNNING || type == MESSAGE_KEPT;
  if (with_fd != (message.fd >= 0)) FAIL("message %d with fd %d", type, message.fd);
  if (message.fd >= 0) close(message.fd);
  return message;
}

void expect_end(struct init *init) {
  struct message message;
  if (receive(init, &message)) FAIL("message %u came instead of the end", message.header.type);
  init_disconnect(init);
}

struct exit_report expect_exit(struct init *init, uint32_t tag) {
  struct message message = expect(init, MESSAGE_EXITED, tag);
  struct exit_report report;
  REQUIRE_EQUAL(message.size, sizeof report);
  memcpy(&report, message.body, sizeof report);
  return report;
}

void round_trip(struct init *init) {
  plan_begin(MESSAGE_RUN, 4711);
  plan_send(init);
  for (struct message message;;) {
    if (!receive(init, &message)) FAIL("the end came instead of an answer");
    if (message.fd >= 0) close(message.fd);
    if (message.header.type == MESSAGE_DONE && message.header.tag == 4711) return;
    if (message.header.type == MESSAGE_FAILED) FAIL("%u failed", message.header.tag);
  }
}
