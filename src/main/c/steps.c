#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel.h"
#include "paths.h"
#include "processes.h"

int slots[SLOTS];
unsigned clones;
char *unnamed;

struct failure failure;

// Only a child that was forked for a plan writes here, so it costs init itself no memory.
static union {
  const char *strings[2 * (VECTOR_MAX + 1)];
  uint32_t groups[VECTOR_MAX];
} pool;

int result_of(const char *call, long result) {
  if (result < 0) {
    failure = (struct failure){.error = (uint32_t)errno};
    memcpy(failure.call, call, strnlen(call, sizeof failure.call));
  }
  return (int)result;
}

int refuse(const char *call, int error) {
  errno = error;
  return result_of(call, -1);
}

void close_owned(const int *fd) {
  if (*fd >= 0) close(*fd);
}

void slots_close(void) {
  for (int i = 0; i < SLOTS; i++) close_owned(&slots[i]);
  memset(slots, -1, sizeof slots);
}

static int fill(int64_t slot, const char *call, long fd) {
  if (result_of(call, fd) < 0) return -1;
  close_owned(&slots[slot]);
  slots[slot] = (int)fd;
  return 0;
}

int become_init(void) {
  if (result_of("prctl", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) < 0) return -1;
  return result_of("prctl", prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

static int write_text(int fd, const char *text) {
  size_t size = strlen(text);
  ssize_t written = result_of("write", write(fd, text, size));
  if (written < 0) return -1;
  return (size_t)written == size ? 0 : refuse("write", EIO);
}

static int write_fd(const union argument *arg) {
  return write_text((int)arg[0].number, arg[1].text);
}

static int write_file(const union argument *arg) {
  // Not to be stalled by a FIFO that somebody may have put there.
  int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  OWNED fd = result_of("open", open(arg[0].text, flags));
  return fd < 0 ? -1 : write_text(fd, arg[1].text);
}

static int clone_with(struct kernel_clone_args args) {
  // They would stay behind, children of a process that is gone.
  if (processes_exist()) return refuse("clone3", EBUSY);
  // The kernel takes the exit signal from the parent for CLONE_PARENT, and refuses one given here.
  args.flags |= CLONE_PARENT;
  long pid = syscall(K_CLONE3, &args, sizeof args);
  if (result_of("clone3", pid) < 0) return -1;
  if (pid > 0) _exit(0);
  clones++;
  return become_init();
}

static int clone_self(const union argument *arg) {
  return clone_with((struct kernel_clone_args){.flags = (uint64_t)arg[0].number});
}

// Born in a cgroup: a move would wait until all processors have taken notice of it.
static int clone_into(const union argument *arg) {
  return clone_with((struct kernel_clone_args){
      .flags = (uint64_t)arg[0].number | K_CLONE_INTO_CGROUP, .cgroup = (uint64_t)arg[1].number});
}

static int set_ids(const union argument *arg) {
  // The calls themselves, not the C library's idea of them, which signals other threads.
  int64_t uid = arg[0].number, gid = arg[1].number;
  if (result_of("setresgid", syscall(SYS_setresgid, gid, gid, gid)) < 0 ||
      result_of("setresuid", syscall(SYS_setresuid, uid, uid, uid)) < 0) {
    return -1;
  }
  // A change of ids sets it to what /proc/sys/fs/suid_dumpable says.
  return result_of("prctl", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

static int set_ids_alone(const union argument *arg) {
  if (result_of("setgroups", syscall(SYS_setgroups, 0, NULL)) < 0) return -1;
  return set_ids(arg);
}

static int set_saved_gid(const union argument *arg) {
  int64_t same = -1;
  if (result_of("setresgid", syscall(SYS_setresgid, same, same, arg[0].number)) < 0) return -1;
  return result_of("prctl", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

static int open_path(const union argument *arg) {
  return fill(arg[0].number, "open", open(arg[1].text, (int)arg[2].number | O_CLOEXEC, 0600));
}

static int open_tree(const union argument *arg) {
  return fill(arg[0].number, "open_tree",
              syscall(K_OPEN_TREE, AT_FDCWD, arg[1].text, arg[2].number | O_CLOEXEC));
}

static int set_mount_attributes(const union argument *arg) {
  struct kernel_mount_attr attr = {
      .attr_set = (uint64_t)arg[3].number,
      .attr_clr = (uint64_t)arg[4].number,
      .propagation = (uint64_t)arg[5].number,
  };
  return result_of("mount_setattr", syscall(K_MOUNT_SETATTR, arg[0].number, arg[1].text,
                                            arg[2].number, &attr, sizeof attr));
}

static int configure(int context, int command, const char *key, const char *value) {
  return result_of("fsconfig", syscall(K_FSCONFIG, context, command, key, value, 0));
}

static int add_option(int context, const char *option) {
  char key[256];
  size_t size = strcspn(option, "=");
  if (!option[size]) return configure(context, K_FSCONFIG_SET_FLAG, option, NULL);
  if (size >= sizeof key) return refuse("fsconfig", EINVAL);
  memcpy(key, option, size);
  key[size] = 0;
  return configure(context, K_FSCONFIG_SET_STRING, key, option + size + 1);
}

static int new_mount(const union argument *arg) {
  OWNED context = result_of("fsopen", syscall(K_FSOPEN, arg[1].text, K_FSOPEN_CLOEXEC));
  if (context < 0) return -1;
  for (struct vector options = arg[2].vector; options.count > 0;) {
    if (add_option(context, vector_next(&options)) < 0) return -1;
  }
  if (configure(context, K_FSCONFIG_CMD_CREATE, NULL, NULL) < 0) return -1;
  return fill(arg[0].number, "fsmount",
              syscall(K_FSMOUNT, context, K_FSMOUNT_CLOEXEC, arg[3].number));
}

static int set_hostname(const union argument *arg) {
  return result_of("sethostname", sethostname(arg[0].text, strlen(arg[0].text)));
}

static int set_domainname(const union argument *arg) {
  return result_of("setdomainname", setdomainname(arg[0].text, strlen(arg[0].text)));
}

static int link_up(const union argument *arg) {
  struct ifreq request = {0};
  if (strlen(arg[0].text) >= sizeof request.ifr_name) return refuse("ioctl", ENODEV);
  strcpy(request.ifr_name, arg[0].text);
  OWNED any = result_of("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (any < 0 || result_of("ioctl", ioctl(any, SIOCGIFFLAGS, &request)) < 0) return -1;
  request.ifr_flags |= IFF_UP;
  return result_of("ioctl", ioctl(any, SIOCSIFFLAGS, &request));
}

static int close_slot(const union argument *arg) {
  int fd = slots[arg[0].number];
  slots[arg[0].number] = -1;
  return result_of("close", close(fd));
}

static int new_keyring(const union argument *arg) {
  (void)arg;
  int ring = (int)syscall(SYS_keyctl, K_KEYCTL_JOIN_SESSION_KEYRING, NULL);
  return ring < 0 && errno == ENOSYS ? 0 : result_of("keyctl", ring); // without keys, none to guard
}

static int set_name(const union argument *arg) {
  if (!unnamed) return refuse("name", EEXIST);
  size_t room = strlen(unnamed), size = strlen(arg[0].text) + 1;
  if (size > room) return refuse("name", ENAMETOOLONG);
  unnamed[-1] = ' ';
  memcpy(unnamed, arg[0].text, size);
  // Where the arguments do not end with a NUL the kernel shows the first string of what is there
  // (get_mm_proctitle() of fs/proc/base.c). To set their end itself takes CAP_SYS_RESOURCE.
  unnamed[room] = '.';
  unnamed = NULL;
  return 0;
}

static int set_stdio(const union argument *arg) {
  for (int i = 0; i < 3; i++) {
    if (result_of("dup2", dup2((int)arg[i].number, i)) < 0) return -1;
  }
  return 0;
}

static int set_terminal(const union argument *arg) {
  (void)arg;
  return result_of("ioctl", ioctl(0, TIOCSCTTY, 0));
}

static int set_limit(const union argument *arg) {
  // RLIM_INFINITY is all ones, which is what -1 becomes.
  uint64_t limit[2] = {(uint64_t)arg[1].number, (uint64_t)arg[2].number};
  return result_of("prlimit64", syscall(SYS_prlimit64, 0, arg[0].number, limit, NULL));
}

static int set_groups(const union argument *arg) {
  struct vector ids = arg[0].vector;
  for (uint32_t *group = pool.groups; ids.count > 0; group++) {
    const char *text = vector_next(&ids);
    char *end;
    unsigned long id = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || id >= UINT32_MAX) return refuse("setgroups", EINVAL);
    *group = (uint32_t)id;
  }
  return result_of("setgroups", syscall(SYS_setgroups, arg[0].vector.count, pool.groups));
}

static int limit_bounding(const union argument *arg) {
  for (int cap = 0; cap < 64; cap++) {
    if (arg[0].number >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break; // the kernel knows no more
    // Who may drop none has none to drop, or has failed.
    if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0) return refuse("prctl", EPERM);
  }
  return 0;
}

static int set_capabilities(const union argument *arg) {
  struct {
    uint32_t version;
    int pid;
  } self = {K_CAPABILITY_VERSION_3, 0};
  uint32_t sets[2][3]; // low and high halves of effective, permitted, inheritable
  for (int i = 0; i < 3; i++) {
    sets[0][i] = (uint32_t)arg[i].number;
    sets[1][i] = (uint32_t)(arg[i].number >> 32);
  }
  return result_of("capset", syscall(SYS_capset, &self, sets));
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

// What is between a plan and execve, but for that itself. A filter may deny it: so it is done before
// one is installed, and only once.
static int settle(void) {
  static bool settled;
  if (settled) return 0;
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
  long result = syscall(K_CLOSE_RANGE, 3, ~0U, K_CLOSE_RANGE_CLOEXEC);
  settled = true;
  return result_of("close_range", result);
}

static int install_filter(const union argument *arg) {
  struct bytes filter = arg[1].bytes;
  if (filter.size % K_BPF_INSTRUCTION != 0 ||
      filter.size / K_BPF_INSTRUCTION > K_BPF_INSTRUCTIONS_MAX) {
    return refuse("seccomp", EINVAL);
  }
  if (settle() < 0) return -1;
  struct kernel_bpf_program program = {(uint16_t)(filter.size / K_BPF_INSTRUCTION), filter.at};
  return result_of("seccomp",
                   syscall(SYS_seccomp, K_SECCOMP_SET_MODE_FILTER, arg[0].number, &program));
}

static const char **point_at(struct vector vector, const char **to) {
  while (vector.count > 0) *to++ = vector_next(&vector);
  *to++ = NULL;
  return to;
}

static int execute(const union argument *arg) {
  const char **argv = pool.strings, **env = point_at(arg[1].vector, argv);
  point_at(arg[2].vector, env);
  if (settle() < 0) return -1;

  bool denied = false;
  errno = ENOENT;
  for (struct vector paths = arg[0].vector; paths.count > 0;) {
    execve(vector_next(&paths), (char *const *)argv, (char *const *)env);
    if (errno == EACCES) denied = true;
    else if (errno != ENOENT && errno != ENOTDIR) return result_of("execve", -1);
  }
  return refuse("execve", denied ? EACCES : errno);
}

const struct operation operations[OPCODES] = {
    [OP_WRITE_FD] = {"fs", PHASE_RUN | PHASE_SPAWN, .perform = write_fd},
    [OP_WRITE_FILE] = {"ss", PHASE_RUN | PHASE_SPAWN, .perform = write_file},
    [OP_SETNS] = {"fu", PHASE_RUN, .call = "setns", .number = SYS_setns},
    [OP_UNSHARE] = {"u", PHASE_RUN, .call = "unshare", .number = SYS_unshare},
    [OP_CLONE] = {"u", PHASE_RUN, .perform = clone_self},
    [OP_IDS] = {"dd", PHASE_RUN | PHASE_SPAWN, .perform = set_ids_alone},
    [OP_MOUNT] = {"eseue", PHASE_RUN, .call = "mount", .number = SYS_mount},
    [OP_OPEN] = {"osu", PHASE_RUN, .perform = open_path},
    [OP_OPEN_TREE] = {"osu", PHASE_RUN, .perform = open_tree},
    [OP_MOUNT_SETATTR] = {"Fsuiii", PHASE_RUN, .perform = set_mount_attributes},
    [OP_NEW_MOUNT] = {"osvu", PHASE_RUN, .perform = new_mount},
    [OP_ATTACH] = {"ffs", PHASE_RUN, .perform = attach},
    [OP_MAKE_DIRS] = {"fsu", PHASE_RUN, .perform = make_dirs},
    [OP_MAKE_FILE] = {"fs", PHASE_RUN, .perform = make_file},
    [OP_SYMLINK] = {"fss", PHASE_RUN, .perform = make_symlink},
    [OP_FCHDIR] = {"f", PHASE_RUN, .call = "fchdir", .number = SYS_fchdir},
    [OP_PIVOT_ROOT] = {"ss", PHASE_RUN, .call = "pivot_root", .number = SYS_pivot_root},
    [OP_UMOUNT] = {"su", PHASE_RUN, .call = "umount2", .number = SYS_umount2},
    [OP_CHDIR] = {"s", PHASE_RUN | PHASE_SPAWN, .call = "chdir", .number = SYS_chdir},
    [OP_HOSTNAME] = {"s", PHASE_RUN, .perform = set_hostname},
    [OP_DOMAINNAME] = {"s", PHASE_RUN, .perform = set_domainname},
    [OP_LINK_UP] = {"s", PHASE_RUN, .perform = link_up},
    [OP_CLOSE] = {"o", PHASE_RUN, .perform = close_slot},
    [OP_KEYRING] = {"", PHASE_RUN, .perform = new_keyring},
    [OP_SAVED_GID] = {"d", PHASE_RUN, .perform = set_saved_gid},
    [OP_NAME] = {"s", PHASE_RUN, .perform = set_name},
    [OP_CLONE_INTO] = {"uf", PHASE_RUN, .perform = clone_into},

    [OP_STDIO] = {"fff", PHASE_SPAWN, .perform = set_stdio},
    [OP_SETSID] = {"", PHASE_SPAWN, .call = "setsid", .number = SYS_setsid},
    [OP_RLIMIT] = {"uii", PHASE_SPAWN, .perform = set_limit},
    [OP_UMASK] = {"u", PHASE_SPAWN, .call = "umask", .number = SYS_umask},
    [OP_GROUPS] = {"v", PHASE_SPAWN, .perform = set_groups},
    [OP_USER] = {"dd", PHASE_SPAWN, .perform = set_ids},
    [OP_BOUNDING] = {"i", PHASE_SPAWN, .perform = limit_bounding},
    [OP_CAPABILITIES] = {"iii", PHASE_SPAWN, .perform = set_capabilities},
    [OP_AMBIENT] = {"i", PHASE_SPAWN, .perform = set_ambient},
    [OP_KEEP_CAPS] = {"", PHASE_SPAWN, .perform = keep_capabilities},
    [OP_NO_NEW_PRIVS] = {"", PHASE_SPAWN, .perform = renounce_privileges},
    [OP_EXEC] = {"vvv", PHASE_SPAWN, .perform = execute},
    [OP_TERMINAL] = {"", PHASE_SPAWN, .perform = set_terminal},
    [OP_SECCOMP] = {"ub", PHASE_SPAWN, .perform = install_filter},
};

static int perform(struct step *step) {
  const struct operation *operation = step->operation;
  union argument *arg = step->arg;
  for (int i = 0; operation->signature[i]; i++) {
    switch (operation->signature[i]) {
      case 'F': arg[i].number = arg[i].number < 0 ? AT_FDCWD : slots[arg[i].number]; break;
      case 'f': arg[i].number = slots[arg[i].number]; break; // an empty one is EBADF to the kernel
      case 'e': arg[i].text = *arg[i].text ? arg[i].text : NULL; break;
    }
  }
  if (operation->perform) return operation->perform(arg);
  return result_of(operation->call, syscall(operation->number, arg[0].number, arg[1].number,
                                            arg[2].number, arg[3].number, arg[4].number));
}

int plan_run(const unsigned char *bytes, size_t size, enum phase phase) {
  struct plan plan;
  struct step step;
  plan_open(&plan, bytes, size);
  for (uint32_t index = 0; plan.left > 0; index++) {
    plan_next(&plan, phase, &step);
    if (perform(&step) < 0) {
      failure.step = index;
      return -1;
    }
  }
  return 0;
}
