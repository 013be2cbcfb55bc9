// The floor of create, start, wait and delete: what the kernel takes for it, and nothing else. It
// errs on the low side: no init stays, no filter of system calls and no device program is loaded,
// nothing is recorded.
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "benchmark.h"
#include "furnish.h"
#include "kernel.h"

enum {
  NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
  GROUPS_MAX = 16,
};
static const char USER_MAP[] = "0 100000 65536";
static const uint64_t DEFAULT_CAPABILITIES = 0xa80425fb;

static bool new_user;
static const char *root, *program;
static char **files; // "DIRECTORY" to make, or "FILE=TEXT" to write

static void prepare(char **args) {
  new_user = strcmp(args[0], "user") == 0;
  if (!args[1] || !args[2]) give_up("cycle: user or nouser, a root directory, and a program");
  root = args[1];
  program = args[2];
  files = args + 3;
}

static void write_text(const char *path, const char *text) {
  int fd = (int)must(path, open(path, O_WRONLY | O_CLOEXEC));
  must(path, write(fd, text, strlen(text)));
  close(fd);
}

struct groups {
  int count, tasks[GROUPS_MAX]; // of v1, to be entered
  int born_in;                  // the directory of that of v2, or -1
};

static struct groups make_groups(long number) {
  struct groups made = {.born_in = -1};
  for (char **file = files; *file; file++) {
    char *path = numbered(0, *file, number), *text = strchr(path, '=');
    if (text) {
      *text = 0;
      write_text(path, text + 1);
      continue;
    }
    must(path, mkdir(path, 0755));
    int directory = (int)must(path, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int tasks = openat(directory, "tasks", O_WRONLY | O_CLOEXEC);
    if (tasks < 0) {
      made.born_in = directory;
      continue;
    }
    close(directory);
    if (made.count == GROUPS_MAX) give_up("cycle: more than %d cgroups", GROUPS_MAX);
    made.tasks[made.count++] = tasks;
  }
  return made;
}

static void remove_groups(long number) {
  for (char **file = files; *file; file++) {
    const char *path = numbered(0, *file, number);
    // Busy for a moment after the last process has been waited for.
    if (!strchr(path, '=')) {
      while (rmdir(path) < 0) {
        if (errno != EBUSY) must(path, -1);
      }
    }
  }
}

static void bring_lo_up(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int any = (int)must("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  must("ioctl", ioctl(any, SIOCGIFFLAGS, &request));
  request.ifr_flags |= IFF_UP;
  must("ioctl", ioctl(any, SIOCSIFFLAGS, &request));
  close(any);
}

static void renounce(void) {
  for (int cap = 0, there; (there = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++) {
    if (there && !(DEFAULT_CAPABILITIES >> cap & 1)) prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
  }
  must("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void live_inside(int mount, int mapped, const struct groups *groups) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int i = 0; i < groups->count; i++) must("join cgroup", write(groups->tasks[i], "0", 1));
  if (new_user) {
    char byte;
    if (must("read", read(mapped, &byte, 1)) != 1) _exit(1);
    must("setgroups", syscall(SYS_setgroups, 0, NULL));
    must("setresgid", syscall(SYS_setresgid, 0, 0, 0));
    must("setresuid", syscall(SYS_setresuid, 0, 0, 0));
  }
  must("unshare", unshare(CLONE_NEWCGROUP)); // now, so that its root is the cgroup just joined
  syscall(SYS_keyctl, K_KEYCTL_JOIN_SESSION_KEYRING, NULL);
  must("sethostname", sethostname("floor", 5));
  bring_lo_up();
  furnish(mount);
  setsid();
  renounce();
  char *args[] = {(char *)program, NULL}, *env[] = {NULL};
  execve(program, args, env);
  must(program, -1);
}

// From outside, as a user namespace needs it: its ids, and the root's files as if they were its own.
static void map_ids(int pid, int mount) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
  write_text(path, USER_MAP);
  snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
  write_text(path, USER_MAP);
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int user = (int)must(path, open(path, O_RDONLY | O_CLOEXEC));
  struct kernel_mount_attr attr = {.attr_set = ATTR_IDMAP, .userns_fd = (uint64_t)user};
  must("mount_setattr",
       syscall(K_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH, &attr, sizeof attr));
  close(user);
}

static void perform(long number) {
  struct groups groups = make_groups(number);
  int mount = copy_mount(root, 0), mapped[2] = {-1, -1};
  if (new_user) must("pipe", pipe2(mapped, O_CLOEXEC));
  struct kernel_clone_args args = {
      .flags = (uint64_t)NAMESPACES | (new_user ? CLONE_NEWUSER : 0), .exit_signal = SIGCHLD};
  if (groups.born_in >= 0) {
    args.flags |= K_CLONE_INTO_CGROUP;
    args.cgroup = (uint64_t)groups.born_in;
  }
  int pid = (int)must("clone3", syscall(K_CLONE3, &args, sizeof args));
  if (pid == 0) live_inside(mount, mapped[0], &groups);
  if (new_user) {
    map_ids(pid, mount);
    must("write", write(mapped[1], "", 1));
    close(mapped[0]);
    close(mapped[1]);
  }
  close(mount);
  for (int i = 0; i < groups.count; i++) close(groups.tasks[i]);
  if (groups.born_in >= 0) close(groups.born_in);
  wait_for(pid);
  remove_groups(number);
}

const struct work cycle_work = {
    "cycle", "user|nouser ROOT PROGRAM (CGROUP | FILE=TEXT)...", prepare, perform};
