// What init keeps for processes while daemons come and go.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "harness.h"
#include "inputs.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

TEST(input_goes_on_after_a_reconnect_and_ends_with_a_release) {
  init_enter(&init, NAMESPACES);
  char *paths[] = {probe_path, NULL}, *argv[] = {"probe", "copy", NULL}, *none[] = {NULL};
  int in[2], out[2];
  REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
  plan_begin(MESSAGE_SPAWN, 1);
  int64_t from = plan_fd(in[0]), to = plan_fd(out[1]);
  plan_keep(plan_fd(in[1]));
  STEP(OP_STDIO, "iii", from, to, to);
  STEP(OP_EXEC, "vvv", paths, argv, none);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 1);
  REQUIRE_EQUAL(write(in[1], "one ", 4), 4);
  for (int i = 0; i < 3; i++) close(writer.fds[i]);

  init_reconnect(&init);
  struct message message;
  REQUIRE(receive(&init, &message));
  REQUIRE_EQUAL(message.header.type, MESSAGE_KEPT);
  expect(&init, MESSAGE_RUNNING, 1);
  expect(&init, MESSAGE_READY, 0);
  REQUIRE_EQUAL(write(message.fd, "two", 3), 3);
  close(message.fd);
  send_simple(&init, MESSAGE_RELEASE, 1);
  REQUIRE_EQUAL(expect_exit(&init, 1).wait_status, 0);
  REQUIRE_EQUAL(read(out[0], output, sizeof output), 7);
  REQUIRE(memcmp(output, "one two", 7) == 0);
  close(out[0]);
  init_kill(&init);
}

TEST(what_is_kept_is_closed_by_the_ack_and_not_by_the_exit) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  int reader = input_spawn(&init, 1, probe_path, "exit");
  expect(&init, MESSAGE_SPAWNED, 1);
  expect_exit(&init, 1);
  REQUIRE(!input_ended(&init, reader));
  REQUIRE_EQUAL(open_fds(init.pid), fds + 1);
  for (int round = 0; round < 3; round++) {
    init_reconnect(&init);
    expect_kept(&init, 1, reader);
    expect_exit(&init, 1);
    expect(&init, MESSAGE_READY, 0);
    REQUIRE(!input_ended(&init, reader));
  }
  send_simple(&init, MESSAGE_ACK, 1);
  REQUIRE(input_ended(&init, reader));
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  close(reader);
  init_kill(&init);
}

TEST(a_release_is_harmless_where_nothing_is_kept) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  int reader = input_spawn(&init, 1, probe_path, "sleep");
  expect(&init, MESSAGE_SPAWNED, 1);
  send_simple(&init, MESSAGE_RELEASE, 2); // no such process
  REQUIRE(!input_ended(&init, reader));
  for (int i = 0; i < 2; i++) send_simple(&init, MESSAGE_RELEASE, 1);
  REQUIRE(input_ended(&init, reader));
  child_begin(2);
  child_exec("sleep", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 2);
  send_simple(&init, MESSAGE_RELEASE, 2); // it has nothing
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_reconnect(&init);
  expect(&init, MESSAGE_RUNNING, 1);
  expect(&init, MESSAGE_RUNNING, 2);
  expect(&init, MESSAGE_READY, 0);
  send_signal(&init, 1, SIGKILL, 0);
  expect_exit(&init, 1);
  send_simple(&init, MESSAGE_RELEASE, 1);
  send_simple(&init, MESSAGE_ACK, 1);
  send_simple(&init, MESSAGE_RELEASE, 1);
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  close(reader);
  init_kill(&init);
}

TEST(what_is_kept_is_told_ahead_of_its_process) {
  char *text = plain_file();
  init_enter(&init, NAMESPACES);
  int leased = lease(text), readers[4];
  for (uint32_t tag = 0; tag < 3; tag++) {
    readers[tag] = input_spawn(&init, tag, probe_path, tag == 2 ? "exit" : "sleep");
    expect(&init, MESSAGE_SPAWNED, tag);
  }
  expect_exit(&init, 2);
  readers[3] = input_spawn(&init, 3, text, "exit"); // on its way
  send_simple(&init, MESSAGE_RELEASE, 1);
  for (int round = 0; round < 3; round++) {
    round_trip(&init);
    init_reconnect(&init);
    expect_kept(&init, 0, readers[0]);
    expect(&init, MESSAGE_RUNNING, 0);
    expect(&init, MESSAGE_RUNNING, 1);
    expect_kept(&init, 2, readers[2]);
    expect_exit(&init, 2);
    expect_kept(&init, 3, readers[3]);
    expect(&init, MESSAGE_RUNNING, 3);
    expect(&init, MESSAGE_READY, 0);
  }
  REQUIRE(!input_ended(&init, readers[3]));
  give_up(leased);
  expect(&init, MESSAGE_FAILED, 3);
  REQUIRE(input_ended_within(readers[3], PATIENCE_MS));
  for (int i = 0; i < 4; i++) close(readers[i]);
  free(text);
  init_kill(&init);
}

TEST(a_child_takes_nothing_along_that_is_kept) {
  init_enter(&init, NAMESPACES);
  int reader = input_spawn(&init, 1, probe_path, "sleep");
  expect(&init, MESSAGE_SPAWNED, 1);
  child_begin(2);
  plan_keep(plan_fd(reader));
  child_exec("fds", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "0 1 2 \n");
  close(reader);
  init_kill(&init);
}
