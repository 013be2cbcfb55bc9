// Processes with a terminal, whose master init keeps.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

static int master, slave;

static void open_terminal(void) {
  int locked = 0;
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) SKIP("no pseudo terminals: %s", strerror(errno));
  REQUIRE(ioctl(master, TIOCSPTLCK, &locked) == 0);
  slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(slave >= 0);
}

static void begin(uint32_t tag) {
  plan_begin(MESSAGE_SPAWN, tag);
  int64_t slot = plan_fd(slave);
  plan_keep(plan_fd(master));
  STEP(OP_STDIO, "iii", slot, slot, slot);
}

static void close_terminal(void) {
  close(master);
  close(slave);
}

// Reads from the master until the line has come.
static void expect_line(int from, const char *line) {
  char text[256] = "";
  for (size_t size = 0; !strstr(text, "\n"); text[size] = 0) {
    ssize_t more = read(from, text + size, sizeof text - 1 - size);
    REQUIRE(more > 0);
    size += (size_t)more;
  }
  REQUIRE_TEXT(text, line);
}

TEST(a_terminal_is_the_controlling_one_and_interrupts) {
  init_enter(&init, NAMESPACES);
  open_terminal();
  begin(1);
  STEP(OP_SETSID, "");
  STEP(OP_TERMINAL, "");
  child_exec("terminal", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 1);
  close(slave);
  expect_line(master, "mine foreground\r\n");
  REQUIRE_EQUAL(write(master, "\003", 1), 1);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 1).wait_status), SIGINT);
  close(master);
  init_kill(&init);
}

TEST(without_the_step_a_terminal_controls_nobody) {
  init_enter(&init, NAMESPACES);
  open_terminal();
  begin(1);
  STEP(OP_SETSID, "");
  child_exec("terminal", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 1);
  expect_line(master, "open: No such device or address\r\n");
  close_terminal();
  init_kill(&init);
}

TEST(the_last_words_on_a_terminal_wait_for_the_daemon) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  open_terminal();
  begin(1);
  STEP(OP_SETSID, "");
  STEP(OP_TERMINAL, "");
  child_exec("arguments", "last", "words", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 1);
  close_terminal();
  expect_exit(&init, 1);
  init_reconnect(&init);
  struct message kept;
  REQUIRE(receive(&init, &kept));
  REQUIRE_EQUAL(kept.header.type, MESSAGE_KEPT);
  expect_exit(&init, 1);
  expect(&init, MESSAGE_READY, 0);
  expect_line(kept.fd, "[probe][arguments][last][words]{SET=by the test}\r\n");
  REQUIRE(read(kept.fd, output, 1) < 0 && errno == EIO); // its end
  close(kept.fd);
  send_simple(&init, MESSAGE_ACK, 1);
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_kill(&init);
}

TEST(a_terminal_hangs_up_with_its_release) {
  init_enter(&init, NAMESPACES);
  open_terminal();
  begin(1);
  STEP(OP_SETSID, "");
  STEP(OP_TERMINAL, "");
  child_exec("sleep", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 1);
  close_terminal();
  send_simple(&init, MESSAGE_RELEASE, 1);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 1).wait_status), SIGHUP);
  init_kill(&init);
}

TEST(a_terminal_needs_a_session_and_a_terminal) {
  init_enter(&init, NAMESPACES);
  open_terminal();
  begin(1);
  STEP(OP_TERMINAL, "");
  child_exec("exit", NULL);
  plan_fails(&init, 1, "ioctl", EPERM); // not a leader

  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  begin(1);
  int64_t slot = plan_fd(null);
  STEP(OP_SETSID, "");
  STEP(OP_STDIO, "iii", slot, slot, slot);
  STEP(OP_TERMINAL, "");
  child_exec("exit", NULL);
  plan_fails(&init, 3, "ioctl", ENOTTY);

  for (uint32_t tag = 1; tag <= 2; tag++) {
    begin(tag);
    STEP(OP_SETSID, "");
    STEP(OP_TERMINAL, "");
    child_exec("terminal", NULL);
    if (tag == 2) plan_fails(&init, 2, "ioctl", EPERM); // it is the other's
    else plan_send(&init), expect(&init, MESSAGE_SPAWNED, tag);
  }
  expect_line(master, "mine foreground\r\n"); // still
  close(null);
  close_terminal();
  init_kill(&init);
}

TEST(a_failed_exec_leaks_no_terminal) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  char *absent[] = {"/absent", NULL}, *none[] = {NULL};
  for (int round = 0; round < 1000; round++) {
    open_terminal();
    begin(1);
    STEP(OP_SETSID, "");
    STEP(OP_TERMINAL, "");
    STEP(OP_EXEC, "vvv", absent, none, none);
    plan_fails(&init, 3, "execve", ENOENT);
    close(master);
    struct pollfd hung_up = {.fd = slave}; // by whoever is the last to close the master
    REQUIRE(poll(&hung_up, 1, PATIENCE_MS) == 1 && (hung_up.revents & POLLHUP));
    close(slave);
  }
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_kill(&init);
}
