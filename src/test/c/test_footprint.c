// How little an idle init takes, also when much has gone through it.
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

#include "client.h"
#include "harness.h"

static struct init init;

// Kilobytes of a figure of /proc/PID/smaps_rollup.
static long memory(const char *figure) {
  char path[64], line[256];
  long kilobytes = -1;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", init.pid);
  FILE *rollup = fopen(path, "r");
  if (!rollup) SKIP("the kernel has no %s", path);
  while (fgets(line, sizeof line, rollup)) {
    size_t size = strlen(figure);
    if (strncmp(line, figure, size) == 0 && line[size] == ':') kilobytes = atol(line + size + 1);
  }
  fclose(rollup);
  REQUIRE(kilobytes >= 0);
  return kilobytes;
}

static bool is_sanitized(void) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/maps", init.pid);
  FILE *maps = fopen(path, "r");
  REQUIRE(maps);
  bool found = false;
  while (fgets(line, sizeof line, maps)) found |= strstr(line, "asan") != NULL;
  fclose(maps);
  return found;
}

TEST(an_idle_init_takes_less_than_100_kilobytes) {
  init_enter(&init, CLONE_NEWPID | CLONE_NEWNS);
  if (is_sanitized()) {
    init_kill(&init);
    SKIP("a sanitizer takes more than init");
  }
  for (uint32_t tag = 0; tag < 20; tag++) {
    child_begin(tag);
    child_exec("exit", "0", NULL);
    child_run(&init);
  }
  // A message as large as they get, after which the memory is given back.
  static char text[100000];
  memset(text, 'x', sizeof text - 1);
  plan_begin(MESSAGE_RUN, 1);
  int null = open("/dev/null", O_WRONLY);
  int64_t slot = plan_fd(null);
  for (int i = 0; i < 10; i++) STEP(OP_WRITE_FD, "is", slot, text);
  plan_done(&init);
  round_trip(&init);
  printf("  PSS %ld KB, of it %ld KB its own\n", memory("Pss"), memory("Pss_Anon"));
  REQUIRE(memory("Pss") < 100);
  init_kill(&init);
}
