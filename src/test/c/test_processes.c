// Processes from their spawning until the daemon, which comes and goes, has acknowledged their end.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

// Spawns the probe without any standard output.
static void spawn(uint32_t tag, char *what, char *with) {
  char *paths[] = {probe_path, NULL}, *argv[] = {"probe", what, with, NULL}, *none[] = {NULL};
  plan_begin(MESSAGE_SPAWN, tag);
  STEP(OP_SETSID, "");
  STEP(OP_EXEC, "vvv", paths, argv, none);
  plan_send(&init);
}

static struct message expect_pidfd(enum message_type type, uint32_t tag) {
  struct message message;
  REQUIRE(receive(&init, &message));
  REQUIRE_EQUAL(message.header.type, type);
  REQUIRE_EQUAL(message.header.tag, tag);
  REQUIRE_EQUAL(message.size, sizeof(uint32_t));
  REQUIRE(message.fd >= 0);
  return message;
}

// How many children init has, zombies included.
static int children_of(pid_t pid) {
  char path[64];
  int count = 0, child;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  FILE *children = fopen(path, "r");
  if (!children) SKIP("the kernel has no %s", path);
  while (fscanf(children, "%d", &child) == 1) count++;
  fclose(children);
  return count;
}

// Until init has that many children.
static void await_children(int wanted) {
  for (time_t end = time(NULL) + 60; children_of(init.pid) != wanted;) {
    if (time(NULL) > end) FAIL("init still has %d children", children_of(init.pid));
    sched_yield();
  }
}

TEST(spawned_comes_with_a_pidfd_and_exited_with_the_status) {
  init_enter(&init, NAMESPACES);
  spawn(9, "exit", "42");
  struct message spawned = expect_pidfd(MESSAGE_SPAWNED, 9);
  uint32_t pid;
  memcpy(&pid, spawned.body, sizeof pid);
  REQUIRE_EQUAL(pid, 2); // as it is called inside
  struct pollfd ended = {.fd = spawned.fd, .events = POLLIN};
  REQUIRE_EQUAL(poll(&ended, 1, 60000), 1);
  close(spawned.fd);
  REQUIRE_EQUAL(expect_exit(&init, 9).wait_status, 42 << 8);
  spawn(10, "die", "11");
  expect(&init, MESSAGE_SPAWNED, 10);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 10).wait_status), SIGSEGV);
  init_kill(&init);
}

TEST(a_child_tells_its_pid_outside_before_it_is_spawned) {
  init_enter(&init, NAMESPACES);
  spawn(7, "sleep", NULL); // it lives on, so that the kernel can be asked
  struct message spawned = expect_pidfd(MESSAGE_SPAWNED, 7);
  REQUIRE_EQUAL(init.born, 7);
  char path[64], line[64];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", spawned.fd);
  FILE *about = fopen(path, "r");
  REQUIRE(about);
  int pid = 0;
  while (fgets(line, sizeof line, about)) sscanf(line, "Pid: %d", &pid);
  fclose(about);
  REQUIRE_EQUAL(init.born_pid, pid);
  close(spawned.fd);
  init_kill(&init);
}

// time(2) is of the last tick: it can still be in the second before.
static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

TEST(exited_tells_when_it_was) {
  init_enter(&init, NAMESPACES);
  uint64_t before = now_us();
  spawn(1, "exit", "0");
  expect(&init, MESSAGE_SPAWNED, 1);
  uint64_t ended = expect_exit(&init, 1).ended_us;
  REQUIRE(ended >= before && ended <= now_us());
  init_kill(&init);
}

TEST(exited_tells_what_was_used) {
  init_enter(&init, NAMESPACES);
  spawn(1, "burn", NULL);
  expect(&init, MESSAGE_SPAWNED, 1);
  struct exit_report report = expect_exit(&init, 1);
  REQUIRE_EQUAL(report.wait_status, 0);
  REQUIRE(report.user_us + report.system_us >= 50000);
  REQUIRE(report.user_us + report.system_us < 60000000);
  // It took 32 MiB; the kernel counts only about.
  REQUIRE(report.max_rss_kib >= 24 << 10 && report.max_rss_kib < 64 << 10);
  init_kill(&init);
}

TEST(spawned_goes_before_exited) {
  init_enter(&init, NAMESPACES);
  for (uint32_t tag = 0; tag < 200; tag++) spawn(tag, "exit", "0");
  static char seen[200];
  for (int messages = 0; messages < 400; messages++) {
    struct message message;
    REQUIRE(receive(&init, &message));
    if (message.fd >= 0) close(message.fd);
    uint32_t tag = message.header.tag;
    REQUIRE(tag < 200);
    REQUIRE_EQUAL(message.header.type, seen[tag] == 0 ? MESSAGE_SPAWNED : MESSAGE_EXITED);
    seen[tag]++;
  }
  await_children(0);
  init_kill(&init);
}

TEST(an_exit_is_told_again_until_it_is_acknowledged) {
  init_enter(&init, NAMESPACES);
  spawn(1, "exit", "1");
  expect(&init, MESSAGE_SPAWNED, 1);
  expect_exit(&init, 1);
  for (int round = 0; round < 3; round++) {
    init_reconnect(&init);
    REQUIRE_EQUAL(WEXITSTATUS(expect_exit(&init, 1).wait_status), 1);
    expect(&init, MESSAGE_READY, 0);
  }
  send_simple(&init, MESSAGE_ACK, 2); // no such process
  send_simple(&init, MESSAGE_ACK, 1);
  send_simple(&init, MESSAGE_ACK, 1);
  round_trip(&init);
  init_reconnect(&init);
  expect(&init, MESSAGE_READY, 0);
  init_kill(&init);
}

TEST(what_runs_is_told_after_a_reconnect) {
  init_enter(&init, NAMESPACES);
  for (uint32_t tag = 1; tag <= 2; tag++) {
    spawn(tag, "sleep", NULL);
    expect(&init, MESSAGE_SPAWNED, tag);
  }
  init_reconnect(&init);
  struct message first = expect_pidfd(MESSAGE_RUNNING, 1);
  struct message second = expect_pidfd(MESSAGE_RUNNING, 2);
  expect(&init, MESSAGE_READY, 0);
  REQUIRE(syscall(SYS_pidfd_send_signal, second.fd, SIGTERM, NULL, 0) == 0);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 2).wait_status), SIGTERM);
  send_simple(&init, MESSAGE_ACK, 1); // it still runs
  send_signal(&init, 1, SIGKILL, 0);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 1).wait_status), SIGKILL);
  close(first.fd);
  close(second.fd);
  init_kill(&init);
}

TEST(exits_in_the_daemons_absence_are_kept) {
  init_enter(&init, NAMESPACES);
  int fds[2];
  for (uint32_t tag = 0; tag < 2; tag++) {
    spawn(tag, "sleep", NULL);
    fds[tag] = expect_pidfd(MESSAGE_SPAWNED, tag).fd;
  }
  init_disconnect(&init);
  REQUIRE(syscall(SYS_pidfd_send_signal, fds[1], SIGKILL, NULL, 0) == 0);
  await_children(1);
  init_connect(&init);
  expect(&init, MESSAGE_RUNNING, 0);
  REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, 1).wait_status), SIGKILL);
  expect(&init, MESSAGE_READY, 0);
  close(fds[0]);
  close(fds[1]);
  init_kill(&init);
}

TEST(signals_go_to_a_process_or_to_its_group) {
  init_enter(&init, NAMESPACES);
  for (uint32_t group = 0; group < 2; group++) {
    child_begin(group);
    STEP(OP_SETSID, "");
    child_exec("fork", NULL);
    plan_send(&init);
    expect(&init, MESSAGE_SPAWNED, group);
    await_children(1);
    char path[64];
    int leader = 0, child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", init.pid, init.pid);
    FILE *children = fopen(path, "r");
    REQUIRE(children && fscanf(children, "%d", &leader) == 1);
    fclose(children);
    while (children_of(leader) != 1) sched_yield();
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", leader, leader);
    children = fopen(path, "r");
    REQUIRE(children && fscanf(children, "%d", &child) == 1);
    fclose(children);

    send_signal(&init, group, SIGTERM, group);
    REQUIRE_EQUAL(WTERMSIG(expect_exit(&init, group).wait_status), SIGTERM);
    // Alone, the child is init's now; signalled with it, it is gone.
    await_children(group ? 0 : 1);
    if (!group) REQUIRE(kill(child, SIGKILL) == 0);
    await_children(0);
  }
  send_signal(&init, 0, SIGKILL, 0); // it has ended: nothing happens
  send_signal(&init, 77, SIGKILL, 1); // there is none
  round_trip(&init);
  init_kill(&init);
}

TEST(a_failed_plan_leaves_no_process) {
  init_enter(&init, NAMESPACES);
  char *absent[] = {"/absent", NULL}, *none[] = {NULL};
  for (int round = 0; round < 50; round++) {
    plan_begin(MESSAGE_SPAWN, 1);
    STEP(OP_SETSID, "");
    STEP(OP_EXEC, "vvv", absent, none, none);
    plan_fails(&init, 1, "execve", ENOENT);
  }
  await_children(0);
  init_reconnect(&init);
  expect(&init, MESSAGE_READY, 0);
  init_kill(&init);
}

TEST(a_tag_is_used_once_at_a_time) {
  init_enter(&init, NAMESPACES);
  spawn(1, "sleep", NULL);
  expect(&init, MESSAGE_SPAWNED, 1);
  spawn(1, "sleep", NULL);
  expect(&init, MESSAGE_FAILED, 1);
  send_signal(&init, 1, SIGKILL, 0);
  expect_exit(&init, 1);
  spawn(1, "sleep", NULL);
  expect(&init, MESSAGE_FAILED, 1);
  send_simple(&init, MESSAGE_ACK, 1);
  spawn(1, "exit", "0");
  expect(&init, MESSAGE_SPAWNED, 1);
  init_kill(&init);
}

TEST(spawn_before_clone_is_refused) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  child_begin(1);
  child_exec("exit", NULL);
  plan_fails(&init, 0, "plan", EBADMSG);
  init_kill(&init);
}

TEST(orphans_are_reaped_and_not_reported) {
  for (int namespaces = 0; namespaces < 2; namespaces++) {
    init_enter(&init, namespaces ? NAMESPACES : 0); // as PID 1, and as a subreaper
    spawn(1, "orphans", "50");
    expect(&init, MESSAGE_SPAWNED, 1);
    REQUIRE_EQUAL(expect_exit(&init, 1).wait_status, 0);
    await_children(0);
    round_trip(&init);
    init_kill(&init);
  }
}

TEST(a_full_table_says_so_and_all_of_it_is_told_again) {
  struct rlimit files;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < 2 * SLOTS + 3 * PROCESSES_MAX) SKIP("too few open files for a full table");
  init_enter(&init, NAMESPACES);
  uint32_t told = 0;
  for (uint32_t tag = 0; tag < PROCESSES_MAX; tag++) {
    spawn(tag, "exit", "5");
    for (bool spawned = false; !spawned;) {
      struct message message;
      REQUIRE(receive(&init, &message));
      spawned = message.header.type == MESSAGE_SPAWNED;
      told += message.header.type == MESSAGE_EXITED;
      if (message.fd >= 0) close(message.fd);
    }
  }
  for (; told < PROCESSES_MAX; told++) {
    struct message message;
    REQUIRE(receive(&init, &message));
    REQUIRE_EQUAL(message.header.type, MESSAGE_EXITED);
  }
  child_begin(PROCESSES_MAX);
  child_exec("exit", NULL);
  plan_fails(&init, 0, "fork", EAGAIN);
  init_reconnect(&init); // far more than the socket holds, so init has to wait for its reader
  for (uint32_t tag = 0; tag < PROCESSES_MAX; tag++) {
    REQUIRE_EQUAL(WEXITSTATUS(expect_exit(&init, tag).wait_status), 5);
  }
  expect(&init, MESSAGE_READY, 0);
  for (uint32_t tag = 0; tag < PROCESSES_MAX; tag++) send_simple(&init, MESSAGE_ACK, tag);
  spawn(1, "exit", "0");
  expect(&init, MESSAGE_SPAWNED, 1);
  expect_exit(&init, 1);
  init_kill(&init);
}

TEST(a_daemon_that_does_not_read_blocks_nothing) {
  init_enter(&init, NAMESPACES);
  spawn(0, "sleep", NULL);
  int sleeper = expect_pidfd(MESSAGE_SPAWNED, 0).fd;
  // Until init has stopped reading too, because its answers are not taken.
  uint32_t sent = 0;
  plan_begin(MESSAGE_RUN, 1);
  while (send(init.socket, writer.bytes, writer.size, MSG_DONTWAIT) > 0) sent++;
  REQUIRE(errno == EAGAIN && sent > 100);
  REQUIRE(syscall(SYS_pidfd_send_signal, sleeper, SIGKILL, NULL, 0) == 0);
  await_children(0); // it goes on reaping
  // The same daemon reads at last, and nothing is lost.
  for (uint32_t answers = 0, exits = 0; answers < sent || exits < 1;) {
    struct message message;
    REQUIRE(receive(&init, &message));
    if (message.header.type == MESSAGE_DONE) answers++;
    else exits += message.header.type == MESSAGE_EXITED;
  }
  // Another time it goes without having read.
  while (send(init.socket, writer.bytes, writer.size, MSG_DONTWAIT) > 0) continue;
  init_reconnect(&init);
  expect_exit(&init, 0);
  expect(&init, MESSAGE_READY, 0);
  round_trip(&init);
  close(sleeper);
  init_kill(&init);
}
