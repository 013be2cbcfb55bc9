// Runs one kind of operation again and again. With --count it prints how long each took, in
// microseconds, one on a line; with --seconds how many a second all clients together came to.
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "benchmark.h"

enum { NUMBERS_PER_CLIENT = 1000000 };

static const struct work *const works[] = {&spawn_work, &cycle_work, &http_work, &await_work,
                                           &event_work};

static struct {
  long count, warm, from, clients;
  double seconds;
} options = {.count = 1, .clients = 1};

void give_up(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("benchmark: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  _exit(1);
}

long must(const char *what, long result) {
  if (result < 0) give_up("%s: %s", what, strerror(errno));
  return result;
}

char *numbered(int slot, const char *text, long number) {
  static char texts[TEXT_SLOTS][TEXT_MAX];
  if (slot >= TEXT_SLOTS) give_up("more than %d arguments", TEXT_SLOTS);
  char *to = texts[slot], *end = to + TEXT_MAX;
  for (; *text && end - to > 24; text++) {
    if (*text == '%') to += sprintf(to, "%ld", number);
    else *to++ = *text;
  }
  if (*text) give_up("an argument is too long: %s", texts[slot]);
  *to = 0;
  return texts[slot];
}

void wait_for(int pid) {
  int status;
  must("waitpid", waitpid(pid, &status, 0));
  if (status != 0) give_up("process %d ended with status %x", pid, (unsigned)status);
}

static double now(void) { // in seconds
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void time_each(const struct work *work) {
  for (long i = 0; i < options.warm; i++) work->perform(options.from + options.count + i);
  for (long i = 0; i < options.count; i++) {
    double before = now();
    work->perform(options.from + i);
    printf("%.1f\n", (now() - before) * 1e6);
  }
}

// A client is a process: threads would share what the floor must not wait for.
static int start_client(const struct work *work, char **args, long number, int ready, int go,
                        int done) {
  int pid = (int)must("fork", fork());
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  work->prepare(args);
  long next = options.from + number * NUMBERS_PER_CLIENT;
  for (long i = 0; i < options.warm; i++) work->perform(next++);
  char byte = 0;
  must("write", write(ready, &byte, 1));
  must("read", read(go, &byte, 1));
  // The last operation counts with all the time it took, however long.
  long finished = 0;
  double start = now(), passed = 0;
  for (; passed < options.seconds; finished++, passed = now() - start) work->perform(next++);
  double rate = (double)finished / passed;
  must("write", write(done, &rate, sizeof rate));
  _exit(0);
}

static void count_all(const struct work *work, char **args) {
  int ready[2], go[2], done[2];
  must("pipe", pipe(ready) | pipe(go) | pipe(done));
  int pids[options.clients];
  for (long i = 0; i < options.clients; i++) {
    pids[i] = start_client(work, args, i, ready[1], go[0], done[1]);
  }
  close(ready[1]); // so that a client that has given up is not waited for
  close(done[1]);
  char byte = 0;
  for (long i = 0; i < options.clients; i++) {
    if (must("read", read(ready[0], &byte, 1)) == 0) give_up("a client has ended early");
  }
  for (long i = 0; i < options.clients; i++) must("write", write(go[1], &byte, 1));
  double total = 0, rate;
  for (long i = 0; i < options.clients; i++) {
    if (must("read", read(done[0], &rate, sizeof rate)) == 0) {
      give_up("a client has ended early");
    }
    total += rate;
  }
  for (long i = 0; i < options.clients; i++) wait_for(pids[i]);
  printf("%.1f\n", total);
}

static void usage(void) {
  fputs("usage: benchmark [--warm N] [--from N] [--count N | --seconds S --clients N] WORK\n"
        "WORK is one of\n", stderr);
  for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
    fprintf(stderr, "  %s %s\n", works[i]->name, works[i]->usage);
  }
  exit(2);
}

static long number_of(const char *text) {
  char *end;
  long number = text ? strtol(text, &end, 10) : -1;
  if (number < 0 || *end) usage();
  return number;
}

static char **read_options(char **args) {
  for (; *args && strncmp(*args, "--", 2) == 0; args += 2) {
    if (strcmp(*args, "--count") == 0) options.count = number_of(args[1]);
    else if (strcmp(*args, "--warm") == 0) options.warm = number_of(args[1]);
    else if (strcmp(*args, "--from") == 0) options.from = number_of(args[1]);
    else if (strcmp(*args, "--clients") == 0) options.clients = number_of(args[1]);
    else if (strcmp(*args, "--seconds") == 0) options.seconds = (double)number_of(args[1]);
    else usage();
  }
  return args;
}

int main(int count, char **args) {
  args = read_options(args + (count > 0));
  const struct work *work = NULL;
  for (size_t i = 0; *args && i < sizeof works / sizeof *works; i++) {
    if (strcmp(*args, works[i]->name) == 0) work = works[i];
  }
  if (!work || !args[1] || options.clients < 1) usage();
  signal(SIGPIPE, SIG_IGN);
  if (options.seconds > 0) {
    count_all(work, args + 1);
  } else {
    work->prepare(args + 1);
    time_each(work);
  }
  return 0;
}
