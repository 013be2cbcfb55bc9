// The same calls in the same order as sandboxd's plan for a read-only root, which
// POST /v1/sandboxes?dryRun=true shows. Paths are relative: the new root is the working directory.
#include "furnish.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "benchmark.h"
#include "kernel.h"

static const char *const protected[] = {
    "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};
static const char *const hidden_files[] = {
    "proc/interrupts", "proc/kcore", "proc/keys", "proc/kmsg", "proc/kpagecgroup",
    "proc/kpagecount", "proc/kpageflags", "proc/latency_stats", "proc/sched_debug",
    "proc/timer_list", "proc/timer_stats",
};
static const char *const hidden_proc[] = {"proc/acpi", "proc/asound", "proc/scsi"};
static const char *const hidden_sys[] = {
    "sys/devices/virtual/powercap", "sys/firmware", "sys/kernel/debug", "sys/kernel/security",
    "sys/kernel/tracing",
};
static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
static const char *const links[][2] = {
    {"/proc/self/fd", "dev/fd"},       {"pts/ptmx", "dev/ptmx"},
    {"/proc/self/fd/2", "dev/stderr"}, {"/proc/self/fd/0", "dev/stdin"},
    {"/proc/self/fd/1", "dev/stdout"},
};

#define EACH(item, list) \
  for (size_t item = 0; item < sizeof(list) / sizeof *(list); item++)

int copy_mount(const char *path, int flags) {
  enum { CLONE_TREE = 1 };
  return (int)must(path, syscall(K_OPEN_TREE, AT_FDCWD, path, CLONE_TREE | O_CLOEXEC | flags));
}

void change_mount(int mount, int flags, unsigned long set, unsigned long propagation) {
  struct kernel_mount_attr attr = {.attr_set = set, .propagation = propagation};
  must("mount_setattr", syscall(K_MOUNT_SETATTR, mount, mount == AT_FDCWD ? "/" : "",
                                flags | AT_EMPTY_PATH, &attr, sizeof attr));
}

static void attach(int mount, const char *path) {
  must(path, syscall(K_MOVE_MOUNT, mount, "", AT_FDCWD, path, K_MOVE_MOUNT_F_EMPTY_PATH));
  close(mount);
}

// The options are one pair of a key and a value each.
static void mount_new(const char *type, const char *const (*options)[2], unsigned attributes,
                      const char *path) {
  int context = (int)must(type, syscall(K_FSOPEN, type, K_FSOPEN_CLOEXEC));
  for (; options && (*options)[0]; options++) {
    must("fsconfig", syscall(K_FSCONFIG, context, K_FSCONFIG_SET_STRING, (*options)[0],
                             (*options)[1], 0));
  }
  must("fsconfig", syscall(K_FSCONFIG, context, K_FSCONFIG_CMD_CREATE, NULL, NULL, 0));
  attach((int)must("fsmount", syscall(K_FSMOUNT, context, K_FSMOUNT_CLOEXEC, attributes)), path);
  close(context);
}

static bool is_there(const char *path) { return faccessat(AT_FDCWD, path, F_OK, 0) == 0; }

static void hide_directory(const char *path) {
  static const char *const options[][2] = {{"mode", "755"}, {"size", "4k"}, {NULL, NULL}};
  if (is_there(path)) mount_new("tmpfs", options, ATTR_SEALED, path);
}

static void furnish_proc(void) {
  mount_new("proc", NULL, ATTR_PLAIN, "proc");
  EACH(i, protected) {
    if (!is_there(protected[i])) continue;
    int mount = copy_mount(protected[i], AT_RECURSIVE);
    change_mount(mount, AT_RECURSIVE, ATTR_SEALED, 0);
    attach(mount, protected[i]);
  }
  EACH(i, hidden_proc) hide_directory(hidden_proc[i]);
  EACH(i, hidden_files) {
    if (is_there(hidden_files[i])) attach(copy_mount("/dev/null", 0), hidden_files[i]);
  }
}

static void furnish_dev(void) {
  static const char *const dev[][2] = {{"mode", "755"}, {"size", "64m"}, {NULL, NULL}},
                           *const shm[][2] = {{"mode", "1777"}, {"size", "64m"}, {NULL, NULL}},
                           *const pts[][2] = {
                               {"ptmxmode", "0666"}, {"mode", "0620"}, {NULL, NULL}};
  int copies[sizeof devices / sizeof *devices];
  EACH(i, devices) {
    char path[32] = "/dev/";
    copies[i] = copy_mount(strcat(path, devices[i]), 0);
  }
  mount_new("tmpfs", dev, ATTR_PLAIN, "dev");
  EACH(i, devices) {
    char path[32] = "dev/";
    int file = (int)must("create", creat(strcat(path, devices[i]), 0644));
    close(file);
    attach(copies[i], path);
  }
  must("mkdir", mkdir("dev/pts", 0755) | mkdir("dev/shm", 0755) | mkdir("dev/mqueue", 0755));
  mount_new("devpts", pts, ATTR_NOSUID | ATTR_NOEXEC, "dev/pts");
  mount_new("tmpfs", shm, ATTR_PLAIN, "dev/shm");
  mount_new("mqueue", NULL, ATTR_PLAIN, "dev/mqueue");
  EACH(i, links) must("symlink", symlink(links[i][0], links[i][1]));
}

void furnish(int root) {
  change_mount(AT_FDCWD, AT_RECURSIVE, 0, MS_PRIVATE);
  must("move_mount", syscall(K_MOVE_MOUNT, root, "", AT_FDCWD, "/", K_MOVE_MOUNT_F_EMPTY_PATH));
  must("fchdir", fchdir(root));
  furnish_proc();
  mount_new("sysfs", NULL, ATTR_SEALED, "sys");
  EACH(i, hidden_sys) hide_directory(hidden_sys[i]);
  furnish_dev();
  change_mount(root, 0, ATTR_READONLY | ATTR_NODEV, 0);
  must("pivot_root", syscall(SYS_pivot_root, ".", "."));
  must("umount2", umount2(".", MNT_DETACH));
  must("chdir", chdir("/"));
}
