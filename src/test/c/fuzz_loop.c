// Feeds the fuzz target where there is no libFuzzer: plans are made up from the table of
// operations, which so need no upkeep here, and then damaged. Each lies in memory of exactly its
// own size, so that the address sanitizer sees the first byte that is read beyond.
//   fuzz-loop SECONDS [SEED]
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan.h"
#include "steps.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static unsigned char input[1 << 16];
static size_t size;
static uint64_t state;

// xorshift64*: the same inputs for the same seed, everywhere.
static uint32_t below(uint32_t bound) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 0x2545F4914F6CDD1DULL) >> 33) % bound;
}

static void put(const void *from, size_t count) {
  if (size + count > sizeof input) return;
  memcpy(input + size, from, count);
  size += count;
}

static void put_number(uint32_t number) { put(&number, sizeof number); }

static void put_text(void) {
  char text[40];
  uint32_t length = below(sizeof text);
  for (uint32_t i = 0; i < length; i++) text[i] = (char)(1 + below(255));
  put_number(length + 1);
  put(text, length);
  put("", 1);
}

// Small ones are slots and flags; the others are at the edges of what a width holds.
static void put_integer(char letter) {
  static const int64_t edges[] = {-1, INT32_MIN, INT32_MAX, UINT32_MAX, 1LL << 32, INT64_MIN, INT64_MAX};
  int64_t number = below(8) > 0 ? below(SLOTS) : edges[below(sizeof edges / sizeof *edges)];
  if (letter == 'i') number ^= (int64_t)below(2) << below(63);
  put(&number, sizeof number);
}

static void put_argument(char letter) {
  static const unsigned char filter[64];
  switch (letter) {
    case 's':
    case 'e': put_text(); break;
    case 'v': {
      uint32_t count = below(6);
      put_number(count);
      while (count-- > 0) put_text();
      break;
    }
    case 'b': {
      uint32_t count = below(sizeof filter);
      put_number(count);
      put(filter, count);
      break;
    }
    default: put_integer(letter);
  }
}

static void put_step(uint32_t opcode) {
  const char *signature = operations[opcode].signature;
  size_t start = size;
  put_number(opcode);
  put_number(0);
  for (; *signature; signature++) put_argument(*signature);
  uint32_t length = (uint32_t)(size - start - 8);
  if (start + 8 <= sizeof input) memcpy(input + start + 4, &length, sizeof length);
}

static void make_plan(int phase) {
  uint32_t steps = below(12) + 1;
  size = 0;
  if (phase == PHASE_SPAWN) put_number((uint32_t)KEEP_NOTHING);
  put_number(steps);
  while (steps > 0) {
    uint32_t opcode = steps == 1 && phase == PHASE_SPAWN ? OP_EXEC : below(OPCODES);
    if (!operations[opcode].signature || !(operations[opcode].phases & phase)) continue;
    if (opcode == OP_EXEC && steps > 1) continue;
    put_step(opcode);
    steps--;
  }
}

static void damage(void) {
  static const uint32_t odd[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffff8, UINT32_MAX, VECTOR_MAX + 1};
  uint32_t at = below((uint32_t)size), value, count;
  switch (below(6)) {
    case 0: input[at] ^= (unsigned char)(1 << below(8)); break;
    case 1: input[at] = (unsigned char)below(256); break;
    case 2: size = at + 1; break;
    case 3: // a length or a count
      value = below(2) ? odd[below(sizeof odd / sizeof *odd)] : below(64);
      if (at + sizeof value <= size) memcpy(input + at, &value, sizeof value);
      break;
    case 4: // a piece again, over another
      count = below((uint32_t)(size - at)) + 1;
      memmove(input + below((uint32_t)(size - count) + 1), input + at, count);
      break;
    default: // a piece less
      count = below((uint32_t)(size - at)) + 1;
      memmove(input + at, input + at + count, size - at - count);
      size -= count;
  }
}

int main(int argc, char **argv) {
  long seconds = argc > 1 ? atol(argv[1]) : 1, runs = 0, good = 0;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
  fprintf(stderr, "fuzz: seed %llu\n", (unsigned long long)seed);
  state = seed ? seed : 1;
  time_t end = time(NULL) + seconds;
  do {
    int phase = below(2) ? PHASE_RUN : PHASE_SPAWN;
    make_plan(phase);
    size_t before = phase == PHASE_SPAWN ? sizeof(int32_t) : 0;
    good += plan_check(input + before, size - before, phase) == NO_BAD_STEP;
    for (uint32_t times = below(5); times > 0 && size > 0; times--) damage();
    unsigned char *exactly = malloc(size ? size : 1);
    if (!exactly) return 1;
    memcpy(exactly, input, size);
    LLVMFuzzerTestOneInput(exactly, size);
    free(exactly);
    runs++;
  } while (time(NULL) < end);
  fprintf(stderr, "fuzz: %ld plans, %ld of them good until damaged\n", runs, good);
  return good == 0; // then nothing but the first step was ever looked at
}
