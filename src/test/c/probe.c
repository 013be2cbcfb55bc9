// The program that tests run inside: it does what its arguments say, and prints what it finds.
// Static, so that it runs in an empty root directory.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int result(const char *call, int value) {
  if (value < 0) printf("%s: %s\n", call, strerror(errno));
  return value < 0;
}

static int print_all(int fd) {
  char text[16384];
  for (ssize_t size; (size = read(fd, text, sizeof text)) > 0;) {
    fwrite(text, 1, (size_t)size, stdout);
  }
  return close(fd);
}

static int print_file(const char *path) {
  int fd = open(path, O_RDONLY);
  return fd < 0 ? result("open", -1) : print_all(fd);
}

// The lines of /proc/self/status that begin with the given words.
static int print_status(char **words) {
  char line[512];
  FILE *status = fopen("/proc/self/status", "r");
  if (!status) return result("open", -1);
  while (fgets(line, sizeof line, status)) {
    for (char **word = words; *word; word++) {
      size_t size = strlen(*word);
      if (strncmp(line, *word, size) == 0 && line[size] == ':') fputs(line, stdout);
    }
  }
  return fclose(status);
}

static int print_ids(void) {
  gid_t groups[64];
  int count = getgroups(64, groups);
  printf("uid %d %d gid %d %d groups", getuid(), geteuid(), getgid(), getegid());
  for (int i = 0; i < count; i++) printf(" %d", groups[i]);
  puts("");
  return 0;
}

static int print_fds(void) {
  struct stat ignored;
  for (int fd = 0; fd < 1024; fd++) {
    if (fstat(fd, &ignored) == 0) printf("%d ", fd);
  }
  puts("");
  return 0;
}

static int print_limit(int which) {
  struct rlimit limit;
  getrlimit(which, &limit);
  printf("%lld %lld\n", (long long)limit.rlim_cur, (long long)limit.rlim_max);
  return 0;
}

static int print_owner(const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0) return result("lstat", -1);
  printf("%d:%d %o\n", status.st_uid, status.st_gid, status.st_mode);
  return 0;
}

static int burn(void) {
  size_t size = 32 << 20;
  char *memory = malloc(size);
  memset(memory, 1, size);
  clock_t end = clock() + CLOCKS_PER_SEC / 20;
  for (unsigned i = 0; clock() < end; i++) memory[i % size]++;
  return memory[0] == 77;
}

// Children that outlive their parent, and end when the pipe on which they wait does.
static int leave_orphans(int count) {
  int ends[2];
  if (pipe(ends) < 0) return 1;
  for (int i = 0; i < count; i++) {
    if (fork() == 0) {
      char byte;
      close(ends[1]);
      _exit(read(ends[0], &byte, 1) == 0 ? 7 : 8);
    }
  }
  return 0;
}

static int fork_and_wait(void) {
  if (fork() != 0) printf("ready\n");
  fflush(stdout);
  while (pause()) continue;
  return 0;
}

static int use_terminal(void) {
  int terminal = open("/dev/tty", O_RDWR);
  if (terminal < 0) return result("open", -1);
  printf("%s %s\n", tcgetsid(terminal) == getpid() ? "mine" : "another's",
         tcgetpgrp(terminal) == getpgrp() ? "foreground" : "background");
  fflush(stdout);
  while (pause()) continue;
  return 0;
}

static int touch(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT, 0666);
  return fd < 0 ? result("open", fd) : close(fd);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "", *with = argc > 2 ? argv[2] : "";
  if (!strcmp(what, "exit")) return atoi(with);
  if (!strcmp(what, "die")) return raise(atoi(with));
  if (!strcmp(what, "cat")) return print_file(with);
  if (!strcmp(what, "copy")) return print_all(0);
  if (!strcmp(what, "terminal")) return use_terminal();
  if (!strcmp(what, "touch")) return touch(with);
  if (!strcmp(what, "rmdir")) return result("rmdir", rmdir(with));
  if (!strcmp(what, "unlink")) return result("unlink", unlink(with));
  if (!strcmp(what, "owner")) return print_owner(with);
  if (!strcmp(what, "status")) return print_status(argv + 2);
  if (!strcmp(what, "ids")) return print_ids();
  if (!strcmp(what, "fds")) return print_fds();
  if (!strcmp(what, "limit")) return print_limit(atoi(with));
  if (!strcmp(what, "burn")) return burn();
  if (!strcmp(what, "orphans")) return leave_orphans(atoi(with));
  if (!strcmp(what, "fork")) return fork_and_wait();
  if (!strcmp(what, "arguments")) {
    for (char **arg = argv; *arg; arg++) printf("[%s]", *arg);
    for (char **variable = environ; *variable; variable++) printf("{%s}", *variable);
    printf("\n");
    return 0;
  }
  if (!strcmp(what, "session")) {
    printf("%s\n", getsid(0) == getpid() && getpgrp() == getpid() ? "leader" : "member");
    return 0;
  }
  if (!strcmp(what, "uptime")) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    printf("%lld\n", (long long)now.tv_sec);
    return 0;
  }
  if (!strcmp(what, "sleep")) {
    printf("ready\n");
    fflush(stdout);
    while (pause()) continue;
  }
  return 2;
}
