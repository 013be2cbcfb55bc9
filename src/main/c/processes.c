#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "kernel.h"
#include "steps.h"

enum state { FREE, STARTING, RUNNING, FAILED, EXITED };

enum { OWES_KEPT = 1, OWES_RUNNING = 2, OWES_SPAWNED = 4, OWES_END = 8 }; // told in this order

// Processes are as few as leaves init the descriptors that it needs besides theirs: its own, the
// slots of one message, those of a moment. Without, no daemon could come back to have any closed.
enum { FILES_RESERVED = 2 * SLOTS, FILES_PER_PROCESS = 3 };

struct process {
  uint8_t state, owes;
  uint32_t tag;
  pid_t pid;
  int pipe;  // while STARTING; end of file means that the exec has succeeded
  int pidfd; // until SPAWNED is told
  int kept;  // the last output of a terminal is behind it, so it stays until ACK
  union {
    struct failure failure;
    struct exit_report exit;
  } end;
};

// Low entries are used first, so that no more pages are touched than there are processes.
static struct process processes[PROCESSES_MAX];
static int used; // all entries from here on are free
static int owing;
static struct rlimit files; // as init came with it, and as children have it

static void owe(struct process *process, int what) {
  if (what && !process->owes) owing++;
  if (!what && process->owes) owing--;
  process->owes = (uint8_t)what;
}

static void close_fd(int *fd) {
  close_owned(fd);
  *fd = -1;
}

static void close_all(struct process *process) {
  close_fd(&process->pipe);
  close_fd(&process->pidfd);
  close_fd(&process->kept);
}

static void forget(struct process *process) {
  owe(process, 0);
  close_all(process);
  process->state = FREE;
  while (used > 0 && processes[used - 1].state == FREE) used--;
}

static bool lives(const struct process *process) {
  return process->state == STARTING || process->state == RUNNING;
}

int processes_open(void) {
  if (prlimit(0, RLIMIT_NOFILE, NULL, &files) < 0) return -1;
  struct rlimit all = {files.rlim_max, files.rlim_max};
  return prlimit(0, RLIMIT_NOFILE, &all, NULL);
}

static struct process *by_tag(uint32_t tag) {
  for (int i = 0; i < used; i++) {
    if (processes[i].state != FREE && processes[i].tag == tag) return &processes[i];
  }
  return NULL;
}

static struct process *by_pid(pid_t pid) {
  for (int i = 0; i < used; i++) {
    if (lives(&processes[i]) && processes[i].pid == pid) return &processes[i];
  }
  return NULL;
}

static struct process *free_entry(void) {
  for (rlim_t i = 0; i < PROCESSES_MAX; i++) {
    if (files.rlim_max < FILES_RESERVED + (i + 1) * FILES_PER_PROCESS) return NULL;
    if (processes[i].state == FREE) return &processes[i];
  }
  return NULL;
}

static _Noreturn void run_child(uint32_t tag, const unsigned char *plan, size_t size, int report) {
  // Empty: what counts are the credentials that the kernel adds, with its pid as the daemon sees
  // it. Init knows only the one inside, and when SPAWNED is read the process may be gone.
  channel_send(MESSAGE_BORN, tag, NULL, 0, -1);
  channel_forget();
  // What is kept for others too: should this exec stall, the end of their input must not.
  for (int i = 0; i < used; i++) close_all(&processes[i]);
  prlimit(0, RLIMIT_NOFILE, &files, NULL); // the plan may set another
  plan_run(plan, size, PHASE_SPAWN);
  int code = write(report, &failure, sizeof failure) < 0 ? 126 : 127;
  // A filter that the plan installed may deny the exit too; an instruction that is none it cannot.
  syscall(SYS_exit_group, code);
  __builtin_trap();
}

int process_spawn(uint32_t tag, int32_t keep, const unsigned char *plan, size_t size) {
  if (keep != KEEP_NOTHING && (keep < 0 || keep >= SLOTS || slots[keep] < 0)) {
    return refuse("plan", EBADF);
  }
  if (by_tag(tag)) return refuse("fork", EEXIST);
  struct process *process = free_entry();
  if (!process) return refuse("fork", EAGAIN);
  int pipe[2], pidfd = -1;
  if (result_of("pipe2", pipe2(pipe, O_CLOEXEC | O_NONBLOCK)) < 0) return -1;

  // Not with CLONE_VM, as vfork would: then an exec that hangs in a hostile file would hang init.
  struct kernel_clone_args args = {
      .flags = K_CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
  pid_t pid = result_of("fork", syscall(K_CLONE3, &args, sizeof args));
  if (pid == 0) run_child(tag, plan, size, pipe[1]);
  close(pipe[1]);
  if (pid < 0) {
    close(pipe[0]);
    return -1;
  }
  int index = (int)(process - processes);
  if (index >= used) used = index + 1;
  *process = (struct process){
      .state = STARTING, .tag = tag, .pid = pid, .pipe = pipe[0], .pidfd = pidfd, .kept = -1};
  if (keep != KEEP_NOTHING) {
    process->kept = slots[keep];
    slots[keep] = -1;
  }
  if (result_of("epoll_ctl", channel_watch(pipe[0], index)) < 0) {
    kill(pid, SIGKILL);
    forget(process);
    return -1;
  }
  return 0;
}

void process_pipe_ready(int index) {
  struct process *process = &processes[index];
  if (process->state != STARTING) return;
  ssize_t size = read(process->pipe, &process->end.failure, sizeof process->end.failure);
  if (size < 0) return;
  close_fd(&process->pipe);
  if (size == sizeof process->end.failure) {
    process->state = FAILED;
    close_all(process);
    owe(process, OWES_END);
  } else {
    process->state = RUNNING;
    owe(process, process->owes | OWES_SPAWNED);
  }
}

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void processes_reap(void) {
  int status;
  struct rusage usage;
  for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &usage)) > 0;) {
    struct process *process = by_pid(pid);
    if (!process) continue;
    // Its end of the pipe is closed by now, so this decides between RUNNING and FAILED.
    process_pipe_ready((int)(process - processes));
    if (process->state != RUNNING) continue;
    process->state = EXITED;
    process->end.exit = (struct exit_report){
        .wait_status = (uint32_t)status,
        .user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec,
        .system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec,
        .max_rss_kib = (uint64_t)usage.ru_maxrss,
        .ended_us = now_us(),
    };
    owe(process, (process->owes & (OWES_KEPT | OWES_SPAWNED)) | OWES_END);
  }
}

void process_acknowledge(uint32_t tag) {
  struct process *process = by_tag(tag);
  if (process && process->state == EXITED) forget(process);
}

void process_release(uint32_t tag) {
  struct process *process = by_tag(tag);
  if (process) close_fd(&process->kept);
}

void process_signal(uint32_t tag, int signal, bool group) {
  struct process *process = by_tag(tag);
  if (process && lives(process)) kill(group ? -process->pid : process->pid, signal);
}

bool processes_exist(void) { return used > 0; }

void processes_owe_all(void) {
  for (int i = 0; i < used; i++) {
    struct process *process = &processes[i];
    if (process->state == FREE) continue;
    int first = process->kept < 0 ? 0 : OWES_KEPT;
    owe(process, first | (lives(process) ? OWES_RUNNING : OWES_END));
    // One that is STARTING will owe SPAWNED to the new connection too, and a pidfd with it.
    if (process->state != STARTING) close_fd(&process->pidfd);
  }
}

static bool tell_pid(const struct process *process, enum message_type type, int pidfd) {
  uint32_t pid = (uint32_t)process->pid;
  return channel_send(type, process->tag, &pid, sizeof pid, pidfd);
}

static bool tell(struct process *process) {
  if (process->owes & OWES_KEPT) {
    if (!channel_send(MESSAGE_KEPT, process->tag, NULL, 0, process->kept)) return false;
    owe(process, process->owes & ~OWES_KEPT);
  }
  if (process->owes & OWES_RUNNING) {
    int pidfd = (int)syscall(K_PIDFD_OPEN, process->pid, 0);
    if (pidfd < 0) channel_drop(); // too many open files, and waiting would not better that
    bool sent = tell_pid(process, MESSAGE_RUNNING, pidfd);
    close_fd(&pidfd);
    if (!sent) return false;
    owe(process, process->owes & ~OWES_RUNNING);
  }
  if (process->owes & OWES_SPAWNED) {
    if (!tell_pid(process, MESSAGE_SPAWNED, process->pidfd)) return false;
    close_fd(&process->pidfd);
    owe(process, process->owes & ~OWES_SPAWNED);
  }
  if (process->owes & OWES_END) {
    bool failed = process->state == FAILED;
    if (!channel_send(failed ? MESSAGE_FAILED : MESSAGE_EXITED, process->tag, &process->end,
                      failed ? sizeof process->end.failure : sizeof process->end.exit, -1)) {
      return false;
    }
    owe(process, 0);
    if (failed) forget(process);
  }
  return true;
}

bool processes_tell(void) {
  for (int i = 0; owing > 0 && i < used; i++) {
    if (processes[i].owes && !tell(&processes[i])) return false;
  }
  return true;
}
