// What init does not keep, for spawns that came to nothing; and that what it keeps is no way to
// stop it, nor another process.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "harness.h"
#include "inputs.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

TEST(a_slot_that_is_none_cannot_be_kept) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  int64_t bad[] = {-2, 3, 17, SLOTS - 1, SLOTS, SLOTS + 1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    int reader = input_plan(1, probe_path, "exit");
    plan_keep(bad[i]);
    plan_fails(&init, 0, "plan", EBADF);
    input_sent();
    REQUIRE(input_ended(&init, reader));
    close(reader);
  }
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_reconnect(&init);
  expect(&init, MESSAGE_READY, 0); // and there is no process
  init_kill(&init);
}

TEST(a_spawn_that_is_refused_keeps_nothing) {
  init_enter(&init, NAMESPACES);
  int first = input_spawn(&init, 1, probe_path, "sleep");
  expect(&init, MESSAGE_SPAWNED, 1);
  round_trip(&init); // by then it has closed the pidfd
  int fds = open_fds(init.pid);
  int second = input_spawn(&init, 1, probe_path, "sleep"); // the same tag
  expect(&init, MESSAGE_FAILED, 1);
  int third = input_plan(2, probe_path, "sleep");
  STEP(OP_SETSID, ""); // behind EXEC
  plan_fails(&init, 1, "plan", EBADMSG);
  input_sent();
  REQUIRE(input_ended(&init, second) && input_ended(&init, third) && !input_ended(&init, first));
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  int all[] = {first, second, third};
  for (int i = 0; i < 3; i++) close(all[i]);
  init_kill(&init);
}

TEST(a_failed_exec_keeps_nothing_a_thousand_times) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  for (int round = 0; round < 1000; round++) {
    int reader = input_plan(1, "/absent", "exit");
    plan_fails(&init, 1, "execve", ENOENT);
    input_sent();
    REQUIRE(input_ended_within(reader, PATIENCE_MS)); // the child has a copy until it has ended
    close(reader);
  }
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_kill(&init);
}

TEST(a_failure_in_the_daemons_absence_keeps_nothing) {
  char *text = plain_file();
  init_enter(&init, NAMESPACES);
  int leased = lease(text), reader = input_spawn(&init, 1, text, "exit");
  REQUIRE(!input_ended(&init, reader));
  init_disconnect(&init);
  give_up(leased);
  REQUIRE(input_ended_within(reader, PATIENCE_MS));
  init_connect(&init);
  expect(&init, MESSAGE_FAILED, 1);
  expect(&init, MESSAGE_READY, 0);
  close(reader);
  free(text);
  init_kill(&init);
}

TEST(an_exec_that_hangs_holds_nobody_elses_input_open) {
  char *text = plain_file();
  init_enter(&init, NAMESPACES);
  int reader = input_spawn(&init, 1, probe_path, "sleep");
  expect(&init, MESSAGE_SPAWNED, 1);
  int leased = lease(text), other = input_spawn(&init, 2, text, "exit");
  send_simple(&init, MESSAGE_RELEASE, 1);
  REQUIRE(input_ended_within(reader, PATIENCE_MS));
  REQUIRE(!input_ended_within(other, 0));
  give_up(leased);
  close(reader);
  close(other);
  free(text);
  init_kill(&init);
}

TEST(what_a_full_socket_does_not_take_stays_owed) {
  enum { PROCESSES = 250 };
  init_enter(&init, NAMESPACES);
  for (uint32_t tag = 0; tag < PROCESSES; tag++) {
    close(input_spawn(&init, tag, probe_path, "sleep"));
    expect(&init, MESSAGE_SPAWNED, tag);
  }
  init_reconnect(&init);
  struct pollfd full = {.fd = init.socket, .events = POLLIN};
  REQUIRE(poll(&full, 1, PATIENCE_MS) == 1);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", init.pid, init.pid);
  FILE *children = fopen(path, "r");
  if (!children) SKIP("the kernel has no %s", path);
  int pids[PROCESSES]; // all of them first: those that end while it is read make it skip others
  for (int i = 0; i < PROCESSES; i++) REQUIRE(fscanf(children, "%d", &pids[i]) == 1);
  fclose(children);
  for (int i = 0; i < PROCESSES; i++) REQUIRE(kill(pids[i], SIGKILL) == 0);
  for (int i = 0; i < PROCESSES; i++) {
    while (kill(pids[i], 0) == 0) sched_yield(); // until init has reaped it
  }

  // Of those whose turn had not come, RUNNING need not be told any more, but KEPT.
  int kept[PROCESSES] = {0}, ready = 0, never_running = PROCESSES;
  for (int exits = 0; exits < PROCESSES || !ready;) {
    struct message message;
    REQUIRE(receive(&init, &message));
    uint32_t tag = message.header.tag;
    if (message.header.type == MESSAGE_READY) ready++;
    else if (message.header.type == MESSAGE_KEPT) REQUIRE_EQUAL(kept[tag]++, 0);
    else REQUIRE_EQUAL(kept[tag], 1);
    never_running -= message.header.type == MESSAGE_RUNNING;
    exits += message.header.type == MESSAGE_EXITED;
    if (message.fd >= 0) close(message.fd);
  }
  REQUIRE_EQUAL(ready, 1);
  REQUIRE(never_running > 0);
  init_kill(&init);
}

TEST(processes_that_keep_all_they_can_do_not_shut_the_daemon_out) {
  enum { FILES = 230, PROCESSES = (FILES - 2 * SLOTS) / 3 };
  struct rlimit files = {FILES, FILES};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  init_enter(&init, NAMESPACES);
  int leased = lease(probe_path), readers[PROCESSES];
  // On its way, a process takes most.
  for (uint32_t tag = 0; tag < PROCESSES; tag++) {
    readers[tag] = input_spawn(&init, tag, probe_path, "sleep");
  }
  plan_begin(MESSAGE_SPAWN, PROCESSES);
  child_exec("exit", NULL);
  plan_fails(&init, 0, "fork", EAGAIN);

  struct init former = init; // which holds on to its connection
  init.socket = -1;
  init_connect(&init);
  for (uint32_t tag = 0; tag < PROCESSES; tag++) {
    expect_kept(&init, tag, readers[tag]);
    expect(&init, MESSAGE_RUNNING, tag);
  }
  expect(&init, MESSAGE_READY, 0);
  init_disconnect(&former);
  plan_begin(MESSAGE_RUN, 7);
  for (int i = 0; i < SLOTS; i++) plan_fd(readers[0]);
  plan_done(&init);

  give_up(leased);
  for (int i = 0; i < PROCESSES; i++) {
    struct message message;
    REQUIRE(receive(&init, &message));
    REQUIRE_EQUAL(message.header.type, MESSAGE_SPAWNED);
    close(message.fd);
  }
  send_signal(&init, 5, SIGKILL, 0);
  expect_exit(&init, 5);
  send_simple(&init, MESSAGE_ACK, 5);
  REQUIRE(input_ended(&init, readers[5]));
  close(input_spawn(&init, PROCESSES, probe_path, "exit"));
  expect(&init, MESSAGE_SPAWNED, PROCESSES);
  for (int i = 0; i < PROCESSES; i++) close(readers[i]);
  init_kill(&init);
}
