// Filters of system calls: installed before the program, and before whatever a plan does after them.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

enum { ALL = -1, ROOT = 0, SOMEBODY = 1000 };

// Denies one system call, or all of them, with this errno.
static void filter(int64_t flags, long call, int error) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | (call == ALL ? BPF_JGE : BPF_JEQ) | BPF_K,
               call == ALL ? 0 : (uint32_t)call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  STEP(OP_SECCOMP, "ib", flags, code, sizeof code);
}

static void child(int64_t user) {
  if (!init.socket) init_enter(&init, CLONE_NEWPID | CLONE_NEWNS);
  child_begin(5);
  if (user != ROOT) {
    STEP(OP_USER, "ii", user, user);
    STEP(OP_NO_NEW_PRIVS, "");
  }
}

TEST(a_filter_is_in_force_in_the_program) {
  child(SOMEBODY);
  filter(0, SYS_getgroups, EXDEV);
  child_exec("status", "NoNewPrivs", "Seccomp", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "NoNewPrivs:\t1\nSeccomp:\t2\n");
  child(ROOT);
  STEP(OP_GROUPS, "v", ((char *[]){"7", NULL}));
  child_exec("ids", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "uid 0 0 gid 0 0 groups 7\n");
  child(ROOT);
  STEP(OP_GROUPS, "v", ((char *[]){"7", NULL}));
  filter(SECCOMP_FILTER_FLAG_LOG, SYS_getgroups, EXDEV);
  child_exec("ids", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "uid 0 0 gid 0 0 groups\n");
  init_kill(&init);
}

TEST(steps_after_a_filter_are_subject_to_it) {
  child(ROOT);
  filter(0, SYS_setresuid, EXDEV);
  STEP(OP_USER, "ii", I(SOMEBODY), I(SOMEBODY));
  child_exec("exit", "0", NULL);
  plan_fails(&init, 2, "setresuid", EXDEV);
  child(ROOT);
  filter(0, SYS_execve, EXDEV);
  child_exec("exit", "0", NULL);
  plan_fails(&init, 2, "execve", EXDEV);
  init_kill(&init);
}

// What comes between the last step and execve is no step, so no filter has to allow it.
TEST(a_filter_needs_to_allow_nothing_but_execve) {
  long calls[] = {SYS_close_range, SYS_rt_sigaction, SYS_rt_sigprocmask};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    child(ROOT);
    filter(0, calls[i], EXDEV);
    child_exec("fds", NULL);
    REQUIRE_EQUAL(child_run(&init), 0);
    REQUIRE_TEXT(output, "0 1 2 \n");
  }
  init_kill(&init);
}

TEST(a_child_that_may_not_even_exit_ends_all_the_same) {
  child(ROOT);
  filter(0, ALL, EXDEV);
  child_exec("exit", "0", NULL);
  int status = child_run(&init);
  REQUIRE(WIFSIGNALED(status));
  round_trip(&init);
  init_kill(&init);
}

TEST(filters_that_the_kernel_does_not_take) {
  child(ROOT);
  STEP(OP_USER, "ii", I(SOMEBODY), I(SOMEBODY)); // and privileges not renounced
  filter(0, SYS_getgroups, EXDEV);
  child_exec("exit", "0", NULL);
  plan_fails(&init, 2, "seccomp", EACCES);
  child(ROOT);
  filter(1 << 30, SYS_getgroups, EXDEV);
  child_exec("exit", "0", NULL);
  plan_fails(&init, 1, "seccomp", EINVAL);
  static const char zeros[8 * 4097];
  size_t sizes[] = {0, 7, 8, 8 * 4096, sizeof zeros}; // no program ends without a return
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    child(ROOT);
    STEP(OP_SECCOMP, "ib", I(0), zeros, sizes[i]);
    child_exec("exit", "0", NULL);
    plan_fails(&init, 1, "seccomp", EINVAL);
  }
  init_kill(&init);
}
