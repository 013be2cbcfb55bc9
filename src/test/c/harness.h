// Tests: each runs in a process and a mount namespace of its own, so that one which fails just
// ends, and leaves nothing.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define FAIL(...) (fprintf(stderr, "%s:%d: ", __FILE__, __LINE__), fprintf(stderr, __VA_ARGS__), \
                   fprintf(stderr, "\n"), _exit(1))
#define REQUIRE(condition) \
  ((condition) ? (void)0 : FAIL("not so: %s (errno: %s)", #condition, strerror(errno)))
#define REQUIRE_EQUAL(actual, wanted)                                                           \
  do {                                                                                          \
    long long actual_ = (long long)(actual), wanted_ = (long long)(wanted);                     \
    if (actual_ != wanted_) FAIL("%s is %lld, not %lld (%s)", #actual, actual_, wanted_, #wanted); \
  } while (0)
#define REQUIRE_TEXT(actual, wanted)                                                             \
  do {                                                                                           \
    if (strcmp(actual, wanted) != 0) FAIL("%s is \"%s\", not \"%s\"", #actual, actual, wanted); \
  } while (0)

// Something that the machine lacks.
#define SKIP(...) (fprintf(stderr, __VA_ARGS__), fprintf(stderr, "\n"), _exit(77))

struct test {
  const char *name;
  void (*body)(void);
  struct test *next;
};
void register_test(struct test *test);

#define TEST(name_)                                                         \
  static void name_(void);                                                  \
  __attribute__((constructor)) static void register_##name_(void) {         \
    static struct test test = {.name = #name_, .body = name_};              \
    register_test(&test);                                                   \
  }                                                                         \
  static void name_(void)

// How many file descriptors it has.
int open_fds(pid_t pid);

// Whoever opens the file waits, until the lease is given up: so does an exec of it.
int lease(const char *path);
void give_up(int leased);

// The path of an empty file in the scratch directory, to be freed: executable, and no program.
char *plain_file(void);

extern const char *helper_path; // of the sandbox-init under test
extern char scratch[64];        // a directory of the test's own on the disk
extern char probe_path[80];     // of the program that is run inside, a copy in that directory
