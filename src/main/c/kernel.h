// System calls and constants that an older C library may not know. The numbers are of the generic
// table, the same on x86-64 and aarch64. <linux/...> is not used: it clashes with the C library's
// headers, and musl-gcc does not find it.
#pragma once

#include <stdint.h>
#include <sys/syscall.h>

enum {
  K_OPEN_TREE = 428, K_MOVE_MOUNT, K_FSOPEN, K_FSCONFIG, K_FSMOUNT,
  K_PIDFD_OPEN = 434, K_CLONE3, K_CLOSE_RANGE, K_OPENAT2,
  K_MOUNT_SETATTR = 442,
};

enum {
  K_CLOSE_RANGE_CLOEXEC = 1 << 2,
  K_RESOLVE_NO_MAGICLINKS = 0x02, K_RESOLVE_IN_ROOT = 0x10,
  K_FSOPEN_CLOEXEC = 1, K_FSMOUNT_CLOEXEC = 1,
  K_FSCONFIG_SET_FLAG = 0, K_FSCONFIG_SET_STRING = 1, K_FSCONFIG_CMD_CREATE = 6,
  K_MOVE_MOUNT_F_EMPTY_PATH = 0x04, K_MOVE_MOUNT_T_EMPTY_PATH = 0x40,
  K_KEYCTL_JOIN_SESSION_KEYRING = 1,
  K_CLONE_PIDFD = 0x1000, K_CAPABILITY_VERSION_3 = 0x20080522,
  K_SECCOMP_SET_MODE_FILTER = 1, K_BPF_INSTRUCTION = 8, K_BPF_INSTRUCTIONS_MAX = 4096,
};

#define K_CLONE_INTO_CGROUP 0x200000000ULL

struct kernel_clone_args {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  uint64_t set_tid, set_tid_size, cgroup;
};

struct kernel_open_how {
  uint64_t flags, mode, resolve;
};

struct kernel_bpf_program {
  uint16_t length; // in instructions
  const void *instructions;
};

struct kernel_mount_attr {
  uint64_t attr_set, attr_clr, propagation, userns_fd;
};
