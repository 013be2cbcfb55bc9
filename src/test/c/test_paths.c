// Paths inside a hostile root: nothing is made or mounted outside of it.
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "client.h"
#include "harness.h"

static struct init init;
static int root; // a directory, everything beside which is outside

static void enter(void) {
  REQUIRE(chdir(scratch) == 0);
  REQUIRE(mkdir("root", 0755) == 0 && mkdir("outside", 0755) == 0);
  root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(root >= 0);
  REQUIRE(symlinkat("../outside", root, "relative") == 0);
  REQUIRE(symlinkat("/outside", root, "absolute") == 0);
  REQUIRE(symlinkat("../../../../../../..", root, "up") == 0);
  REQUIRE(symlinkat("loop", root, "loop") == 0);
  REQUIRE(symlinkat("/real", root, "link") == 0);
  REQUIRE(symlinkat("/missing/far", root, "dangling") == 0);
  REQUIRE(mkdirat(root, "real", 0755) == 0);
  REQUIRE(mknodat(root, "file", S_IFREG | 0600, 0) == 0);
  init_enter(&init, CLONE_NEWNS | CLONE_NEWPID);
}

static void leave(void) {
  init_kill(&init);
  REQUIRE(rmdir("outside") == 0); // still empty
  close(root);
}

static void begin(void) {
  plan_begin(MESSAGE_RUN, 7);
  plan_fd(root);
}

static void make_dirs(const char *path) {
  begin();
  STEP(OP_MAKE_DIRS, "isi", I(0), path, I(0755));
}

static void make_file(const char *path) {
  begin();
  STEP(OP_MAKE_FILE, "is", I(0), path);
}

static unsigned mode_of(const char *path) {
  struct stat status;
  if (fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) < 0) FAIL("%s: %s", path, strerror(errno));
  return status.st_mode;
}

TEST(make_dirs_makes_what_is_missing) {
  enter();
  const char *good[] = {"", "/", ".", "a", "a", "a/b/c", "//d//e//", "f/./g", "real/../h", "/i/j/"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    make_dirs(good[i]);
    plan_done(&init);
  }
  const char *made[] = {"a/b/c", "d/e", "f/g", "h", "i/j"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) REQUIRE_EQUAL(mode_of(made[i]), 040755);
  begin();
  STEP(OP_MAKE_DIRS, "isi", I(0), "open/to/all", I(01777)); // whatever the umask
  plan_done(&init);
  REQUIRE_EQUAL(mode_of("open/to/all"), 041777);
  REQUIRE_EQUAL(mode_of("open"), 041777);
  leave();
}

TEST(make_dirs_stays_in_the_root) {
  enter();
  make_dirs("link/below");
  plan_done(&init);
  REQUIRE_EQUAL(mode_of("real/below"), 040755);
  make_dirs("up/../../climbed"); // ".." of the root is the root
  plan_done(&init);
  REQUIRE_EQUAL(mode_of("climbed"), 040755);
  // A link to what is not in the root is dangling there.
  const char *dangling[] = {"relative/x", "absolute/x", "dangling", "dangling/x"};
  for (size_t i = 0; i < sizeof dangling / sizeof *dangling; i++) {
    make_dirs(dangling[i]);
    plan_fails(&init, 0, "openat2", ENOENT);
  }
  make_dirs("outside"); // now it is there, inside
  plan_done(&init);
  make_dirs("relative/x");
  plan_done(&init);
  REQUIRE_EQUAL(mode_of("outside/x"), 040755);
  make_dirs("file");
  plan_fails(&init, 0, "openat2", ENOTDIR);
  make_dirs("file/x");
  plan_fails(&init, 0, "openat2", ENOTDIR);
  make_dirs("loop/x");
  plan_fails(&init, 0, "openat2", ELOOP);
  char path[PATH_MAX + 1];
  memset(path, 'x', PATH_MAX);
  path[PATH_MAX] = 0;
  make_dirs(path);
  plan_fails(&init, 0, "openat2", ENAMETOOLONG);
  path[300] = 0;
  make_dirs(path);
  plan_fails(&init, 0, "openat2", ENAMETOOLONG);
  leave();
}

TEST(make_file_makes_an_empty_file_unless_something_is_there) {
  enter();
  const char *good[] = {"new", "new", "x/y/z", "/link/in", "up/../top", "real", "file", "dangling"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    make_file(good[i]);
    plan_done(&init);
  }
  const char *made[] = {"new", "x/y/z", "real/in", "top"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++) REQUIRE_EQUAL(mode_of(made[i]), 0100644);
  REQUIRE_EQUAL(mode_of("file"), 0100600);
  make_file("relative/x");
  plan_fails(&init, 0, "openat2", ENOENT);
  make_file("loop");
  plan_fails(&init, 0, "openat2", ELOOP);
  make_file("file/x");
  plan_fails(&init, 0, "openat2", ENOTDIR);
  leave();
}

TEST(symlinks_are_made_in_the_root_and_not_followed) {
  enter();
  begin();
  STEP(OP_SYMLINK, "iss", I(0), "/anything", "new");
  STEP(OP_SYMLINK, "iss", I(0), "other", "new"); // something is there
  STEP(OP_SYMLINK, "iss", I(0), "../x", "/link/in");
  plan_done(&init);
  char text[32] = {0};
  REQUIRE_EQUAL(readlinkat(root, "new", text, sizeof text), 9);
  REQUIRE_TEXT(text, "/anything");
  REQUIRE_EQUAL(mode_of("real/in"), 0120777);
  begin();
  STEP(OP_SYMLINK, "iss", I(0), "x", "relative/x");
  plan_fails(&init, 0, "openat2", ENOENT);
  begin();
  STEP(OP_SYMLINK, "iss", I(0), "", "y");
  plan_fails(&init, 0, "symlinkat", ENOENT);
  leave();
}

TEST(attach_stays_in_the_root) {
  char inside[80];
  snprintf(inside, sizeof inside, "%s/root", scratch);
  enter();
  char *options[] = {NULL};
  const char *targets[] = {"link", "real/../link", "/../../real", "up"};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    begin();
    STEP(OP_OPEN, "isi", I(0), inside, I(O_PATH)); // as seen from init's mount namespace
    STEP(OP_NEW_MOUNT, "isvi", I(1), "tmpfs", options, I(0));
    STEP(OP_ATTACH, "iis", I(1), I(0), targets[i]);
    STEP(OP_MAKE_FILE, "is", I(1), "mounted");
    plan_done(&init);
  }
  // Three times over real, once over the root itself; nowhere else.
  child_begin(5);
  child_exec("cat", "/proc/self/mountinfo", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  int mounts = 0;
  for (const char *at = output; (at = strstr(at, scratch)); at++) {
    const char *below = at + strlen(scratch);
    REQUIRE(!strncmp(below, "/root ", 6) || !strncmp(below, "/root/real ", 11));
    mounts++;
  }
  REQUIRE_EQUAL(mounts, 4);
  begin();
  STEP(OP_NEW_MOUNT, "isvi", I(1), "tmpfs", options, I(0));
  STEP(OP_ATTACH, "iis", I(1), I(0), "absolute");
  plan_fails(&init, 1, "openat2", ENOENT);
  leave();
}

TEST(magic_links_lead_nowhere) {
  enter();
  int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const char *magic[] = {"self/root/tmp/x", "self/cwd/x", "self/fd/0/x"};
  for (size_t i = 0; i < sizeof magic / sizeof *magic; i++) {
    plan_begin(MESSAGE_RUN, 7);
    plan_fd(proc);
    STEP(OP_MAKE_DIRS, "isi", I(0), magic[i], I(0755));
    plan_fails(&init, 0, "openat2", ELOOP);
  }
  close(proc);
  leave();
}
