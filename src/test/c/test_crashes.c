// Either side goes away, at every stage. The harness sees to it that no process is left over.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

static void spawn(uint32_t tag, char *path, char *what) {
  char *paths[] = {path, NULL}, *argv[] = {"probe", what, NULL}, *none[] = {NULL};
  plan_begin(MESSAGE_SPAWN, tag);
  STEP(OP_EXEC, "vvv", paths, argv, none);
  plan_send(&init);
}

TEST(daemon_goes_before_clone) {
  for (int stage = 0; stage < 3; stage++) {
    init_start(&init);
    init_connect(&init);
    if (stage > 0) expect(&init, MESSAGE_READY, 0);
    if (stage > 1) round_trip(&init);
    init_disconnect(&init);
    REQUIRE_EQUAL(WEXITSTATUS(init_ended(&init)), 1);
    close(init.says);
  }
}

TEST(daemon_goes_in_the_middle_of_clone) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  plan_begin(MESSAGE_RUN, 1);
  STEP(OP_CLONE, "i", NAMESPACES);
  STEP(OP_HOSTNAME, "s", "made");
  plan_send(&init);
  init_disconnect(&init);
  REQUIRE_EQUAL(init_ended(&init), 0);
  init_connect(&init);
  init.pid = expect(&init, MESSAGE_READY, 0).pid;
  child_begin(3);
  child_exec("cat", "/proc/sys/kernel/hostname", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "made\n");
  init_kill(&init);
}

TEST(daemon_goes_right_after_spawn) {
  init_enter(&init, NAMESPACES);
  int spawned = 0;
  for (uint32_t tag = 0; tag < 100; tag++) {
    spawn(tag, probe_path, "exit");
    for (int spin = rand() % 20; spin > 0; spin--) sched_yield();
    init_reconnect(&init);
    // By READY it is known whether init has read it: if not, it never will.
    bool ready = false, exists = false, exited = false;
    while (!ready || exists != exited) {
      struct message message;
      REQUIRE(receive(&init, &message));
      if (message.fd >= 0) close(message.fd);
      if (message.header.type == MESSAGE_READY) {
        ready = true;
        continue;
      }
      REQUIRE_EQUAL(message.header.tag, tag);
      if (ready) REQUIRE(exists);
      exists = true;
      exited |= message.header.type == MESSAGE_EXITED;
    }
    spawned += exists;
    send_simple(&init, MESSAGE_ACK, tag);
  }
  REQUIRE(spawned > 0);
  init_kill(&init);
}

TEST(an_exec_that_hangs_hangs_nobody_else) {
  char *copy = strdup(probe_path);
  memcpy(strrchr(copy, '/'), "/other", 6); // as long as "/probe"
  REQUIRE(link(probe_path, copy) == 0);
  init_enter(&init, NAMESPACES);
  int leased = lease(copy);
  spawn(1, copy, "exit");
  round_trip(&init);
  char *busybody[] = {"/proc/self/exe", NULL}, *none[] = {NULL};
  plan_begin(MESSAGE_SPAWN, 2);
  STEP(OP_EXEC, "vvv", busybody, none, none); // init's own file, without a listener: it ends
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 2);
  REQUIRE_EQUAL(WEXITSTATUS(expect_exit(&init, 2).wait_status), 1);
  send_simple(&init, MESSAGE_ACK, 2);
  init_reconnect(&init);
  expect(&init, MESSAGE_RUNNING, 1); // on its way
  expect(&init, MESSAGE_READY, 0);
  give_up(leased);
  expect(&init, MESSAGE_SPAWNED, 1);
  expect_exit(&init, 1);
  init_kill(&init);
  free(copy);
}

TEST(a_failure_in_the_daemons_absence_is_told_once) {
  char text[96];
  snprintf(text, sizeof text, "%s/text", scratch);
  REQUIRE(mknod(text, S_IFREG | 0755, 0) == 0);
  init_enter(&init, NAMESPACES);
  int leased = lease(text);
  spawn(1, text, "exit");
  round_trip(&init);
  init_disconnect(&init);
  give_up(leased);
  init_connect(&init);
  struct message message;
  REQUIRE(receive(&init, &message));
  if (message.header.type == MESSAGE_RUNNING) { // it had not noticed yet
    close(message.fd);
    expect(&init, MESSAGE_READY, 0);
    REQUIRE(receive(&init, &message));
  } else {
    expect(&init, MESSAGE_READY, 0);
  }
  struct failure failure;
  REQUIRE_EQUAL(message.header.type, MESSAGE_FAILED);
  REQUIRE_EQUAL(message.header.tag, 1);
  memcpy(&failure, message.body, sizeof failure);
  REQUIRE_EQUAL(failure.error, ENOEXEC);
  init_reconnect(&init);
  expect(&init, MESSAGE_READY, 0);
  init_kill(&init);
}

TEST(a_child_killed_before_its_exec_has_exited) {
  init_enter(&init, NAMESPACES);
  int leased = lease(probe_path);
  spawn(1, probe_path, "exit");
  send_signal(&init, 1, SIGKILL, 0);
  expect(&init, MESSAGE_SPAWNED, 1);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 1).wait_status), SIGKILL);
  give_up(leased);
  init_kill(&init);
}

TEST(init_is_killed_at_every_stage) {
  for (int stage = 0; stage < 6; stage++) {
    int leased = -1;
    if (stage < 3) init_start(&init);
    else init_enter(&init, NAMESPACES);
    if (stage == 1 || stage == 2) init_connect(&init);
    if (stage == 2) expect(&init, MESSAGE_READY, 0);
    if (stage == 4) {
      for (uint32_t tag = 0; tag < 20; tag++) spawn(tag, probe_path, "fork");
    }
    if (stage == 5) {
      leased = lease(probe_path);
      for (uint32_t tag = 0; tag < 20; tag++) spawn(tag, probe_path, "fork");
    }
    if (stage > 3) round_trip(&init);
    kill(init.pid, SIGKILL);
    REQUIRE_EQUAL(WTERMSIG(init_ended(&init)), SIGKILL);
    if (init.socket >= 0) {
      struct message message;
      while (receive(&init, &message)) {
        if (message.fd >= 0) close(message.fd);
      }
      init_disconnect(&init);
    }
    if (leased >= 0) give_up(leased);
    close(init.says);
  }
}

TEST(init_is_killed_at_any_moment_of_a_plan) {
  srand(1);
  for (int round = 0; round < 200; round++) {
    init_start(&init);
    init_connect(&init);
    expect(&init, MESSAGE_READY, 0);
    plan_begin(MESSAGE_RUN, 1);
    for (int i = 0; i < 20; i++) STEP(OP_CHDIR, "s", "/");
    STEP(OP_CLONE, "i", NAMESPACES);
    for (int i = 0; i < 20; i++) STEP(OP_HOSTNAME, "s", "x");
    plan_send(&init);
    for (volatile int spin = rand() % 200000; spin > 0; spin--) continue;
    kill(init.pid, SIGKILL);
    init_ended(&init);
    // If CLONE was done by then, there is another that listens. Otherwise nobody does.
    struct message message = {0};
    if (init_try_connect(&init)) {
      while (receive(&init, &message) && message.header.type != MESSAGE_READY) continue;
    }
    if (message.header.type == MESSAGE_READY) {
      init.pid = message.pid;
      init_kill(&init);
    } else {
      init_disconnect(&init);
      close(init.says);
    }
  }
}
