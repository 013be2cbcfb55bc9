// The steps of RUN plans that mount, each for real, in namespaces of its own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES =
    CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;

static const char *in_scratch(const char *name) {
  static char path[2][128];
  static int which;
  which = !which;
  snprintf(path[which], sizeof path[which], "%s/%s", scratch, name);
  return path[which];
}

static const char *probe(const char *what, const char *with) {
  child_begin(100);
  child_exec(what, with, NULL);
  child_run(&init);
  size_t size = strlen(output);
  if (size > 0 && output[size - 1] == '\n') output[size - 1] = 0;
  return output;
}

static void begin(void) { plan_begin(MESSAGE_RUN, 7); }

TEST(mount_umount_and_chdir) {
  init_enter(&init, NAMESPACES);
  REQUIRE(mkdir(in_scratch("at"), 0700) == 0);
  begin();
  STEP(OP_MOUNT, "sssis", "none", in_scratch("at"), "tmpfs", I(MS_NOSUID), "mode=0710");
  STEP(OP_CHDIR, "s", in_scratch("at"));
  plan_done(&init);
  REQUIRE_TEXT(probe("owner", "."), "0:0 40710");
  begin();
  STEP(OP_CHDIR, "s", "/");
  STEP(OP_UMOUNT, "si", in_scratch("at"), I(0));
  STEP(OP_CHDIR, "s", in_scratch("at"));
  plan_done(&init);
  REQUIRE_TEXT(probe("owner", "."), "0:0 40700");
  begin();
  STEP(OP_MOUNT, "sssis", "", "/", "nonsense", I(0), "");
  plan_fails(&init, 0, "mount", ENODEV);
  begin();
  STEP(OP_UMOUNT, "si", "/absent", I(0));
  plan_fails(&init, 0, "umount2", ENOENT);
  begin();
  STEP(OP_CHDIR, "s", probe_path);
  plan_fails(&init, 0, "chdir", ENOTDIR);
  begin();
  STEP(OP_PIVOT_ROOT, "ss", "/", "/absent");
  plan_fails(&init, 0, "pivot_root", ENOENT);
  init_kill(&init);
}

TEST(new_mounts_take_strings_and_flags) {
  char *options[] = {"size=64k", "mode=0710", "ro", NULL};
  char *bad[] = {"size=64k", "nonsense=1", NULL}, *unnamed[] = {"=1", NULL};
  init_enter(&init, NAMESPACES);
  REQUIRE(mkdir(in_scratch("at"), 0700) == 0);
  begin();
  STEP(OP_OPEN, "isi", I(1), scratch, I(O_PATH));
  STEP(OP_NEW_MOUNT, "isvi", I(2), "tmpfs", options, I(2 /* MOUNT_ATTR_NOSUID */));
  STEP(OP_ATTACH, "iis", I(2), I(1), "at");
  plan_done(&init);
  REQUIRE_TEXT(probe("owner", in_scratch("at")), "0:0 40710");
  REQUIRE_TEXT(probe("touch", in_scratch("at/x")), "open: Read-only file system");
  begin();
  STEP(OP_NEW_MOUNT, "isvi", I(2), "nonsense", options, I(0));
  plan_fails(&init, 0, "fsopen", ENODEV);
  begin();
  STEP(OP_NEW_MOUNT, "isvi", I(2), "tmpfs", bad, I(0));
  plan_fails(&init, 0, "fsconfig", EINVAL);
  begin();
  STEP(OP_NEW_MOUNT, "isvi", I(2), "tmpfs", unnamed, I(0));
  plan_fails(&init, 0, "fsconfig", EINVAL);
  begin();
  STEP(OP_NEW_MOUNT, "isvi", I(2), "tmpfs", options, I(1 << 30));
  plan_fails(&init, 0, "fsmount", EINVAL);
  init_kill(&init);
}

TEST(bind_mounts_read_only) {
  init_enter(&init, NAMESPACES);
  REQUIRE(mkdir(in_scratch("from"), 0700) == 0 && mkdir(in_scratch("to"), 0700) == 0);
  begin();
  STEP(OP_OPEN_TREE, "isi", I(1), in_scratch("from"), I(1 /* OPEN_TREE_CLONE */));
  STEP(OP_MOUNT_SETATTR, "isiiii", I(1), "", I(AT_EMPTY_PATH), I(1 /* RDONLY */), I(0), I(0));
  STEP(OP_OPEN, "isi", I(2), "/", I(O_PATH));
  STEP(OP_ATTACH, "iis", I(1), I(2), in_scratch("to"));
  plan_done(&init);
  REQUIRE_TEXT(probe("touch", in_scratch("from/x")), "");
  REQUIRE_TEXT(probe("owner", in_scratch("to/x")), "0:0 100644");
  REQUIRE_TEXT(probe("touch", in_scratch("to/x")), "open: Read-only file system");
  begin();
  STEP(OP_MOUNT_SETATTR, "isiiii", I(-1), in_scratch("to"), I(0), I(0), I(1), I(MS_PRIVATE));
  plan_done(&init);
  REQUIRE_TEXT(probe("touch", in_scratch("to/x")), "");
  begin();
  STEP(OP_OPEN_TREE, "isi", I(1), "/absent", I(1));
  plan_fails(&init, 0, "open_tree", ENOENT);
  begin();
  STEP(OP_MOUNT_SETATTR, "isiiii", I(3), "", I(AT_EMPTY_PATH), I(1), I(0), I(0));
  plan_fails(&init, 0, "mount_setattr", EBADF);
  begin();
  STEP(OP_OPEN, "isi", I(2), "/", I(O_PATH));
  STEP(OP_ATTACH, "iis", I(2), I(2), "absent");
  plan_fails(&init, 1, "openat2", ENOENT);
  begin();
  STEP(OP_OPEN, "isi", I(2), "/", I(O_PATH));
  STEP(OP_ATTACH, "iis", I(5), I(2), "");
  plan_fails(&init, 1, "move_mount", EBADF);
  begin();
  STEP(OP_ATTACH, "iis", I(5), I(5), "/");
  plan_fails(&init, 0, "openat2", EBADF);
  init_kill(&init);
}
