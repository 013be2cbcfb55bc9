// An init without a name: it is nobody's yet, and must not be left alone.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWIPC;

static void enter_blank(void) {
  init_room = "0123456789";
  init_enter(&init, NAMESPACES);
}

static void name(const char *text) {
  plan_begin(MESSAGE_RUN, 7);
  STEP(OP_NAME, "s", text);
}

// As it is in /proc, NULs and all.
static size_t command_line(char *text, size_t room) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/cmdline", init.pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  ssize_t size = read(fd, text, room);
  REQUIRE(size >= 0);
  close(fd);
  return (size_t)size;
}

static void requires_title(const char *wanted) {
  char text[256];
  REQUIRE_EQUAL(command_line(text, sizeof text), strlen(wanted) + 1);
  REQUIRE_TEXT(text, wanted);
}

TEST(a_blank_ends_with_its_connection) {
  enter_blank();
  round_trip(&init);
  init_disconnect(&init);
  REQUIRE_EQUAL(WEXITSTATUS(init_ended(&init)), 1);
  close(init.says);
}

TEST(a_blank_ends_with_nonsense) {
  enter_blank();
  send_bytes(&init, "?", 1, NULL, 0);
  REQUIRE_EQUAL(WEXITSTATUS(init_ended(&init)), 1);
  init_disconnect(&init);
  close(init.says);
}

TEST(with_a_name_it_lasts) {
  enter_blank();
  name("web");
  plan_done(&init);
  init_reconnect(&init);
  expect(&init, MESSAGE_READY, 0);
  init_disconnect(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  init_kill(&init);
}

TEST(a_name_is_seen_as_if_it_had_come_with_it) {
  init_room = NULL;
  init_enter(&init, NAMESPACES);
  requires_title("sandbox-init test");
  init_kill(&init);
  const char *names[] = {"w", "123456789"};
  for (int i = 0; i < 2; i++) {
    char wanted[64];
    enter_blank();
    name(names[i]);
    plan_done(&init);
    snprintf(wanted, sizeof wanted, "sandbox-init test %s", names[i]);
    requires_title(wanted);
    init_kill(&init);
  }
}

TEST(a_name_that_is_too_long_is_refused) {
  enter_blank();
  name("0123456789");
  plan_fails(&init, 0, "name", ENAMETOOLONG);
  name("012345678");
  plan_done(&init);
  init_kill(&init);
}

TEST(who_has_a_name_gets_no_other) {
  enter_blank();
  name("web");
  plan_done(&init);
  name("db");
  plan_fails(&init, 0, "name", EEXIST);
  requires_title("sandbox-init test web");
  init_kill(&init);
}
