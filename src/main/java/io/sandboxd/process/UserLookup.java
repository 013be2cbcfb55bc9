package io.sandboxd.process;

import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Syscalls;
import io.sandboxd.linux.Syscalls.FileKind;
import io.sandboxd.linux.Syscalls.FileState;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.SandboxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Who a process runs as, by the sandbox's own passwd(5) and group(5). Whoever rules the sandbox
 * writes those files, so they are opened without leaving its root, never waited for, and read up to
 * a limit.
 */
public final class UserLookup {
  private static final int MAX_FILE = 1024 * 1024;
  private static final int LEAST = 4096;
  private static final int MAX_GROUPS = 64;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

  /**
   * @param home null when the files do not say
   */
  public record Identity(long uid, long gid, List<Long> additionalGids, String home) {}

  private record User(String name, long uid, long gid, String home) {}

  private final Syscalls syscalls;
  private final Fd root;

  /**
   * @param root the sandbox's root directory
   */
  public UserLookup(Syscalls syscalls, Fd root) {
    this.syscalls = syscalls;
    this.root = root;
  }

  /**
   * @throws SandboxException {@code invalid_spec} when there is no such name
   */
  public Identity find(ProcessSpec.User asked) {
    IdOrName wanted = asked == null || asked.uid() == null ? IdOrName.of(0) : asked.uid();
    Optional<User> user =
        users()
            .filter(u -> wanted.isName() ? u.name().equals(wanted.name()) : u.uid() == wanted.id())
            .findFirst();
    if (wanted.isName() && user.isEmpty()) {
      throw SandboxException.invalid(
          "user.uid",
          "the sandbox's /etc/passwd has no user '" + wanted.name() + "': use a number");
    }
    long uid = wanted.isName() ? user.get().uid() : wanted.id();
    long gid =
        asked != null && asked.gid() != null
            ? group(asked.gid(), "user.gid")
            : user.map(User::gid).orElse(0L);
    List<Long> additional = new ArrayList<>();
    if (asked != null && asked.additionalGids() != null) {
      for (IdOrName group : asked.additionalGids()) {
        additional.add(group(group, "user.additionalGids"));
      }
    } else if (wanted.isName()) {
      additional.addAll(groupsOf(wanted.name()));
    }
    return new Identity(uid, gid, additional, user.map(User::home).orElse(null));
  }

  private long group(IdOrName group, String field) {
    if (!group.isName()) {
      return group.id();
    }
    return lines("etc/group")
        .filter(f -> f.length >= 3 && f[0].equals(group.name()))
        .flatMap(f -> number(f[2]).stream())
        .findFirst()
        .orElseThrow(
            () ->
                SandboxException.invalid(
                    field,
                    "the sandbox's /etc/group has no group '" + group.name() + "': use a number"));
  }

  private List<Long> groupsOf(String user) {
    return lines("etc/group")
        .filter(f -> f.length >= 4 && List.of(f[3].split(",")).contains(user))
        .flatMap(f -> number(f[2]).stream())
        .limit(MAX_GROUPS)
        .toList();
  }

  private Stream<User> users() {
    return lines("etc/passwd")
        .filter(f -> f.length >= 6 && number(f[2]).isPresent() && number(f[3]).isPresent())
        .map(f -> new User(f[0], number(f[2]).get(), number(f[3]).get(), f[5]));
  }

  /** Empty for what is no id; (uid_t) -1 is none: to setresuid(2) it means to leave it as it is. */
  private static Optional<Long> number(String text) {
    return NUMBER.matcher(text).matches()
        ? Optional.of(Long.valueOf(text)).filter(id -> id < IdOrName.IDS)
        : Optional.empty();
  }

  /**
   * The colon-separated fields of each line; none when there is no such file, or none that is fit
   * to be read.
   */
  private Stream<String[]> lines(String path) {
    int resolve = Syscalls.RESOLVE_IN_ROOT | Syscalls.RESOLVE_NO_MAGICLINKS;
    // Looked at before it is opened: opening a device, a terminal or a pipe does things.
    try (Fd found = syscalls.tryOpenat2(root, path, Syscalls.O_PATH, resolve)) {
      if (found == null) {
        return Stream.empty();
      }
      FileState state = syscalls.state(found);
      return state.kind() == FileKind.REGULAR ? read(found, state.size()) : Stream.empty();
    } catch (ErrnoException e) {
      return Stream.empty();
    }
  }

  private Stream<String[]> read(Fd found, long size) {
    int flags = Syscalls.O_RDONLY | Syscalls.O_NONBLOCK;
    try (Fd file = syscalls.open(found.procPath(), flags, 0)) {
      // Its size and one more byte, so that the end is seen. Some file systems say no size.
      ByteBuffer content = ByteBuffer.allocate((int) Math.max(LEAST, Math.min(MAX_FILE, size + 1)));
      while (content.hasRemaining() && syscalls.read(file, content) > 0) {
        // until the end or the limit
      }
      String text = new String(content.array(), 0, content.position(), StandardCharsets.UTF_8);
      return text.lines().map(line -> line.split(":", -1));
    }
  }
}
