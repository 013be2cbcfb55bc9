// The decoder, in this very process: plans of every malformed kind, each in memory of exactly its
// own size, so that the address sanitizer sees the first byte that is read beyond.
#include <stdlib.h>

#include "client.h"
#include "harness.h"
#include "plan.h"
#include "steps.h"

static char *few[] = {"a", "bc", "", NULL}, *none[] = {NULL};

static int check(enum phase phase, size_t size) {
  unsigned char *copy = malloc(size ? size : 1);
  memcpy(copy, writer.bytes + writer.plan, size);
  int bad = plan_check(copy, size, phase);
  free(copy);
  return bad;
}

static int check_whole(enum phase phase) { return check(phase, writer.size - writer.plan); }

static void every_run_step(void) {
  plan_begin(MESSAGE_RUN, 1);
  STEP(OP_WRITE_FD, "is", I(0), "x");
  STEP(OP_WRITE_FILE, "ss", "/x", "");
  STEP(OP_SETNS, "ii", I(63), I(0));
  STEP(OP_UNSHARE, "i", I(0xffffffff));
  STEP(OP_CLONE, "i", I(0));
  STEP(OP_IDS, "ii", I(0), I(0xfffffffe));
  STEP(OP_MOUNT, "sssis", "", "/", "", I(1), "");
  STEP(OP_OPEN, "isi", I(1), "/", I(0));
  STEP(OP_OPEN_TREE, "isi", I(1), "/", I(0));
  STEP(OP_MOUNT_SETATTR, "isiiii", I(-1), "/", I(0), I(-1), I(1), I(2));
  STEP(OP_NEW_MOUNT, "isvi", I(1), "tmpfs", few, I(0));
  STEP(OP_ATTACH, "iis", I(1), I(2), "");
  STEP(OP_MAKE_DIRS, "isi", I(1), "x", I(0755));
  STEP(OP_MAKE_FILE, "is", I(1), "x");
  STEP(OP_SYMLINK, "iss", I(1), "x", "y");
  STEP(OP_FCHDIR, "i", I(1));
  STEP(OP_PIVOT_ROOT, "ss", ".", ".");
  STEP(OP_UMOUNT, "si", ".", I(2));
  STEP(OP_CHDIR, "s", "/");
  STEP(OP_HOSTNAME, "s", "x");
  STEP(OP_DOMAINNAME, "s", "x");
  STEP(OP_LINK_UP, "s", "lo");
  STEP(OP_CLOSE, "i", I(1));
  STEP(OP_CLONE_INTO, "ii", I(0), I(1));
}

static void every_spawn_step(void) {
  plan_begin(MESSAGE_SPAWN, 1);
  STEP(OP_WRITE_FD, "is", I(0), "0");
  STEP(OP_WRITE_FILE, "ss", "/x", "");
  STEP(OP_IDS, "ii", I(0), I(0));
  STEP(OP_CHDIR, "s", "/");
  STEP(OP_STDIO, "iii", I(0), I(1), I(2));
  STEP(OP_SETSID, "");
  STEP(OP_TERMINAL, "");
  STEP(OP_RLIMIT, "iii", I(0), I(-1), I(-1));
  STEP(OP_UMASK, "i", I(022));
  STEP(OP_GROUPS, "v", few);
  STEP(OP_USER, "ii", I(0), I(0));
  STEP(OP_BOUNDING, "i", I(-1));
  STEP(OP_CAPABILITIES, "iii", I(-1), I(-1), I(-1));
  STEP(OP_AMBIENT, "i", I(-1));
  STEP(OP_KEEP_CAPS, "");
  STEP(OP_NO_NEW_PRIVS, "");
  STEP(OP_SECCOMP, "ib", I(0), "12345678", (size_t)8);
  STEP(OP_EXEC, "vvv", few, few, none);
}

TEST(plans_of_every_step_are_good) {
  every_run_step();
  REQUIRE_EQUAL(check_whole(PHASE_RUN), NO_BAD_STEP);
  every_spawn_step();
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), NO_BAD_STEP);
  plan_begin(MESSAGE_RUN, 1);
  REQUIRE_EQUAL(check_whole(PHASE_RUN), NO_BAD_STEP);
}

TEST(plans_cut_off_at_each_byte_are_malformed) {
  every_run_step();
  for (size_t size = 0; size < writer.size - writer.plan; size++) {
    REQUIRE(check(PHASE_RUN, size) != NO_BAD_STEP);
  }
  every_spawn_step();
  for (size_t size = 0; size < writer.size - writer.plan; size++) {
    REQUIRE(check(PHASE_SPAWN, size) != NO_BAD_STEP);
  }
}

TEST(plans_with_bytes_left_over_are_malformed) {
  every_run_step();
  int steps = (int)writer.steps;
  writer.bytes[writer.size++] = 0;
  REQUIRE_EQUAL(check_whole(PHASE_RUN), steps);
  // One that counts fewer steps than there are.
  every_run_step();
  writer.bytes[writer.plan]--;
  REQUIRE_EQUAL(check_whole(PHASE_RUN), steps - 1);
}

static void poke(size_t at, uint32_t value) { memcpy(writer.bytes + at, &value, sizeof value); }

TEST(wrong_lengths_of_arguments_are_malformed) {
  const size_t LENGTH = sizeof(struct header) + 8; // after the count of steps and the opcode
  for (uint32_t length = 0; length < 40; length++) {
    plan_begin(MESSAGE_RUN, 1);
    STEP(OP_OPEN, "isi", I(1), "/abc", I(0));
    STEP(OP_CHDIR, "s", "/some/where/that/is/long/enough");
    uint32_t right;
    memcpy(&right, writer.bytes + LENGTH, sizeof right);
    poke(LENGTH, length);
    REQUIRE_EQUAL(check_whole(PHASE_RUN), length == right ? NO_BAD_STEP : 0);
    poke(LENGTH, UINT32_MAX - length);
    REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);
  }
}

TEST(strings_have_one_nul_and_it_is_their_last_byte) {
  const size_t TEXT = sizeof(struct header) + 12;
  struct {
    uint32_t length;
    const char *bytes;
    int bad;
  } cases[] = {
      {4, "abc\0", NO_BAD_STEP}, {1, "\0bc\0", 0}, {0, "abc\0", 0},          {3, "abc\0", 0},
      {5, "abc\0", 0},           {4, "ab\0\0", 0}, {4, "\0bc\0", 0},         {4, "abcd", 0},
      {0x80000000, "abc\0", 0},  {UINT32_MAX, "abc\0", 0}, {UINT32_MAX - 7, "abc\0", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    plan_begin(MESSAGE_RUN, 1);
    STEP(OP_CHDIR, "s", "xyz");
    poke(TEXT, cases[i].length);
    memcpy(writer.bytes + TEXT + 4, cases[i].bytes, 4);
    REQUIRE_EQUAL(check_whole(PHASE_RUN), cases[i].bad);
  }
}

TEST(bytes_are_as_many_as_they_say) {
  for (uint32_t length = 0; length < 20; length++) {
    plan_begin(MESSAGE_SPAWN, 1);
    STEP(OP_SECCOMP, "ib", I(0), "a\0cdefgh", (size_t)8);
    STEP(OP_EXEC, "vvv", few, few, none);
    size_t size = writer.plan + 4 + 8 + 8; // after the count of steps, the step's head, the flags
    poke(size, length);
    REQUIRE_EQUAL(check_whole(PHASE_SPAWN), length == 8 ? NO_BAD_STEP : 0);
    poke(size, UINT32_MAX - length);
    REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 0);
  }
}

TEST(counts_over_the_limits_are_malformed) {
  plan_begin(MESSAGE_RUN, 1);
  for (int i = 0; i < PLAN_STEPS_MAX; i++) STEP(OP_CHDIR, "s", "/");
  REQUIRE_EQUAL(check_whole(PHASE_RUN), NO_BAD_STEP);
  STEP(OP_CHDIR, "s", "/");
  REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);
  poke(writer.plan, UINT32_MAX);
  REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);

  static char *many[VECTOR_MAX + 2];
  for (int i = 0; i < VECTOR_MAX; i++) many[i] = "x";
  plan_begin(MESSAGE_SPAWN, 1);
  STEP(OP_EXEC, "vvv", few, many, many);
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), NO_BAD_STEP);
  many[VECTOR_MAX] = "x";
  plan_begin(MESSAGE_SPAWN, 1);
  STEP(OP_EXEC, "vvv", few, many, none);
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 0);
  for (uint32_t count = UINT32_MAX; count > UINT32_MAX / 2; count -= count / 7) {
    plan_begin(MESSAGE_SPAWN, 1);
    STEP(OP_EXEC, "vvv", few, few, none);
    poke(writer.plan + 12, count);
    REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 0);
  }
}

TEST(slots_out_of_range_are_malformed) {
  int64_t bad[] = {-1, -2, SLOTS, INT64_MAX, INT64_MIN, 1LL << 32, (1LL << 32) + 1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    for (int where = 0; where < 6; where++) {
      plan_begin(MESSAGE_RUN, 1);
      STEP(OP_CHDIR, "s", "/");
      if (where == 0) STEP(OP_FCHDIR, "i", bad[i]);
      if (where == 1) STEP(OP_CLOSE, "i", bad[i]);
      if (where == 2) STEP(OP_OPEN, "isi", bad[i], "/", I(0));
      if (where == 3) STEP(OP_ATTACH, "iis", bad[i], I(0), "");
      if (where == 4) STEP(OP_ATTACH, "iis", I(0), bad[i], "");
      if (where == 5) STEP(OP_MOUNT_SETATTR, "isiiii", bad[i], "/", I(0), I(0), I(0), I(0));
      REQUIRE_EQUAL(check_whole(PHASE_RUN), where == 5 && bad[i] == -1 ? NO_BAD_STEP : 1);
    }
  }
}

TEST(numbers_that_would_lose_bits_are_malformed) {
  int64_t bad[] = {-1, 1LL << 32, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    plan_begin(MESSAGE_RUN, 1);
    STEP(OP_UNSHARE, "i", bad[i]);
    REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);
    plan_begin(MESSAGE_RUN, 1);
    STEP(OP_IDS, "ii", bad[i], I(0));
    REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);
  }
  plan_begin(MESSAGE_RUN, 1);
  STEP(OP_IDS, "ii", I(0), I(UINT32_MAX)); // to the kernel: leave it as it is
  REQUIRE_EQUAL(check_whole(PHASE_RUN), 0);
}

TEST(unknown_opcodes_are_malformed) {
  for (uint32_t opcode = 0; opcode < 300; opcode++) {
    bool known = (opcode >= OP_WRITE_FD && opcode <= OP_SAVED_GID) ||
                 (opcode >= OP_STDIO && opcode <= OP_SECCOMP);
    if (known) continue;
    for (int phase = PHASE_RUN; phase <= PHASE_SPAWN; phase++) {
      plan_begin(MESSAGE_RUN, 1);
      STEP((enum opcode)(opcode == 299 ? UINT32_MAX : opcode), "");
      REQUIRE_EQUAL(check_whole((enum phase)phase), 0);
    }
  }
}

// Takes the steps of a good plan one by one, and looks whether the other phase takes them.
static void check_other_phase(enum phase phase) {
  struct plan plan;
  struct step step;
  REQUIRE(plan_open(&plan, writer.bytes + writer.plan, writer.size - writer.plan));
  while (plan.left > 0) {
    const unsigned char *start = plan.at;
    REQUIRE(plan_next(&plan, phase, &step));
    enum phase other = phase == PHASE_RUN ? PHASE_SPAWN : PHASE_RUN;
    uint32_t steps = other == PHASE_SPAWN ? 2 : 1; // as if EXEC came after it
    unsigned char alone[256];
    memcpy(alone, &steps, sizeof steps);
    memcpy(alone + sizeof steps, start, (size_t)(plan.at - start));
    int bad = plan_check(alone, sizeof steps + (size_t)(plan.at - start), other);
    bool both = step.operation->phases == (PHASE_RUN | PHASE_SPAWN);
    REQUIRE_EQUAL(bad, !both ? 0 : other == PHASE_SPAWN ? 1 : NO_BAD_STEP);
  }
}

TEST(steps_of_the_wrong_phase_are_malformed) {
  every_run_step();
  check_other_phase(PHASE_RUN);
  every_spawn_step();
  check_other_phase(PHASE_SPAWN);
}

TEST(exec_is_the_last_step_and_there_is_one) {
  plan_begin(MESSAGE_SPAWN, 1);
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 0);
  STEP(OP_SETSID, "");
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 0);
  STEP(OP_EXEC, "vvv", few, few, few);
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), NO_BAD_STEP);
  STEP(OP_SETSID, "");
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 1);
  STEP(OP_EXEC, "vvv", few, few, few);
  REQUIRE_EQUAL(check_whole(PHASE_SPAWN), 1);
}

TEST(plans_with_flipped_bytes_do_no_harm) {
  srand(1);
  for (int round = 0; round < 100000; round++) {
    enum phase phase = round % 2 ? PHASE_RUN : PHASE_SPAWN;
    if (phase == PHASE_RUN) every_run_step();
    else every_spawn_step();
    for (int flips = 1 + rand() % 4; flips > 0; flips--) {
      size_t at = writer.plan + (size_t)rand() % (writer.size - writer.plan);
      writer.bytes[at] = rand() % 3 ? (unsigned char)rand() : rand() % 2 ? 0xff : 0;
    }
    int bad = check_whole(phase);
    REQUIRE(bad >= NO_BAD_STEP && bad <= PLAN_STEPS_MAX);
  }
}
