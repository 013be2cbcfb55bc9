// The messages themselves: what is no message of the protocol ends the connection, and before CLONE
// init as well.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

TEST(a_new_init_is_ready_and_has_no_fds_but_its_own) {
  int leaked[] = {open("/dev/null", O_RDONLY), open("/dev/null", O_RDONLY)};
  init_start(&init);
  init_connect(&init);
  struct message ready = expect(&init, MESSAGE_READY, 0);
  uint32_t version;
  REQUIRE_EQUAL(ready.size, sizeof version);
  memcpy(&version, ready.body, sizeof version);
  REQUIRE_EQUAL(version, PROTOCOL_VERSION);
  REQUIRE_EQUAL(open_fds(init.pid), 7); // 0 1 2, listener, epoll, signalfd, connection
  init_kill(&init);
  for (int i = 0; i < 2; i++) close(leaked[i]);
}

static int bad_message(int kind) {
  static unsigned char big[MESSAGE_MAX + 1];
  int fds[SLOTS + 1];
  uint32_t words[8] = {0};
  switch (kind) {
    case 0: send_bytes(&init, "", 1, NULL, 0); return 1;
    case 1: send_bytes(&init, words, sizeof(struct header) - 1, NULL, 0); return 1;
    case 2: send_simple(&init, (enum message_type)0, 1); return 1;
    case 3: send_simple(&init, (enum message_type)6, 1); return 1;
    case 4: send_simple(&init, MESSAGE_READY, 1); return 1;
    case 5: send_simple(&init, (enum message_type)-1, 1); return 1;
    case 6:
      words[0] = MESSAGE_ACK;
      send_bytes(&init, words, sizeof(struct header) + 1, NULL, 0);
      return 1;
    case 7:
      words[0] = MESSAGE_SIGNAL;
      send_bytes(&init, words, sizeof(struct header) + 7, NULL, 0);
      return 1;
    case 8:
      words[0] = MESSAGE_SIGNAL;
      send_bytes(&init, words, sizeof(struct header) + 9, NULL, 0);
      return 1;
    case 9: send_bytes(&init, big, sizeof big, NULL, 0); return 1;
    case 10:
      plan_begin(MESSAGE_RUN, 1);
      for (int i = 0; i <= SLOTS; i++) fds[i] = 0;
      send_bytes(&init, writer.bytes, writer.size, fds, SLOTS + 1);
      return 1;
    case 11: send_bytes(&init, big, 0, NULL, 0); return 1;
    case 12:
    case 13:
    case 14:
    case 15: // too short to say what is kept
      words[0] = MESSAGE_SPAWN;
      send_bytes(&init, words, sizeof(struct header) + (size_t)kind - 12, NULL, 0);
      return 1;
    case 16:
      words[0] = MESSAGE_RELEASE;
      send_bytes(&init, words, sizeof(struct header) + 4, NULL, 0);
      return 1;
    case 17: send_simple(&init, MESSAGE_KEPT, 1); return 1;
    default: return 0;
  }
}

TEST(what_is_no_message_ends_an_init_without_clone) {
  for (int kind = 0;; kind++) {
    init_start(&init);
    init_connect(&init);
    expect(&init, MESSAGE_READY, 0);
    if (!bad_message(kind)) break;
    expect_end(&init);
    REQUIRE_EQUAL(WEXITSTATUS(init_ended(&init)), 1);
    close(init.says);
  }
  init_kill(&init);
}

TEST(what_is_no_message_ends_just_the_connection_after_clone) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid);
  for (int kind = 0; bad_message(kind); kind++) {
    expect_end(&init);
    init_connect(&init);
    expect(&init, MESSAGE_READY, 0);
  }
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  init_kill(&init);
}

TEST(a_malformed_plan_is_answered_and_init_goes_on) {
  init_enter(&init, NAMESPACES);
  plan_begin(MESSAGE_RUN, 7);
  STEP(OP_CHDIR, "s", "/");
  STEP(OP_SETSID, "");
  plan_fails(&init, 1, "plan", EBADMSG);
  plan_begin(MESSAGE_SPAWN, 8);
  STEP(OP_SETSID, "");
  plan_fails(&init, 0, "plan", EBADMSG);
  struct header nothing[] = {{MESSAGE_RUN, 4711}};
  send_bytes(&init, nothing, sizeof nothing, NULL, 0);
  expect(&init, MESSAGE_FAILED, 4711);
  round_trip(&init);
  init_kill(&init);
}

TEST(a_malformed_plan_is_not_begun) {
  init_enter(&init, NAMESPACES);
  plan_begin(MESSAGE_RUN, 7);
  STEP(OP_HOSTNAME, "s", "changed");
  STEP(OP_SETSID, "");
  plan_fails(&init, 1, "plan", EBADMSG);
  child_begin(8);
  child_exec("cat", "/proc/sys/kernel/hostname", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE(!strstr(output, "changed"));
  init_kill(&init);
}

TEST(the_largest_message_is_taken) {
  init_enter(&init, NAMESPACES);
  static char text[200000];
  memset(text, 'x', sizeof text - 1);
  plan_begin(MESSAGE_RUN, 7);
  int null = open("/dev/null", O_WRONLY);
  int64_t slot = plan_fd(null);
  for (int i = 0; i < 5; i++) STEP(OP_WRITE_FD, "is", slot, text);
  size_t left = MESSAGE_MAX - writer.size - 8 - 8 - 4 - 1; // what the last step's string may have
  text[left] = 0;
  STEP(OP_WRITE_FD, "is", slot, text);
  REQUIRE_EQUAL(writer.size, MESSAGE_MAX);
  plan_done(&init);
  round_trip(&init);
  close(null);
  init_kill(&init);
}

TEST(all_slots_can_be_filled_and_are_closed_with_the_plan) {
  init_enter(&init, NAMESPACES);
  int fds = open_fds(init.pid), null = open("/dev/null", O_RDWR);
  for (int round = 0; round < 40; round++) {
    plan_begin(MESSAGE_RUN, 7);
    for (int i = 0; i < SLOTS; i++) plan_fd(null);
    for (int i = 0; i < SLOTS; i++) STEP(OP_WRITE_FD, "is", I(i), "x");
    for (int i = 0; i < SLOTS; i++) STEP(OP_OPEN, "isi", I(i), "/dev/null", I(O_WRONLY));
    if (round % 2) STEP(OP_CLOSE, "i", I(5));
    plan_done(&init);
  }
  // Those that come with messages which need none are closed too.
  uint32_t ack[] = {MESSAGE_ACK, 1};
  send_bytes(&init, ack, sizeof ack, &null, 1);
  round_trip(&init);
  REQUIRE_EQUAL(open_fds(init.pid), fds);
  close(null);
  init_kill(&init);
}

TEST(a_new_connection_replaces_the_former_one) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  struct init former = init;
  init.socket = -1;
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  expect_end(&former);
  round_trip(&init);
  init_kill(&init);
}
