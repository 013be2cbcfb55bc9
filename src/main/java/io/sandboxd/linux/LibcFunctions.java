package io.sandboxd.linux;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.SaveError;

/**
 * The C library's functions, as jnr-ffi binds them by name. Public only because the binding is
 * generated code.
 */
public interface LibcFunctions {
  @SaveError
  int open(String path, int flags, int mode);

  int close(int fd);

  @SaveError
  long read(int fd, Pointer buffer, long count);

  @SaveError
  long write(int fd, Pointer buffer, long count);

  @SaveError
  long pread(int fd, Pointer buffer, long count, long offset);

  @SaveError
  long lseek(int fd, long offset, int whence);

  @SaveError
  int ftruncate(int fd, long size);

  @SaveError
  int fallocate(int fd, int mode, long offset, long length);

  @SaveError
  int flock(int fd, int operation);

  @SaveError
  int statx(int dir, String path, int flags, int mask, Pointer state);

  @SaveError
  int fstatfs(int fd, Pointer state);

  @SaveError
  int pipe2(Pointer ends, int flags);

  @SaveError
  int inotify_init1(int flags);

  @SaveError
  int inotify_add_watch(int inotify, String path, int mask);

  int inotify_rm_watch(int inotify, int watch);

  @SaveError
  int ioctl(int fd, long request, Pointer argument);

  @SaveError
  int ioctl(int fd, long request, int argument);

  @SaveError
  int fchown(int fd, int uid, int gid);

  @SaveError
  int memfd_create(String name, int flags);

  @SaveError
  int fcntl(int fd, int command, int argument);

  @SaveError
  int socket(int domain, int type, int protocol);

  @SaveError
  int bind(int fd, Pointer address, int length);

  @SaveError
  int listen(int fd, int backlog);

  @SaveError
  int setns(int namespace, int type);

  @SaveError
  int connect(int fd, Pointer address, int length);

  @SaveError
  int setsockopt(int fd, int level, int option, Pointer value, int length);

  @SaveError
  int getsockopt(int fd, int level, int option, Pointer value, Pointer length);

  Pointer getgrnam(String name);

  @SaveError
  long sendmsg(int fd, Pointer message, int flags);

  @SaveError
  long recvmsg(int fd, Pointer message, int flags);

  int posix_spawn(
      Pointer pid, String path, Pointer actions, Pointer attributes, Pointer argv, Pointer envp);

  int posix_spawn_file_actions_init(Pointer actions);

  int posix_spawn_file_actions_destroy(Pointer actions);

  int posix_spawn_file_actions_addopen(Pointer actions, int fd, String path, int flags, int mode);

  int posix_spawn_file_actions_adddup2(Pointer actions, int fd, int newFd);

  int posix_spawnattr_init(Pointer attributes);

  int posix_spawnattr_destroy(Pointer attributes);

  int posix_spawnattr_setflags(Pointer attributes, short flags);

  int posix_spawnattr_setsigmask(Pointer attributes, Pointer mask);

  int kill(int pid, int signal);

  @SaveError
  int waitid(int idType, int id, Pointer info, int options);

  @SaveError
  int ioctl(int fd, long request);

  @SaveError
  int poll(Pointer fds, long count, int timeout);

  @SaveError
  int epoll_create1(int flags);

  @SaveError
  int epoll_ctl(int epoll, int operation, int fd, Pointer event);

  @SaveError
  int epoll_wait(int epoll, Pointer events, int max, int timeout);

  @SaveError
  int eventfd(int initial, int flags);

  // glibc has no wrapper, or only a recent one, for these; their numbers are the same on all
  // architectures.
  @SaveError
  long syscall(long number, long a, long b, long c, long d, long e);

  @SaveError
  long syscall(long number, long a, String b, long c, long d, long e);

  @SaveError
  long syscall(long number, long a, String b, Pointer c, long d, long e);

  @SaveError
  long syscall(long number, long a, String b, long c, Pointer d, long e);

  @SaveError
  long syscall(long number, long a, Pointer b, long c, long d, long e);
}
