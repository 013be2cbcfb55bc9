// The steps of RUN plans, each for real, in namespaces of its own; what they made is looked at from
// inside.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(write_fd_writes_to_the_slot) {
  init_enter(&init, NAMESPACES);
  int ends[2];
  char text[16] = {0};
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  begin();
  STEP(OP_WRITE_FD, "is", plan_fd(ends[1]), "hello");
  plan_done(&init);
  REQUIRE_EQUAL(read(ends[0], text, sizeof text), 5);
  REQUIRE_TEXT(text, "hello");
  close(ends[0]); // and SIGPIPE does no harm
  plan_fails(&init, 0, "write", EPIPE);
  begin();
  STEP(OP_WRITE_FD, "is", I(0), "no such slot");
  plan_fails(&init, 0, "write", EBADF);
  init_kill(&init);
}

TEST(write_file_writes_and_follows_no_link) {
  init_enter(&init, NAMESPACES);
  begin();
  STEP(OP_WRITE_FILE, "ss", "/proc/sys/net/ipv4/ip_forward", "1");
  plan_done(&init);
  REQUIRE_TEXT(probe("cat", "/proc/sys/net/ipv4/ip_forward"), "1");
  REQUIRE(symlink(probe_path, in_scratch("link")) == 0);
  REQUIRE(mkfifo(in_scratch("fifo"), 0600) == 0);
  begin();
  STEP(OP_CHDIR, "s", "/");
  STEP(OP_WRITE_FILE, "ss", in_scratch("link"), "1");
  plan_fails(&init, 1, "open", ELOOP);
  begin();
  STEP(OP_WRITE_FILE, "ss", in_scratch("fifo"), "1");
  plan_fails(&init, 0, "open", ENXIO);
  begin();
  STEP(OP_WRITE_FILE, "ss", in_scratch("absent"), "1");
  plan_fails(&init, 0, "open", ENOENT);
  begin();
  STEP(OP_WRITE_FILE, "ss", "/proc/sys/net/ipv4/ip_forward", "many");
  plan_fails(&init, 0, "write", EINVAL);
  init_kill(&init);
}

TEST(setns_joins_what_the_slot_names) {
  pid_t other = fork();
  if (other == 0) {
    raise(unshare(CLONE_NEWUTS) < 0 || sethostname("joined", 6) < 0 ? SIGKILL : SIGSTOP);
    _exit(0);
  }
  int status;
  char path[64];
  REQUIRE(waitpid(other, &status, WUNTRACED) == other && WIFSTOPPED(status));
  snprintf(path, sizeof path, "/proc/%d/ns/uts", other);
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  init_enter(&init, CLONE_NEWPID);
  begin();
  STEP(OP_SETNS, "ii", plan_fd(namespace), I(CLONE_NEWUTS));
  plan_done(&init);
  REQUIRE_TEXT(probe("cat", "/proc/sys/kernel/hostname"), "joined");
  plan_begin(MESSAGE_RUN, 7);
  STEP(OP_SETNS, "ii", plan_fd(namespace), I(CLONE_NEWNET));
  plan_fails(&init, 0, "setns", EINVAL);
  kill(other, SIGKILL);
  close(namespace);
  init_kill(&init);
}

TEST(unshare_and_time_offsets_before_clone) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  begin();
  STEP(OP_UNSHARE, "i", I(CLONE_NEWUTS | 0x80 /* CLONE_NEWTIME */));
  STEP(OP_WRITE_FILE, "ss", "/proc/self/timens_offsets", "boottime 3000000 0\n");
  STEP(OP_HOSTNAME, "s", "unshared");
  STEP(OP_CLONE, "i", I(CLONE_NEWPID));
  plan_send(&init);
  struct message done = expect(&init, MESSAGE_DONE, 7);
  init_ended(&init);
  init.pid = done.pid;
  REQUIRE(atoll(probe("uptime", "")) >= 3000000);
  REQUIRE_TEXT(probe("cat", "/proc/sys/kernel/hostname"), "unshared");
  begin();
  STEP(OP_UNSHARE, "i", I(1));
  plan_fails(&init, 0, "unshare", EINVAL);
  init_kill(&init);
}

TEST(clone_may_be_done_twice_but_not_beside_processes) {
  init_enter(&init, CLONE_NEWNS);
  begin();
  STEP(OP_CLONE, "i", CLONE_NEWPID | CLONE_NEWUTS);
  STEP(OP_HOSTNAME, "s", "inner");
  plan_send(&init);
  struct message done = expect(&init, MESSAGE_DONE, 7);
  REQUIRE(done.pid != init.pid);
  REQUIRE_EQUAL(init_ended(&init), 0);
  init.pid = done.pid;
  REQUIRE_TEXT(probe("cat", "/proc/sys/kernel/hostname"), "inner");
  init_kill(&init);

  init_enter(&init, CLONE_NEWNS);
  child_begin(5);
  child_exec("sleep", NULL);
  plan_send(&init);
  expect(&init, MESSAGE_SPAWNED, 5);
  begin();
  STEP(OP_CLONE, "i", CLONE_NEWPID);
  plan_fails(&init, 0, "clone3", EBUSY);
  send_signal(&init, 5, SIGKILL, 0);
  expect_exit(&init, 5);
  init_kill(&init);
}

enum { CGROUP2_MAGIC = 0x63677270 }; // of linux/magic.h

// Where cgroup v2 is, by itself or beside v1; NULL if it is nowhere.
static const char *cgroup2(void) {
  const char *places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  struct statfs found;
  for (int i = 0; i < 2; i++) {
    if (statfs(places[i], &found) == 0 && found.f_type == CGROUP2_MAGIC) return places[i];
  }
  return NULL;
}

TEST(clone_into_has_init_born_in_the_cgroup) {
  const char *mount = cgroup2();
  if (!mount) SKIP("there is no cgroup v2");
  char directory[128], file[64], wanted[64], line[256] = "";
  snprintf(directory, sizeof directory, "%s/sandbox-init-%d", mount, getpid());
  snprintf(wanted, sizeof wanted, "0::/sandbox-init-%d\n", getpid());
  if (mkdir(directory, 0700) < 0 && errno == EROFS) SKIP("cgroup v2 is read-only here");
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  begin();
  int group = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  STEP(OP_CLONE_INTO, "ii", I(CLONE_NEWPID), plan_fd(group));
  STEP(OP_UNSHARE, "i", I(CLONE_NEWCGROUP));
  plan_send(&init);
  struct message done = expect(&init, MESSAGE_DONE, 7);
  close(group);
  init_ended(&init);
  init.pid = done.pid;
  snprintf(file, sizeof file, "/proc/%d/cgroup", init.pid);
  FILE *stream = fopen(file, "re");
  bool found = false;
  while (stream && fgets(line, sizeof line, stream)) found = found || strstr(line, wanted);
  if (stream) fclose(stream);
  init_kill(&init);
  REQUIRE_EQUAL(rmdir(directory), 0);
  REQUIRE(found);
}

TEST(clone_into_takes_a_cgroup) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  begin();
  int other = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  STEP(OP_CLONE_INTO, "ii", I(CLONE_NEWPID), plan_fd(other));
  plan_fails(&init, 0, "clone3", EBADF);
  close(other);
  round_trip(&init);
  init_kill(&init);
}

TEST(clone_that_fails_leaves_the_init_that_was) {
  init_start(&init);
  init_connect(&init);
  expect(&init, MESSAGE_READY, 0);
  begin();
  STEP(OP_CLONE, "i", I(CLONE_NEWNS | CLONE_FS));
  plan_fails(&init, 0, "clone3", EINVAL);
  begin();
  STEP(OP_CLONE, "i", CLONE_NEWNS);
  STEP(OP_CHDIR, "s", "/absent");
  plan_send(&init);
  struct message failed = expect(&init, MESSAGE_FAILED, 7); // told by the new one
  REQUIRE_EQUAL(failed.body[0], 1);
  init_ended(&init);
  init.pid = failed.pid;
  round_trip(&init);
  init_kill(&init);
}

TEST(ids_become_root_of_the_user_namespace) {
  init_enter(&init, CLONE_NEWUSER | CLONE_NEWPID);
  child_begin(5);
  child_exec("ids", NULL);
  REQUIRE_EQUAL(child_run(&init), 0);
  REQUIRE_TEXT(output, "uid 65534 65534 gid 65534 65534 groups\n");
  begin();
  STEP(OP_IDS, "ii", I(0), I(0));
  plan_done(&init);
  REQUIRE_TEXT(probe("ids", ""), "uid 0 0 gid 0 0 groups");
  struct stat owner;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d", init.pid);
  REQUIRE(stat(path, &owner) == 0);
  REQUIRE_EQUAL(owner.st_uid, 100000);
  snprintf(path, sizeof path, "/proc/%d/fd", init.pid);
  REQUIRE(stat(path, &owner) == 0);
  REQUIRE_EQUAL(owner.st_uid, 0); // not dumpable: nobody inside gets at it
  begin();
  STEP(OP_IDS, "ii", I(70000), I(0));
  plan_fails(&init, 0, "setresuid", EINVAL);
  begin();
  STEP(OP_IDS, "ii", I(0), I(70000));
  plan_fails(&init, 0, "setresgid", EINVAL);
  init_kill(&init);
}

TEST(host_and_domain_names_and_links) {
  init_enter(&init, NAMESPACES);
  begin();
  STEP(OP_HOSTNAME, "s", "web");
  STEP(OP_DOMAINNAME, "s", "example");
  STEP(OP_LINK_UP, "s", "lo");
  plan_done(&init);
  REQUIRE_TEXT(probe("cat", "/proc/sys/kernel/hostname"), "web");
  REQUIRE_TEXT(probe("cat", "/proc/sys/kernel/domainname"), "example");
  probe("cat", "/proc/net/route"); // the same net namespace; lo is no route there, but here:
  probe("cat", "/proc/net/if_inet6");
  if (access("/proc/net/if_inet6", F_OK) == 0) REQUIRE(strstr(output, " lo"));
  char long_name[100];
  memset(long_name, 'x', sizeof long_name);
  long_name[99] = 0;
  begin();
  STEP(OP_HOSTNAME, "s", long_name);
  plan_fails(&init, 0, "sethostname", EINVAL);
  begin();
  STEP(OP_DOMAINNAME, "s", long_name);
  plan_fails(&init, 0, "setdomainname", EINVAL);
  begin();
  STEP(OP_LINK_UP, "s", long_name);
  plan_fails(&init, 0, "ioctl", ENODEV);
  begin();
  STEP(OP_LINK_UP, "s", "eth7");
  plan_fails(&init, 0, "ioctl", ENODEV);
  init_kill(&init);
}

TEST(open_fchdir_and_close) {
  init_enter(&init, NAMESPACES);
  begin();
  STEP(OP_OPEN, "isi", I(9), scratch, I(O_PATH | O_DIRECTORY));
  STEP(OP_FCHDIR, "i", I(9));
  STEP(OP_CLOSE, "i", I(9));
  plan_done(&init);
  REQUIRE_TEXT(probe("owner", "probe"), "0:0 100755");
  begin();
  STEP(OP_FCHDIR, "i", I(9));
  plan_fails(&init, 0, "fchdir", EBADF);
  begin();
  STEP(OP_CLOSE, "i", I(9));
  plan_fails(&init, 0, "close", EBADF);
  begin();
  STEP(OP_OPEN, "isi", I(9), "/absent", I(O_RDONLY));
  plan_fails(&init, 0, "open", ENOENT);
  begin();
  STEP(OP_OPEN, "isi", I(9), probe_path, I(O_RDONLY));
  STEP(OP_FCHDIR, "i", I(9));
  plan_fails(&init, 1, "fchdir", ENOTDIR);
  init_kill(&init);
}
