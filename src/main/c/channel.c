#include "channel.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steps.h"

static int epoll = -1, children = -1, connection = -1;
static bool blocked;

static int watch(int operation, int fd, int event, uint32_t for_what) {
  struct epoll_event wanted = {.events = for_what, .data.fd = event};
  return epoll_ctl(epoll, operation, fd, &wanted);
}

int channel_open(void) {
  close_owned(&epoll);
  close_owned(&children);
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  // Edge-triggered, so that a connection for which there is no descriptor left is no busy loop.
  if (watch(EPOLL_CTL_ADD, LISTENER_FD, EVENT_LISTENER, EPOLLIN | EPOLLET) < 0) return -1;
  if (watch(EPOLL_CTL_ADD, children, EVENT_CHILDREN, EPOLLIN) < 0) return -1;
  return connection < 0 ? 0 : watch(EPOLL_CTL_ADD, connection, EVENT_CONNECTION, EPOLLIN);
}

void channel_forget(void) {
  close(epoll);
  close(children);
  close(LISTENER_FD);
  close_owned(&connection);
}

int channel_watch(int pipe, int index) { return watch(EPOLL_CTL_ADD, pipe, index, EPOLLIN); }

int channel_wait(void) {
  struct epoll_event event;
  while (epoll_wait(epoll, &event, 1, -1) != 1) continue;
  if (event.data.fd == EVENT_CHILDREN) {
    struct signalfd_siginfo ignored;
    while (read(children, &ignored, sizeof ignored) > 0) continue;
  }
  // Blocked, nothing is read, so the end of the connection is to be seen only here.
  if (event.data.fd == EVENT_CONNECTION && blocked && (event.events & (EPOLLHUP | EPOLLERR))) {
    channel_drop();
  }
  return event.data.fd;
}

bool channel_accept(void) {
  int fd = accept4(LISTENER_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return false;
  close_owned(&connection);
  connection = fd;
  blocked = false;
  if (watch(EPOLL_CTL_ADD, fd, EVENT_CONNECTION, EPOLLIN) < 0) channel_drop();
  return true;
}

void channel_drop(void) {
  if (clones == 0 || unnamed) _exit(1);
  close_owned(&connection);
  connection = -1;
  blocked = false;
}

size_t channel_receive(unsigned char *message, size_t room) {
  if (connection < 0 || blocked) return 0;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(SLOTS * sizeof(int))];
  } control;
  struct iovec data = {.iov_base = message, .iov_len = room};
  struct msghdr parts = {.msg_iov = &data,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
  ssize_t size = recvmsg(connection, &parts, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (size > 0) {
    struct cmsghdr *sent = CMSG_FIRSTHDR(&parts);
    if (sent && sent->cmsg_level == SOL_SOCKET && sent->cmsg_type == SCM_RIGHTS) {
      memcpy(slots, CMSG_DATA(sent), sent->cmsg_len - CMSG_LEN(0));
    }
    if (!(parts.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return (size_t)size;
  }
  slots_close();
  channel_drop();
  return 0;
}

bool channel_send(enum message_type type, uint32_t tag, const void *body, size_t size, int fd) {
  if (connection < 0) return false;
  struct header header = {type, tag};
  struct iovec data[] = {{&header, sizeof header}, {(void *)body, size}};
  struct msghdr parts = {.msg_iov = data, .msg_iovlen = size > 0 ? 2 : 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof fd)];
  } control = {0};
  if (fd >= 0) {
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    parts.msg_control = control.bytes;
    parts.msg_controllen = sizeof control.bytes;
  }
  if (sendmsg(connection, &parts, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  if (errno != EAGAIN && errno != EINTR) channel_drop();
  return false;
}

void channel_block(bool wanted) {
  if (connection < 0 || wanted == blocked) return;
  blocked = wanted;
  uint32_t events = blocked ? EPOLLOUT : EPOLLIN;
  if (watch(EPOLL_CTL_MOD, connection, EVENT_CONNECTION, events) < 0) channel_drop();
}
