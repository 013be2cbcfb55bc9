// sandbox-init: the first process of a sandbox. The daemon decides, this obeys: it has no policy,
// no defaults and no configuration, only plans that it is sent. It outlives the daemon, and keeps
// what became of its children until a daemon has acknowledged it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "channel.h"
#include "kernel.h"
#include "plan.h"
#include "processes.h"
#include "steps.h"

static unsigned char message[MESSAGE_MAX] __attribute__((aligned(64 << 10)));

// The one answer to a RUN, or to a SPAWN that came to no process; none while type is 0. Nothing is
// read before it is sent, so there is never a second one, and `failure` stays what it is.
static struct header answer;
static bool owes_ready;

static bool tell_answer(void) {
  size_t size = answer.type == MESSAGE_FAILED ? sizeof failure : 0;
  if (answer.type && channel_send(answer.type, answer.tag, &failure, size, -1)) answer.type = 0;
  return answer.type == 0;
}

static bool tell_ready(void) {
  uint32_t version = PROTOCOL_VERSION;
  if (owes_ready) owes_ready = !channel_send(MESSAGE_READY, 0, &version, sizeof version, -1);
  return !owes_ready;
}

static void tell(void) { channel_block(!(tell_answer() && processes_tell() && tell_ready())); }

static int check(const unsigned char *plan, size_t size, enum phase phase) {
  int bad = plan_check(plan, size, phase);
  // A child forked outside would not be init's any more after CLONE.
  if (phase == PHASE_SPAWN && clones == 0) bad = 0;
  if (bad == NO_BAD_STEP) return 0;
  refuse("plan", EBADMSG);
  failure.step = (uint32_t)bad;
  return -1;
}

static void run(uint32_t tag, const unsigned char *plan, size_t size) {
  unsigned before = clones;
  bool done = check(plan, size, PHASE_RUN) == 0 && plan_run(plan, size, PHASE_RUN) == 0;
  if (clones != before && channel_open() < 0) _exit(1);
  answer = (struct header){done ? MESSAGE_DONE : MESSAGE_FAILED, tag};
}

static void spawn(uint32_t tag, int32_t keep, const unsigned char *plan, size_t size) {
  if (check(plan, size, PHASE_SPAWN) < 0 || process_spawn(tag, keep, plan, size) < 0) {
    answer = (struct header){MESSAGE_FAILED, tag};
  }
}

static void obey(size_t size) {
  struct header header;
  uint32_t signal[2];
  int32_t keep;
  if (size < sizeof header) return channel_drop();
  memcpy(&header, message, sizeof header);
  const unsigned char *body = message + sizeof header;
  size -= sizeof header;
  switch (header.type) {
    case MESSAGE_RUN: return run(header.tag, body, size);
    case MESSAGE_SPAWN:
      if (size < sizeof keep) break;
      memcpy(&keep, body, sizeof keep);
      return spawn(header.tag, keep, body + sizeof keep, size - sizeof keep);
    case MESSAGE_ACK:
      if (size != 0) break;
      return process_acknowledge(header.tag);
    case MESSAGE_RELEASE:
      if (size != 0) break;
      return process_release(header.tag);
    case MESSAGE_SIGNAL:
      if (size != sizeof signal) break;
      memcpy(signal, body, sizeof signal);
      return process_signal(header.tag, (int)signal[0], signal[1] != 0);
  }
  channel_drop();
}

static void receive(void) {
  size_t size = channel_receive(message, sizeof message);
  if (size == 0) return;
  obey(size);
  slots_close();
  if (size > MESSAGE_RESIDENT) {
    madvise(message + MESSAGE_RESIDENT, sizeof message - MESSAGE_RESIDENT, MADV_DONTNEED);
  }
}

static void accept_all(void) {
  while (channel_accept()) {
    answer.type = 0; // it was for the one before
    owes_ready = true;
    processes_owe_all();
  }
}

// None is to reach init but by its descriptors. Who has started it may ignore some, which all its
// processes would inherit: so here rather than in each of them.
static bool quiet_signals(void) {
  uint64_t all = ~0ULL;
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all) < 0) return false;
  uint64_t none[4] = {0}; // the kernel's sigaction: SIG_DFL, no flags, no restorer, empty mask
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, none, NULL, 8);
  return true;
}

static bool start(void) {
  memset(slots, -1, sizeof slots);
  int flags = fcntl(LISTENER_FD, F_GETFL);
  setsid(); // refused if it leads a session already, and then there is no need
  return syscall(K_CLOSE_RANGE, LISTENER_FD + 1, ~0U, 0) == 0 &&
         quiet_signals() &&
         prctl(PR_SET_NAME, "sandbox-init", 0, 0, 0) == 0 && become_init() == 0 && flags >= 0 &&
         processes_open() == 0 &&
         fcntl(LISTENER_FD, F_SETFL, flags | O_NONBLOCK) == 0 &&
         fcntl(LISTENER_FD, F_SETFD, FD_CLOEXEC) == 0 && channel_open() == 0;
}

// One argument: it has a name, which is in there. Two: the second is as long as a name can be.
int main(int argc, char **argv) {
  if (argc > 1) unnamed = argv[1];
  if (!start()) _exit(1);
  for (;;) {
    int event = channel_wait();
    switch (event) {
      case EVENT_LISTENER: accept_all(); break;
      case EVENT_CONNECTION: receive(); break;
      case EVENT_CHILDREN: processes_reap(); break;
      default: process_pipe_ready(event);
    }
    tell();
  }
}
