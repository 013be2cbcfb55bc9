#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"
#include "paths.h"
#include "processes.h"

int slots[SLOTS];
unsigned clones;

static struct failure failed;

// Only a child that was forked for a plan writes here, so it costs init itself no memory.
static union {
  const char *strings[2 * (VECTOR_MAX + 1)];
  uint32_t groups[VECTOR_MAX];
} pool;

int result_of(const char *call, long result) {
  if (result < 0) {
    failed.error = (uint32_t)errno;
    memset(failed.call, 0, sizeof failed.call);
    memcpy(failed.call, call, strnlen(call, sizeof failed.call));
  }
  return (int)result;
}

void slots_close(void) {
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i] >= 0) close(slots[i]);
    slots[i] = -1;
  }
}

static int fill(int64_t slot, const char *call, long fd) {
  if (result_of(call, fd) < 0) return -1;
  if (slots[slot] >= 0) close(slots[slot]);
  slots[slot] = (int)fd;
  return 0;
}

int become_init(void) {
  if (result_of("prctl", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) < 0) return -1;
  return result_of("prctl", prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

static int write_all(int fd, const char *text) {
  size_t size = strlen(text);
  ssize_t written = write(fd, text, size);
  if (written >= 0 && (size_t)written != size) {
    errno = EIO;
    written = -1;
  }
  return result_of("write", written) < 0 ? -1 : 0;
}

static int write_fd(const union argument *arg) {
  return write_all(slots[arg[0].number], arg[1].text);
}

static int write_file(const union argument *arg) {
  int fd = result_of("open", open(arg[0].text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd < 0) return -1;
  int written = write_all(fd, arg[1].text);
  close(fd);
  return written;
}

static int enter_namespace(const union argument *arg) {
  return result_of("setns", setns(slots[arg[0].number], (int)arg[1].number));
}

static int leave_namespaces(const union argument *arg) {
  return result_of("unshare", unshare((int)arg[0].number));
}

static int clone_self(const union argument *arg) {
  if (processes_exist()) { // they would stay behind, children of a process that is gone
    errno = EBUSY;
    return result_of("clone3", -1);
  }
  // The kernel takes the exit signal from the parent for CLONE_PARENT, and refuses one given here.
  struct kernel_clone_args args = {.flags = (uint64_t)arg[0].number | CLONE_PARENT};
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (result_of("clone3", pid) < 0) return -1;
  if (pid > 0) _exit(0);
  clones++;
  return become_init();
}

static int set_ids(const union argument *arg) {
  // The calls themselves, not the C library's idea of them, which signals other threads.
  if (result_of("setresgid", syscall(SYS_setresgid, arg[1].number, arg[1].number, arg[1].number)) ||
      result_of("setresuid", syscall(SYS_setresuid, arg[0].number, arg[0].number, arg[0].number))) {
    return -1;
  }
  // A change of ids sets it to what /proc/sys/fs/suid_dumpable says.
  return result_of("prctl", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

static int become_user(const union argument *arg) {
  if (result_of("setgroups", syscall(SYS_setgroups, 0, NULL)) < 0) return -1;
  return set_ids(arg);
}

static const char *or_null(const char *text) { return *text ? text : NULL; }

static int mount_old_way(const union argument *arg) {
  return result_of("mount", mount(or_null(arg[0].text), arg[1].text, or_null(arg[2].text),
                                  (unsigned long)arg[3].number, or_null(arg[4].text)));
}

static int open_path(const union argument *arg) {
  return fill(arg[0].number, "open", open(arg[1].text, (int)arg[2].number | O_CLOEXEC, 0600));
}

static int open_tree(const union argument *arg) {
  return fill(arg[0].number, "open_tree",
              syscall(SYS_open_tree, AT_FDCWD, arg[1].text, arg[2].number | O_CLOEXEC));
}

static int set_mount_attributes(const union argument *arg) {
  struct kernel_mount_attr attr = {
      .attr_set = (uint64_t)arg[3].number,
      .attr_clr = (uint64_t)arg[4].number,
      .propagation = (uint64_t)arg[5].number,
  };
  int at = arg[0].number < 0 ? AT_FDCWD : slots[arg[0].number];
  return result_of("mount_setattr", syscall(SYS_mount_setattr, at, arg[1].text, arg[2].number,
                                            &attr, sizeof attr));
}

static int configure(int context, const char *option) {
  const char *equals = strchr(option, '=');
  if (!equals) {
    return result_of("fsconfig", syscall(SYS_fsconfig, context, KERNEL_FSCONFIG_SET_FLAG, option,
                                         NULL, 0));
  }
  char key[256];
  size_t size = (size_t)(equals - option);
  if (size >= sizeof key) {
    errno = EINVAL;
    return result_of("fsconfig", -1);
  }
  memcpy(key, option, size);
  key[size] = 0;
  return result_of("fsconfig", syscall(SYS_fsconfig, context, KERNEL_FSCONFIG_SET_STRING, key,
                                       equals + 1, 0));
}

static int new_mount(const union argument *arg) {
  int context = result_of("fsopen", syscall(SYS_fsopen, arg[1].text, KERNEL_FSOPEN_CLOEXEC));
  if (context < 0) return -1;
  int result = 0;
  for (struct vector options = arg[2].vector; result == 0 && options.count > 0;) {
    result = configure(context, vector_next(&options));
  }
  if (result == 0) {
    result = result_of("fsconfig", syscall(SYS_fsconfig, context, KERNEL_FSCONFIG_CMD_CREATE, NULL,
                                           NULL, 0));
  }
  if (result == 0) {
    result = fill(arg[0].number, "fsmount",
                  syscall(SYS_fsmount, context, KERNEL_FSMOUNT_CLOEXEC, arg[3].number));
  }
  close(context);
  return result;
}

static int attach(const union argument *arg) {
  int target = open_in_root(slots[arg[1].number], arg[2].text, 0);
  if (target < 0) return -1;
  int moved = result_of("move_mount",
                        syscall(SYS_move_mount, slots[arg[0].number], "", target, "",
                                KERNEL_MOVE_MOUNT_F_EMPTY_PATH | KERNEL_MOVE_MOUNT_T_EMPTY_PATH));
  close(target);
  return moved;
}

static int make_dirs(const union argument *arg) {
  return make_dirs_in_root(slots[arg[0].number], arg[1].text, (unsigned)arg[2].number);
}

static int make_file(const union argument *arg) {
  return make_file_in_root(slots[arg[0].number], arg[1].text);
}

static int make_symlink(const union argument *arg) {
  return symlink_in_root(slots[arg[0].number], arg[1].text, arg[2].text);
}

static int change_dir_fd(const union argument *arg) {
  return result_of("fchdir", fchdir(slots[arg[0].number]));
}

static int pivot(const union argument *arg) {
  return result_of("pivot_root", syscall(SYS_pivot_root, arg[0].text, arg[1].text));
}

static int unmount(const union argument *arg) {
  return result_of("umount2", umount2(arg[0].text, (int)arg[1].number));
}

static int change_dir(const union argument *arg) { return result_of("chdir", chdir(arg[0].text)); }

static int set_hostname(const union argument *arg) {
  return result_of("sethostname", sethostname(arg[0].text, strlen(arg[0].text)));
}

static int set_domainname(const union argument *arg) {
  return result_of("setdomainname", setdomainname(arg[0].text, strlen(arg[0].text)));
}

static int link_up(const union argument *arg) {
  struct ifreq request = {0};
  if (strlen(arg[0].text) >= sizeof request.ifr_name) {
    errno = ENODEV;
    return result_of("ioctl", -1);
  }
  strcpy(request.ifr_name, arg[0].text);
  int any = result_of("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (any < 0) return -1;
  int result = result_of("ioctl", ioctl(any, SIOCGIFFLAGS, &request));
  if (result == 0) {
    request.ifr_flags |= IFF_UP;
    result = result_of("ioctl", ioctl(any, SIOCSIFFLAGS, &request));
  }
  close(any);
  return result;
}

static int close_slot(const union argument *arg) {
  int fd = slots[arg[0].number];
  slots[arg[0].number] = -1;
  return result_of("close", close(fd));
}

static int set_stdio(const union argument *arg) {
  for (int i = 0; i < 3; i++) {
    if (result_of("dup2", dup2(slots[arg[i].number], i)) < 0) return -1;
  }
  return 0;
}

static int new_session(const union argument *arg) {
  (void)arg;
  return result_of("setsid", setsid()) < 0 ? -1 : 0;
}

static int set_limit(const union argument *arg) {
  // RLIM_INFINITY is all ones, which is what -1 becomes.
  uint64_t limit[2] = {(uint64_t)arg[1].number, (uint64_t)arg[2].number};
  return result_of("prlimit64", syscall(SYS_prlimit64, 0, arg[0].number, limit, NULL));
}

static int set_umask(const union argument *arg) {
  umask((mode_t)arg[0].number);
  return 0;
}

static int set_groups(const union argument *arg) {
  struct vector ids = arg[0].vector;
  size_t count = ids.count;
  for (size_t i = 0; i < count; i++) {
    const char *text = vector_next(&ids);
    char *end;
    errno = 0;
    unsigned long id = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || id >= UINT32_MAX) {
      errno = EINVAL;
      return result_of("setgroups", -1);
    }
    pool.groups[i] = (uint32_t)id;
  }
  return result_of("setgroups", syscall(SYS_setgroups, count, pool.groups));
}

static int limit_bounding(const union argument *arg) {
  for (int cap = 0; cap < 64; cap++) {
    int there = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
    if (there < 0) break; // past the last one that the kernel knows
    if (there && !(arg[0].number >> cap & 1) &&
        result_of("prctl", prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) < 0) {
      return -1;
    }
  }
  return 0;
}

static int set_capabilities(const union argument *arg) {
  struct {
    uint32_t version;
    int pid;
  } self = {KERNEL_CAPABILITY_VERSION_3, 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } half[2];
  for (int i = 0; i < 2; i++) {
    half[i].effective = (uint32_t)((uint64_t)arg[0].number >> 32 * i);
    half[i].permitted = (uint32_t)((uint64_t)arg[1].number >> 32 * i);
    half[i].inheritable = (uint32_t)((uint64_t)arg[2].number >> 32 * i);
  }
  return result_of("capset", syscall(SYS_capset, &self, half));
}

static int set_ambient(const union argument *arg) {
  if (result_of("prctl", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)) < 0) return -1;
  for (int cap = 0; cap < 64; cap++) {
    if ((arg[0].number >> cap & 1) &&
        result_of("prctl", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)) < 0) {
      return -1;
    }
  }
  return 0;
}

static int keep_capabilities(const union argument *arg) {
  (void)arg;
  return result_of("prctl", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
}

static int renounce_privileges(const union argument *arg) {
  (void)arg;
  return result_of("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static const char **point_at(struct vector vector, const char **to) {
  while (vector.count > 0) *to++ = vector_next(&vector);
  *to++ = NULL;
  return to;
}

static int execute(const union argument *arg) {
  const char **argv = pool.strings;
  const char **env = point_at(arg[1].vector, argv);
  point_at(arg[2].vector, env);

  uint64_t none[4] = {0}; // the kernel's sigaction: SIG_DFL, no flags, no restorer, empty mask
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, none, NULL, 8);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, 8);
  if (result_of("close_range", syscall(SYS_close_range, 3, ~0U, KERNEL_CLOSE_RANGE_CLOEXEC)) < 0) {
    return -1;
  }

  bool denied = false;
  errno = ENOENT;
  for (struct vector paths = arg[0].vector; paths.count > 0;) {
    execve(vector_next(&paths), (char *const *)argv, (char *const *)env);
    if (errno == EACCES) denied = true;
    else if (errno != ENOENT && errno != ENOTDIR) return result_of("execve", -1);
  }
  if (denied) errno = EACCES;
  return result_of("execve", -1);
}

const struct operation operations[OPCODES] = {
    [OP_WRITE_FD] = {"fs", PHASE_RUN, write_fd},
    [OP_WRITE_FILE] = {"ss", PHASE_RUN | PHASE_SPAWN, write_file},
    [OP_SETNS] = {"fu", PHASE_RUN, enter_namespace},
    [OP_UNSHARE] = {"u", PHASE_RUN, leave_namespaces},
    [OP_CLONE] = {"u", PHASE_RUN, clone_self},
    [OP_IDS] = {"dd", PHASE_RUN | PHASE_SPAWN, become_user},
    [OP_MOUNT] = {"sssus", PHASE_RUN, mount_old_way},
    [OP_OPEN] = {"fsu", PHASE_RUN, open_path},
    [OP_OPEN_TREE] = {"fsu", PHASE_RUN, open_tree},
    [OP_MOUNT_SETATTR] = {"Fsuiii", PHASE_RUN, set_mount_attributes},
    [OP_NEW_MOUNT] = {"fsvu", PHASE_RUN, new_mount},
    [OP_ATTACH] = {"ffs", PHASE_RUN, attach},
    [OP_MAKE_DIRS] = {"fsu", PHASE_RUN, make_dirs},
    [OP_MAKE_FILE] = {"fs", PHASE_RUN, make_file},
    [OP_SYMLINK] = {"fss", PHASE_RUN, make_symlink},
    [OP_FCHDIR] = {"f", PHASE_RUN, change_dir_fd},
    [OP_PIVOT_ROOT] = {"ss", PHASE_RUN, pivot},
    [OP_UMOUNT] = {"su", PHASE_RUN, unmount},
    [OP_CHDIR] = {"s", PHASE_RUN | PHASE_SPAWN, change_dir},
    [OP_HOSTNAME] = {"s", PHASE_RUN, set_hostname},
    [OP_DOMAINNAME] = {"s", PHASE_RUN, set_domainname},
    [OP_LINK_UP] = {"s", PHASE_RUN, link_up},
    [OP_CLOSE] = {"f", PHASE_RUN, close_slot},

    [OP_STDIO] = {"fff", PHASE_SPAWN, set_stdio},
    [OP_SETSID] = {"", PHASE_SPAWN, new_session},
    [OP_RLIMIT] = {"uii", PHASE_SPAWN, set_limit},
    [OP_UMASK] = {"u", PHASE_SPAWN, set_umask},
    [OP_GROUPS] = {"v", PHASE_SPAWN, set_groups},
    [OP_USER] = {"dd", PHASE_SPAWN, set_ids},
    [OP_BOUNDING] = {"i", PHASE_SPAWN, limit_bounding},
    [OP_CAPABILITIES] = {"iii", PHASE_SPAWN, set_capabilities},
    [OP_AMBIENT] = {"i", PHASE_SPAWN, set_ambient},
    [OP_KEEP_CAPS] = {"", PHASE_SPAWN, keep_capabilities},
    [OP_NO_NEW_PRIVS] = {"", PHASE_SPAWN, renounce_privileges},
    [OP_EXEC] = {"vvv", PHASE_SPAWN, execute},
};

bool plan_run(const unsigned char *bytes, size_t size, enum phase phase, struct failure *why) {
  struct plan plan;
  struct step step;
  if (!plan_open(&plan, bytes, size)) return false;
  for (uint32_t index = 0; plan.left > 0; index++) {
    if (!plan_next(&plan, phase, &step)) return false;
    if (step.operation->perform(step.arg) < 0) {
      failed.step = index;
      *why = failed;
      return false;
    }
  }
  return true;
}
