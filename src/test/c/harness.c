// tests PROBE HELPER...: runs all tests against each helper; with ONLY=WORD in the environment
// just those whose names have the word in them.
#include "harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SKIPPED = 77, SECONDS_MAX = 300 };

const char *helper_path;
char scratch[64], probe_path[80];

static const char *probe_source;

static struct test *tests, **last = &tests;

void register_test(struct test *test) {
  *last = test;
  last = &test->next;
}

int open_fds(pid_t pid) {
  char path[64];
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) count++;
  }
  return count;
}

int lease(const char *path) {
  signal(SIGIO, SIG_IGN); // how the kernel asks for it
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0) SKIP("no lease on %s: %s", path, strerror(errno));
  return fd;
}

void give_up(int leased) {
  REQUIRE(fcntl(leased, F_SETLEASE, F_UNLCK) == 0);
  close(leased);
}

char *plain_file(void) {
  char *path = strdup(probe_path);
  memcpy(strrchr(path, '/'), "/plain", 6); // as long as "/probe"
  REQUIRE(mknod(path, S_IFREG | 0755, 0) == 0);
  return path;
}

static int delete_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
  (void)status, (void)type, (void)where;
  return remove(path);
}

// Where other users can run it too.
static void copy_probe(void) {
  snprintf(probe_path, sizeof probe_path, "%s/probe", scratch);
  int from = open(probe_source, O_RDONLY | O_CLOEXEC);
  int to = open(probe_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
  REQUIRE(from >= 0 && to >= 0 && fchmod(to, 0755) == 0);
  while (sendfile(to, from, NULL, 1 << 20) > 0) continue;
  close(from);
  close(to);
}

// A test that failed has left its inits to this process. There is no other child.
static void end_children(void) {
  char path[64];
  int child;
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  do {
    FILE *children = fopen(path, "re");
    while (children && fscanf(children, "%d", &child) == 1) kill(child, SIGKILL);
    if (children) fclose(children);
  } while (waitpid(-1, NULL, 0) > 0);
}

static int run(const struct test *test) {
  snprintf(scratch, sizeof scratch, "/var/tmp/sandbox-init-test-XXXXXX");
  REQUIRE(mkdtemp(scratch) && chmod(scratch, 0755) == 0);
  copy_probe();
  fflush(NULL);
  pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    alarm(SECONDS_MAX);
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(mount("", "/", "", MS_REC | MS_PRIVATE, NULL) == 0);
    REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    test->body();
    // Whatever a test has made ends with its init, at whatever stage that was killed.
    while (waitpid(-1, NULL, 0) > 0) continue;
    REQUIRE(errno == ECHILD);
    exit(0);
  }
  int status;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  end_children();
  nftw(scratch, delete_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
  if (WIFSIGNALED(status)) fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
  if (argc < 3) FAIL("usage: %s PROBE HELPER...", argv[0]);
  if (geteuid() != 0) FAIL("namespaces are made here: the tests need root");
  const char *only = getenv("ONLY") ? getenv("ONLY") : "";
  const char *const outcomes[] = {"ok", "skipped", "FAILED"};
  int counts[3] = {0};
  setvbuf(stdout, NULL, _IOLBF, 0);
  REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  REQUIRE(probe_source = realpath(argv[1], NULL));
  for (int i = 2; i < argc; i++) {
    REQUIRE(helper_path = realpath(argv[i], NULL));
    printf("%s:\n", argv[i]);
    for (const struct test *test = tests; test; test = test->next) {
      if (!strstr(test->name, only)) continue;
      int status = run(test);
      int outcome = status == 0 ? 0 : status == SKIPPED ? 1 : 2;
      counts[outcome]++;
      printf("  %s %s\n", outcomes[outcome], test->name);
    }
    free((char *)helper_path);
  }
  free((char *)probe_source);
  if (counts[1] > 0) printf("%d skipped\n", counts[1]);
  printf("%d passed, %d failed\n", counts[0], counts[2]);
  return counts[2] > 0 || counts[0] == 0;
}
