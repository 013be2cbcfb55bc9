// A process, from fork to exit code: the floor of an exec, and how commands are measured.
#include <fcntl.h>
#include <unistd.h>

#include "benchmark.h"

static char **command;

static void prepare(char **args) {
  command = args;
  // What commands write is not what is measured; what they complain about is to be seen.
  int null = (int)must("open /dev/null", open("/dev/null", O_RDWR | O_CLOEXEC));
  must("dup2", dup2(null, 0));
}

static void perform(long number) {
  char *args[TEXT_SLOTS + 1];
  int count = 0;
  for (; command[count]; count++) args[count] = numbered(count, command[count], number);
  args[count] = NULL;
  int pid = (int)must("fork", fork());
  if (pid == 0) {
    execvp(args[0], args);
    must(args[0], -1);
  }
  wait_for(pid);
}

const struct work spawn_work = {"spawn", "COMMAND...", prepare, perform};
