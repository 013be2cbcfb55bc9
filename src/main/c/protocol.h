// What daemon and init say to each other: SOCK_SEQPACKET datagrams in native byte order, packed.
// Every number here has its twin in the daemon's Java code; neither may change alone.
#pragma once

#include <stdint.h>

enum {
  PROTOCOL_VERSION = 5, // 3: OP_SECCOMP; 4: OP_NAME; 5: OP_CLONE_INTO
  LISTENER_FD = 3,
  MESSAGE_MAX = 1 << 20,
  MESSAGE_RESIDENT = 16 << 10, // what a longer message took beyond this goes back to the kernel
  SLOTS = 64,                  // file descriptors that one plan can hold
  PLAN_STEPS_MAX = 1024,
  VECTOR_MAX = 16383, // strings in one vector; two of them, NULLs included, fit the pointer pool
  PROCESSES_MAX = 4096, // fewer where the hard limit of open files is below 12,416
  KEEP_NOTHING = -1,
};

// The body of a RUN is a plan. That of a SPAWN is an int32_t and a plan: the slot of a descriptor
// that init keeps for the process, or KEEP_NOTHING. It is one that a daemon which comes back could
// not open again: a pipe to standard input, the master of a terminal. It is closed by RELEASE, by
// the ACK of the process's exit, and when the plan has failed; until then each new connection is
// given a copy of it by KEPT, ahead of the RUNNING or EXITED of the process.
enum message_type {
  MESSAGE_RUN = 1, MESSAGE_SPAWN, MESSAGE_ACK, MESSAGE_SIGNAL, MESSAGE_RELEASE, // from the daemon
  MESSAGE_READY = 16, MESSAGE_DONE, MESSAGE_FAILED, MESSAGE_SPAWNED, MESSAGE_EXITED,
  MESSAGE_RUNNING, MESSAGE_BORN, MESSAGE_KEPT,
};

struct header {
  uint32_t type, tag;
};

// The step of a plan that failed: its index, errno, and the system call's name, padded with NULs.
struct failure {
  uint32_t step, error;
  char call[16];
};

struct exit_report {
  uint32_t wait_status;
  uint64_t user_us, system_us, max_rss_kib;
  uint64_t ended_us; // CLOCK_REALTIME: the daemon may hear of it much later
} __attribute__((packed));

enum opcode {
  OP_WRITE_FD = 1, OP_WRITE_FILE, OP_SETNS, OP_UNSHARE, OP_CLONE, OP_IDS,
  OP_MOUNT, OP_OPEN, OP_OPEN_TREE, OP_MOUNT_SETATTR, OP_NEW_MOUNT, OP_ATTACH,
  OP_MAKE_DIRS, OP_MAKE_FILE, OP_SYMLINK, OP_FCHDIR, OP_PIVOT_ROOT, OP_UMOUNT, OP_CHDIR,
  OP_HOSTNAME, OP_DOMAINNAME, OP_LINK_UP, OP_CLOSE, OP_KEYRING, OP_SAVED_GID,
  OP_NAME, OP_CLONE_INTO,

  OP_STDIO = 32, OP_SETSID, OP_RLIMIT, OP_UMASK, OP_GROUPS, OP_USER,
  OP_BOUNDING, OP_CAPABILITIES, OP_AMBIENT, OP_KEEP_CAPS, OP_NO_NEW_PRIVS, OP_EXEC,
  OP_TERMINAL, OP_SECCOMP,
  OPCODES,
};
