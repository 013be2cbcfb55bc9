// The steps of SPAWN plans: what a child looks like when it has become its program.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"
#include "harness.h"

static struct init init;

static const int64_t NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

static void child(void) {
  if (!init.socket) init_enter(&init, NAMESPACES);
  child_begin(5);
}

static void prints(const char *wanted) {
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, wanted);
}

// The child's plan fails at its second step, the one after STDIO.
static void fails(const char *call, int error) {
  child_exec("exit", "0", NULL);
  plan_fails(&init, 1, call, error);
  for (int i = 0; i < 2; i++) close(writer.fds[i]);
}

TEST(exec_passes_arguments_and_environment) {
  child();
  child_exec("arguments", "", "two words", "\t\"*", NULL);
  prints("[probe][arguments][][two words][\t\"*]{SET=by the test}\n");
  char *paths[] = {probe_path, NULL}, *none[] = {NULL};
  child();
  STEP(OP_EXEC, "vvv", paths, none, none); // the kernel makes an empty name of no arguments
  REQUIRE_EQUAL(WEXITSTATUS(child_run(&init)), 2);
  init_kill(&init);
}

TEST(exec_tries_each_path) {
  char directory[96], plain[96], text[96], below[96];
  snprintf(directory, sizeof directory, "%s/directory", scratch);
  snprintf(plain, sizeof plain, "%s/plain", scratch);
  snprintf(text, sizeof text, "%s/text", scratch);
  snprintf(below, sizeof below, "%s/plain/x", scratch);
  REQUIRE(mkdir(directory, 0755) == 0 && mknod(plain, S_IFREG | 0644, 0) == 0);
  REQUIRE(mknod(text, S_IFREG | 0755, 0) == 0);
  struct {
    char *paths[4];
    int error;
  } cases[] = {
      {{"/absent", "/dev/null/x", probe_path}, 0},
      {{directory, plain, probe_path}, 0},
      {{plain, "/absent"}, EACCES},
      {{directory, below}, EACCES},
      {{"/absent"}, ENOENT},
      {{"/absent", below}, ENOTDIR},
      {{""}, ENOENT},
      {{NULL}, ENOENT},
      {{text, probe_path}, ENOEXEC},
      {{plain, text}, ENOEXEC},
  };
  char *argv[] = {"probe", "exit", "42", NULL}, *none[] = {NULL};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    child();
    STEP(OP_EXEC, "vvv", cases[i].paths, argv, none);
    if (cases[i].error == 0) REQUIRE_EQUAL(WEXITSTATUS(child_run(&init)), 42);
    else plan_fails(&init, 1, "execve", cases[i].error);
  }
  init_kill(&init);
}

TEST(a_child_has_three_fds_and_no_blocked_or_ignored_signals) {
  signal(SIGINT, SIG_IGN); // as a daemon may have left it
  child();
  child_exec("fds", NULL);
  prints("0 1 2 \n");
  child();
  child_exec("status", "SigBlk", "SigIgn", "SigCgt", NULL);
  prints("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
  init_kill(&init);
}

TEST(a_child_writes_to_a_slot_before_exec) {
  char path[96], zero;
  snprintf(path, sizeof path, "%s/procs", scratch);
  child();
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int64_t slot = plan_fd(file);
  STEP(OP_USER, "ii", I(1000), I(1000)); // who could not open it
  STEP(OP_WRITE_FD, "is", slot, "0");
  child_exec("fds", NULL);
  prints("0 1 2 \n");
  REQUIRE(pread(file, &zero, 1, 0) == 1 && zero == '0');
  close(file);
  child();
  STEP(OP_WRITE_FD, "is", I(9), "0");
  fails("write", EBADF);
  init_kill(&init);
}

TEST(stdio_comes_from_the_slots) {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  child();
  STEP(OP_STDIO, "iii", I(1), I(1), plan_fd(ends[1]));
  child_exec("fds", NULL); // to nowhere, now
  prints("");
  child();
  STEP(OP_STDIO, "iii", I(0), I(0), I(9));
  fails("dup2", EBADF);
  init_kill(&init);
}

TEST(without_stdio_a_child_has_dev_null) {
  child();
  plan_begin(MESSAGE_SPAWN, 5);
  child_exec("exit", "3", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 5);
  REQUIRE_EQUAL(WEXITSTATUS(expect_exit(&init, 5).wait_status), 3);
  init_kill(&init);
}

TEST(setsid_makes_a_leader) {
  child();
  child_exec("session", NULL);
  prints("member\n");
  child();
  STEP(OP_SETSID, "");
  child_exec("session", NULL);
  prints("leader\n");
  child();
  STEP(OP_SETSID, "");
  STEP(OP_SETSID, "");
  child_exec("exit", NULL);
  plan_fails(&init, 2, "setsid", EPERM);
  init_kill(&init);
}

TEST(rlimits) {
  char number[16];
  snprintf(number, sizeof number, "%d", RLIMIT_CORE);
  child();
  STEP(OP_RLIMIT, "iii", I(RLIMIT_CORE), I(1000), I(2000));
  child_exec("limit", number, NULL);
  prints("1000 2000\n");
  struct rlimit now;
  getrlimit(RLIMIT_CORE, &now);
  if (now.rlim_max == RLIM_INFINITY) {
    child();
    STEP(OP_RLIMIT, "iii", I(RLIMIT_CORE), I(-1), I(-1));
    child_exec("limit", number, NULL);
    prints("-1 -1\n");
  }
  child();
  STEP(OP_RLIMIT, "iii", I(RLIMIT_CORE), I(2), I(1));
  fails("prlimit64", EINVAL);
  child();
  STEP(OP_RLIMIT, "iii", I(99), I(1), I(1));
  fails("prlimit64", EINVAL);
  init_kill(&init);
}

TEST(a_child_has_the_limit_of_open_files_that_init_came_with) {
  char number[16], hard[64];
  struct rlimit files;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = 500;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  snprintf(number, sizeof number, "%d", RLIMIT_NOFILE);
  snprintf(hard, sizeof hard, "500 %lld\n", (long long)files.rlim_max);
  child();
  child_exec("limit", number, NULL);
  prints(hard);
  child();
  STEP(OP_RLIMIT, "iii", I(RLIMIT_NOFILE), I(600), I(700));
  child_exec("limit", number, NULL);
  prints("600 700\n");
  struct rlimit own;
  REQUIRE(prlimit(init.pid, RLIMIT_NOFILE, NULL, &own) == 0);
  REQUIRE(own.rlim_cur == files.rlim_max);
  init_kill(&init);
}

TEST(umask_and_chdir_of_a_child) {
  char directory[96];
  snprintf(directory, sizeof directory, "%s/here", scratch);
  REQUIRE(mkdir(directory, 0755) == 0);
  child();
  STEP(OP_CHDIR, "s", directory);
  STEP(OP_UMASK, "i", I(0137));
  child_exec("touch", "new", NULL);
  prints("");
  child();
  STEP(OP_CHDIR, "s", directory);
  child_exec("owner", "new", NULL);
  prints("0:0 100640\n");
  child();
  STEP(OP_CHDIR, "s", "/absent");
  fails("chdir", ENOENT);
  init_kill(&init);
}

TEST(a_child_writes_files_before_exec) {
  child();
  STEP(OP_WRITE_FILE, "ss", "/proc/self/comm", "renamed");
  child_exec("exit", "0", NULL);
  prints("");
  child();
  STEP(OP_WRITE_FILE, "ss", "/absent", "1");
  fails("open", ENOENT);
  init_kill(&init);
}

TEST(groups_and_users) {
  char *groups[] = {"0", "12", "4294967294", NULL}, *none[] = {NULL};
  child();
  STEP(OP_GROUPS, "v", groups);
  STEP(OP_USER, "ii", I(1000), I(1001));
  child_exec("ids", NULL);
  prints("uid 1000 1000 gid 1001 1001 groups 0 12 -2\n");
  child();
  STEP(OP_GROUPS, "v", groups);
  STEP(OP_GROUPS, "v", none);
  child_exec("ids", NULL);
  prints("uid 0 0 gid 0 0 groups\n");
  child();
  STEP(OP_GROUPS, "v", groups);
  STEP(OP_IDS, "ii", I(7), I(8));
  child_exec("ids", NULL);
  prints("uid 7 7 gid 8 8 groups\n");
  char *bad[] = {"", "-1", "+1", " 1", "1x", "x", "4294967295", "99999999999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *one[] = {"1", bad[i], NULL};
    child();
    STEP(OP_GROUPS, "v", one);
    fails("setgroups", EINVAL);
  }
  child();
  STEP(OP_USER, "ii", I(1000), I(1000));
  STEP(OP_USER, "ii", I(0), I(0));
  child_exec("exit", NULL);
  plan_fails(&init, 2, "setresgid", EPERM);
  init_kill(&init);
}

TEST(capabilities_of_root) {
  int64_t some = 0x4a1; // CHOWN, KILL, SETUID, NET_BIND_SERVICE
  child();
  STEP(OP_BOUNDING, "i", some | 1 << 8);
  STEP(OP_CAPABILITIES, "iii", some, some, I(0x400));
  child_exec("status", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", NULL);
  // To root, exec gives what is inherited and what is in the bounding set.
  prints("CapInh:\t0000000000000400\nCapPrm:\t00000000000005a1\nCapEff:\t00000000000005a1\n"
         "CapBnd:\t00000000000005a1\nCapAmb:\t0000000000000000\n");
  child();
  STEP(OP_CAPABILITIES, "iii", I(1), I(0), I(0)); // effective, but not permitted
  fails("capset", EPERM);
  child();
  STEP(OP_CAPABILITIES, "iii", I(0), I(0), I(0));
  STEP(OP_BOUNDING, "i", I(0)); // which takes CAP_SETPCAP
  child_exec("exit", NULL);
  plan_fails(&init, 2, "prctl", EPERM);
  init_kill(&init);
}

TEST(capabilities_of_another_user_are_ambient) {
  int64_t bind = 0x400, keep = bind | 1 << 6 | 1 << 7 | 1 << 8; // SETGID SETUID SETPCAP
  child();
  STEP(OP_KEEP_CAPS, "");
  STEP(OP_BOUNDING, "i", bind);
  STEP(OP_CAPABILITIES, "iii", keep, keep, bind);
  STEP(OP_USER, "ii", I(1000), I(1000));
  STEP(OP_CAPABILITIES, "iii", bind, bind, bind);
  STEP(OP_AMBIENT, "i", bind);
  STEP(OP_NO_NEW_PRIVS, "");
  child_exec("status", "Uid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", NULL);
  prints("Uid:\t1000\t1000\t1000\t1000\n"
         "CapInh:\t0000000000000400\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000400\n"
         "CapBnd:\t0000000000000400\nCapAmb:\t0000000000000400\nNoNewPrivs:\t1\n");
  child();
  STEP(OP_USER, "ii", I(1000), I(1000));
  child_exec("status", "CapPrm", "CapEff", "NoNewPrivs", NULL);
  prints("CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\n");
  child();
  STEP(OP_AMBIENT, "i", bind); // not inheritable
  fails("prctl", EPERM);
  init_kill(&init);
}
