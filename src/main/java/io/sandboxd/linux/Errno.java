package io.sandboxd.linux;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** errno(3): the numbers of Linux (the same on x86-64 and arm64), their names and texts. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int ECHILD = 10;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ERANGE = 34;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int ENOBUFS = 105;
  public static final int EDQUOT = 122;
  public static final int ENOEXEC = 8;

  /** What says that the host has too little of something, and not that a request is wrong. */
  private static final Set<Integer> SHORTAGES =
      Set.of(ENOMEM, ENFILE, EMFILE, ENOSPC, ENOBUFS, EDQUOT);

  private record Entry(String name, String message) {}

  private static final Map<Integer, Entry> ENTRIES =
      Map.ofEntries(
          Map.entry(1, new Entry("EPERM", "Operation not permitted")),
          Map.entry(2, new Entry("ENOENT", "No such file or directory")),
          Map.entry(3, new Entry("ESRCH", "No such process")),
          Map.entry(4, new Entry("EINTR", "Interrupted system call")),
          Map.entry(5, new Entry("EIO", "Input/output error")),
          Map.entry(6, new Entry("ENXIO", "No such device or address")),
          Map.entry(7, new Entry("E2BIG", "Argument list too long")),
          Map.entry(8, new Entry("ENOEXEC", "Exec format error")),
          Map.entry(9, new Entry("EBADF", "Bad file descriptor")),
          Map.entry(10, new Entry("ECHILD", "No child processes")),
          Map.entry(11, new Entry("EAGAIN", "Resource temporarily unavailable")),
          Map.entry(12, new Entry("ENOMEM", "Cannot allocate memory")),
          Map.entry(13, new Entry("EACCES", "Permission denied")),
          Map.entry(14, new Entry("EFAULT", "Bad address")),
          Map.entry(15, new Entry("ENOTBLK", "Block device required")),
          Map.entry(16, new Entry("EBUSY", "Device or resource busy")),
          Map.entry(17, new Entry("EEXIST", "File exists")),
          Map.entry(18, new Entry("EXDEV", "Invalid cross-device link")),
          Map.entry(19, new Entry("ENODEV", "No such device")),
          Map.entry(20, new Entry("ENOTDIR", "Not a directory")),
          Map.entry(21, new Entry("EISDIR", "Is a directory")),
          Map.entry(22, new Entry("EINVAL", "Invalid argument")),
          Map.entry(23, new Entry("ENFILE", "Too many open files in system")),
          Map.entry(24, new Entry("EMFILE", "Too many open files")),
          Map.entry(25, new Entry("ENOTTY", "Inappropriate ioctl for device")),
          Map.entry(26, new Entry("ETXTBSY", "Text file busy")),
          Map.entry(27, new Entry("EFBIG", "File too large")),
          Map.entry(28, new Entry("ENOSPC", "No space left on device")),
          Map.entry(29, new Entry("ESPIPE", "Illegal seek")),
          Map.entry(30, new Entry("EROFS", "Read-only file system")),
          Map.entry(31, new Entry("EMLINK", "Too many links")),
          Map.entry(32, new Entry("EPIPE", "Broken pipe")),
          Map.entry(33, new Entry("EDOM", "Numerical argument out of domain")),
          Map.entry(34, new Entry("ERANGE", "Numerical result out of range")),
          Map.entry(35, new Entry("EDEADLK", "Resource deadlock avoided")),
          Map.entry(36, new Entry("ENAMETOOLONG", "File name too long")),
          Map.entry(37, new Entry("ENOLCK", "No locks available")),
          Map.entry(38, new Entry("ENOSYS", "Function not implemented")),
          Map.entry(39, new Entry("ENOTEMPTY", "Directory not empty")),
          Map.entry(40, new Entry("ELOOP", "Too many levels of symbolic links")),
          Map.entry(71, new Entry("EPROTO", "Protocol error")),
          Map.entry(75, new Entry("EOVERFLOW", "Value too large for defined data type")),
          Map.entry(87, new Entry("EUSERS", "Too many users")),
          Map.entry(95, new Entry("EOPNOTSUPP", "Operation not supported")),
          Map.entry(
              EAFNOSUPPORT, new Entry("EAFNOSUPPORT", "Address family not supported by protocol")),
          Map.entry(98, new Entry("EADDRINUSE", "Address already in use")),
          Map.entry(99, new Entry("EADDRNOTAVAIL", "Cannot assign requested address")),
          Map.entry(100, new Entry("ENETDOWN", "Network is down")),
          Map.entry(101, new Entry("ENETUNREACH", "Network is unreachable")),
          Map.entry(103, new Entry("ECONNABORTED", "Software caused connection abort")),
          Map.entry(104, new Entry("ECONNRESET", "Connection reset by peer")),
          Map.entry(105, new Entry("ENOBUFS", "No buffer space available")),
          Map.entry(107, new Entry("ENOTCONN", "Transport endpoint is not connected")),
          Map.entry(110, new Entry("ETIMEDOUT", "Connection timed out")),
          Map.entry(111, new Entry("ECONNREFUSED", "Connection refused")),
          Map.entry(113, new Entry("EHOSTUNREACH", "No route to host")),
          Map.entry(114, new Entry("EALREADY", "Operation already in progress")),
          Map.entry(115, new Entry("EINPROGRESS", "Operation now in progress")),
          Map.entry(116, new Entry("ESTALE", "Stale file handle")),
          Map.entry(122, new Entry("EDQUOT", "Disk quota exceeded")),
          Map.entry(125, new Entry("ECANCELED", "Operation canceled")),
          Map.entry(90, new Entry("EMSGSIZE", "Message too long")));

  private Errno() {}

  /** Whether the same may work when there is more of what is scarce now: room, memory, files. */
  public static boolean isShortage(int errno) {
    return SHORTAGES.contains(errno);
  }

  /**
   * What was behind a failure of java.nio.file, which tells some by their type and the rest by
   * strerror(3) alone. A message in another language is EIO.
   */
  public static int of(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return ENOENT;
    }
    if (failure instanceof FileAlreadyExistsException) {
      return EEXIST;
    }
    if (failure instanceof AccessDeniedException) {
      return EACCES;
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return ENOTEMPTY;
    }
    String reason =
        failure instanceof FileSystemException told ? told.getReason() : failure.getMessage();
    return ENTRIES.entrySet().stream()
        .filter(entry -> Objects.equals(entry.getValue().message(), reason))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(EIO);
  }

  /** The symbolic name, e.g. {@code ENOENT}; {@code E12345} for a number that has none here. */
  public static String name(int errno) {
    Entry entry = ENTRIES.get(errno);
    return entry == null ? "E" + errno : entry.name();
  }

  /** strerror(3) in English. */
  public static String message(int errno) {
    Entry entry = ENTRIES.get(errno);
    return entry == null ? "Unknown error " + errno : entry.message();
  }
}
