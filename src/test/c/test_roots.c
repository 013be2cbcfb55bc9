// The switch to a sandbox's own root, as the planner does it: every kernel from 6.1 on has to take
// these very sequences. Each in a new user namespace, and in that of the host.
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "client.h"
#include "harness.h"
#include "kernel.h"

enum { CLONE_TREE = 1, RECURSIVE = 0x8000, IDMAP = 0x100000 };
enum { RDONLY = 1, NOSUID = 2, NODEV = 4, NOEXEC = 8 };
// Slots: 0 and 1 come from the daemon.
enum { OLD_ROOT = 8, ROOT = 9, STAGE = 10, MADE = 11, DEVICE = 20 };

static struct init init;
static char source[80], layer[80];

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
                                  CLONE_NEWNET;

static const char *probe(const char *what, const char *with) {
  child_begin(100);
  child_exec(what, with, NULL);
  child_run(&init);
  return output;
}

// What every root has from the first moment on: owners right, and no peers outside.
static void begin(void) {
  plan_begin(MESSAGE_RUN, 2);
  STEP(OP_IDS, "ii", I(0), I(0));
  STEP(OP_MOUNT, "sssis", "", "/", "", I(MS_REC | MS_PRIVATE), "");
  STEP(OP_OPEN_TREE, "isi", I(DEVICE), "/dev/null", I(CLONE_TREE));
  STEP(OP_OPEN, "isi", I(OLD_ROOT), "/", I(O_PATH | O_DIRECTORY));
}

static void mount_at(int root, const char *type, char *const options[], int attributes,
                     const char *path) {
  STEP(OP_NEW_MOUNT, "isvi", I(MADE), type, options, I(attributes));
  STEP(OP_ATTACH, "iis", I(MADE), I(root), path);
}

static void mount_the_usual(int root) {
  char *none[] = {NULL}, *dev[] = {"mode=755", "size=64k", NULL};
  char *pts[] = {"newinstance", "ptmxmode=0666", "mode=0620", NULL};
  const char *points[] = {"proc", "sys", "dev"};
  for (int i = 0; i < 3; i++) STEP(OP_MAKE_DIRS, "isi", I(root), points[i], I(0755));
  mount_at(root, "proc", none, NOSUID | NODEV | NOEXEC, "proc");
  mount_at(root, "sysfs", none, RDONLY | NOSUID | NODEV | NOEXEC, "sys");
  mount_at(root, "tmpfs", dev, NOSUID, "dev");
  STEP(OP_MAKE_FILE, "is", I(root), "dev/null");
  STEP(OP_ATTACH, "iis", I(DEVICE), I(root), "dev/null");
  STEP(OP_MAKE_DIRS, "isi", I(root), "dev/pts", I(0755));
  STEP(OP_MAKE_DIRS, "isi", I(root), "dev/mqueue", I(0755));
  mount_at(root, "devpts", pts, NOSUID | NOEXEC, "dev/pts");
  mount_at(root, "mqueue", none, NOSUID | NODEV | NOEXEC, "dev/mqueue");
  STEP(OP_SYMLINK, "iss", I(root), "pts/ptmx", "dev/ptmx");
}

static void pivot(int root, int unmounts) {
  STEP(OP_FCHDIR, "i", I(root));
  STEP(OP_PIVOT_ROOT, "ss", ".", ".");
  for (; unmounts > 0; unmounts--) STEP(OP_UMOUNT, "si", ".", I(MNT_DETACH));
  STEP(OP_CHDIR, "s", "/");
}

// A root directory that belongs to root here, and has just the probe.
static void make_source(void) {
  snprintf(source, sizeof source, "%s/root", scratch);
  snprintf(layer, sizeof layer, "%s/layer", scratch);
  REQUIRE(mkdir(source, 0755) == 0 && chdir(source) == 0);
  REQUIRE(mkdir("etc", 0755) == 0 && mknod("etc/file", S_IFREG | 0644, 0) == 0);
  REQUIRE(link(probe_path, "probe") == 0);
  REQUIRE(mkdir(layer, 0700) == 0);
  REQUIRE(chdir("/") == 0);
}

static void make_layer(uid_t owner) {
  REQUIRE(chdir(layer) == 0);
  REQUIRE(mkdir("upper", 0755) == 0 && mkdir("work", 0755) == 0);
  const char *all[] = {".", "upper", "work"};
  for (int i = 0; i < 3; i++) REQUIRE(chown(all[i], owner, owner) == 0);
  REQUIRE(chdir("/") == 0);
}

// A detached tree of the directory, owners seen through the user namespace of init.
static int tree_of(const char *path, bool idmapped) {
  int tree = (int)syscall(K_OPEN_TREE, AT_FDCWD, path, CLONE_TREE | O_CLOEXEC);
  REQUIRE(tree >= 0);
  char user[64];
  snprintf(user, sizeof user, "/proc/%d/ns/user", init.pid);
  struct kernel_mount_attr attr = {.propagation = MS_PRIVATE};
  if (idmapped) {
    attr.attr_set = IDMAP;
    attr.userns_fd = (uint64_t)open(user, O_RDONLY | O_CLOEXEC);
  }
  int set = (int)syscall(K_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &attr, sizeof attr);
  if (idmapped) close((int)attr.userns_fd);
  if (set < 0 && errno == EINVAL) SKIP("no idmapped mounts of what %s is on", path);
  REQUIRE(set == 0);
  return tree;
}

// The mount points of the mount namespace are these, in any order, and no others.
static void has_just_mounts(const char *const *wanted) {
  char list[sizeof output];
  REQUIRE_EQUAL(strlen(probe("cat", "/proc/self/mountinfo")) > 0, 1);
  strcpy(list, output);
  int found = 0, count = 0;
  while (wanted[count]) count++;
  for (char *rest = list, *line; (line = strsep(&rest, "\n")) && *line; found++) {
    char point[256];
    REQUIRE(sscanf(line, "%*s %*s %*s %*s %255s", point) == 1);
    int i = 0;
    while (wanted[i] && strcmp(wanted[i], point) != 0) i++;
    if (!wanted[i]) FAIL("there is also a mount at %s: %s", point, line);
    if (strstr(line, " shared:") || strstr(line, " master:")) FAIL("not private: %s", line);
  }
  REQUIRE_EQUAL(found, count);
}

static const char *const USUAL[] = {"/",         "/proc",    "/sys",        "/dev",
                                    "/dev/null", "/dev/pts", "/dev/mqueue", NULL};

static void is_owner(const char *path, const char *wanted) {
  if (strncmp(probe("owner", path), wanted, strlen(wanted)) != 0) {
    FAIL("%s: %s, not %s", path, output, wanted);
  }
}

static void host_view(int64_t user) {
  char *tmp[] = {"mode=1777", "size=1m", NULL}, *run[] = {"mode=755", "size=1m", NULL};
  init_enter(&init, NAMESPACES | user);
  begin();
  STEP(OP_MOUNT_SETATTR, "isiiii", I(-1), "/", I(RECURSIVE), I(RDONLY), I(0), I(0));
  STEP(OP_OPEN, "isi", I(ROOT), "/", I(O_PATH | O_DIRECTORY));
  mount_at(ROOT, "tmpfs", tmp, NOSUID | NODEV, "tmp");
  mount_at(ROOT, "tmpfs", run, NOSUID | NODEV, "run");
  mount_the_usual(ROOT);
  STEP(OP_CHDIR, "s", "/");
  plan_done(&init);
  REQUIRE_TEXT(probe("touch", "/etc/new"), "open: Read-only file system\n");
  REQUIRE_TEXT(probe("touch", "/var/tmp/new"), "open: Read-only file system\n");
  REQUIRE_TEXT(probe("touch", "/tmp/new"), "");
  REQUIRE_TEXT(probe("touch", "/dev/null"), "");
  is_owner("/tmp", "0:0 41777");
  is_owner("/run", "0:0 40755");
  is_owner("/etc", user ? "65534:65534 40755" : "0:0 40755");
  is_owner("/dev/ptmx", "0:0 120777");
  REQUIRE(access("/tmp/new", F_OK) < 0);
  init_kill(&init);
}

TEST(host_view_in_a_user_namespace) { host_view(CLONE_NEWUSER); }
TEST(host_view_as_root) { host_view(0); }

static void root_directory(int64_t user) {
  make_source();
  init_enter(&init, NAMESPACES | user);
  int tree = tree_of(source, user);
  begin();
  plan_fd(tree);
  STEP(OP_ATTACH, "iis", I(0), I(OLD_ROOT), ""); // over "/", and it is the root for what follows
  mount_the_usual(0);
  pivot(0, 1);
  plan_done(&init);
  close(tree);
  has_just_mounts(USUAL);
  is_owner("/etc/file", "0:0 100644");
  is_owner("/proc/1", "0:0");
  is_owner("/..", "0:0 40755");
  REQUIRE_TEXT(probe("touch", "/etc/new"), "");
  struct stat made;
  char path[96];
  snprintf(path, sizeof path, "%s/etc/new", source);
  REQUIRE(stat(path, &made) == 0);
  REQUIRE_EQUAL(made.st_uid, 0); // root inside is root on the disk, and nowhere else
  init_kill(&init);
}

TEST(root_directory_in_a_user_namespace) { root_directory(CLONE_NEWUSER); }
TEST(root_directory_as_root) { root_directory(0); }

static void readonly_root(int64_t user) {
  make_source();
  init_enter(&init, NAMESPACES | user);
  int tree = tree_of(source, user);
  begin();
  plan_fd(tree);
  STEP(OP_ATTACH, "iis", I(0), I(OLD_ROOT), "");
  mount_the_usual(0);
  STEP(OP_MOUNT_SETATTR, "isiiii", I(0), "", I(AT_EMPTY_PATH), I(RDONLY), I(0), I(0));
  pivot(0, 1);
  plan_done(&init);
  close(tree);
  has_just_mounts(USUAL);
  REQUIRE_TEXT(probe("touch", "/etc/new"), "open: Read-only file system\n");
  REQUIRE_TEXT(probe("touch", "/dev/new"), "");
  init_kill(&init);
}

TEST(readonly_root_in_a_user_namespace) { readonly_root(CLONE_NEWUSER); }
TEST(readonly_root_as_root) { readonly_root(0); }

// An overlay can be mounted only of what is in this mount namespace already: on a stage.
static void begin_overlay(int64_t user, bool idmapped_layer) {
  char *small[] = {"mode=755", "size=64k", NULL};
  const char *points[] = {"lower", "layer", "merged"};
  init_enter(&init, NAMESPACES | user);
  int lower = tree_of(source, user), upper = tree_of(layer, idmapped_layer);
  begin();
  plan_fd(lower);
  plan_fd(upper);
  STEP(OP_NEW_MOUNT, "isvi", I(STAGE), "tmpfs", small, I(0));
  STEP(OP_ATTACH, "iis", I(STAGE), I(OLD_ROOT), "");
  for (int i = 0; i < 3; i++) STEP(OP_MAKE_DIRS, "isi", I(STAGE), points[i], I(0755));
  STEP(OP_ATTACH, "iis", I(0), I(STAGE), "lower");
  STEP(OP_ATTACH, "iis", I(1), I(STAGE), "layer");
  STEP(OP_FCHDIR, "i", I(STAGE));
  char options[96] = "lowerdir=lower,upperdir=layer/upper,workdir=layer/work";
  if (user) strcat(options, ",userxattr");
  STEP(OP_MOUNT, "sssis", "overlay", "merged", "overlay", I(0), options);
}

static void finish_overlay(void) {
  STEP(OP_OPEN, "isi", I(ROOT), "merged", I(O_PATH | O_DIRECTORY));
  mount_the_usual(ROOT);
  pivot(ROOT, 2); // the stage lies over the old root
  plan_done(&init);
  for (int i = 0; i < writer.fd_count; i++) close(writer.fds[i]);
  has_just_mounts(USUAL);
  is_owner("/etc/file", "0:0 100644");
  REQUIRE_TEXT(probe("touch", "/etc/new"), "");
  REQUIRE_TEXT(probe("unlink", "/etc/file"), "");
  is_owner("/etc/new", "0:0 100644");
}

static void source_is_untouched(void) {
  char path[96];
  struct stat status;
  snprintf(path, sizeof path, "%s/etc/file", source);
  REQUIRE(stat(path, &status) == 0);
  snprintf(path, sizeof path, "%s/etc/new", source);
  REQUIRE(stat(path, &status) < 0);
}

TEST(overlay_with_an_idmapped_layer) {
  make_source();
  make_layer(0);
  begin_overlay(CLONE_NEWUSER, true);
  finish_overlay();
  source_is_untouched();
  init_kill(&init);
}

TEST(overlay_with_a_layer_of_the_mapped_root) {
  make_source();
  make_layer(100000);
  begin_overlay(CLONE_NEWUSER, false);
  finish_overlay();
  source_is_untouched();
  init_kill(&init);
}

TEST(overlay_as_root) {
  make_source();
  make_layer(0);
  begin_overlay(0, false);
  finish_overlay();
  source_is_untouched();
  init_kill(&init);
}

TEST(overlay_refuses_a_layer_of_another_owner) {
  make_source();
  make_layer(0);
  begin_overlay(CLONE_NEWUSER, false);
  plan_fails(&init, writer.steps - 1, "mount", EACCES);
  for (int i = 0; i < writer.fd_count; i++) close(writer.fds[i]);
  init_kill(&init);
}

TEST(overlay_removes_directories_of_the_source) {
  make_source();
  make_layer(0);
  begin_overlay(CLONE_NEWUSER, true);
  finish_overlay();
  REQUIRE_TEXT(probe("unlink", "/etc/new"), "");
  REQUIRE_TEXT(probe("rmdir", "/etc"), "");
  REQUIRE_TEXT(probe("owner", "/etc"), "lstat: No such file or directory\n");
  source_is_untouched();
  init_kill(&init);
}
