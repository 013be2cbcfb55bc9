package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.JsonView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * One process of a sandbox, as clients see it and as it is kept in a file.
 *
 * @param version the form of the file, {@link StoredForm#VERSION}; not shown to clients
 * @param id {@code main}, or what the exec named it
 * @param seq its number in its sandbox from 1 on, never used twice; the name of its directory
 * @param pid on the host; null when it is not (yet) known
 * @param sandboxPid in the sandbox's pid namespace
 * @param args the command as it was asked for
 * @param exit null while it runs
 * @param usage null while it runs
 */
@JsonPropertyOrder({"version", "id", "seq", "pid", "sandboxPid", "args", "state"})
public record ProcessStatus(
    @JsonView(StoredForm.class) int version,
    String id,
    int seq,
    Integer pid,
    Integer sandboxPid,
    List<String> args,
    State state,
    Instant startedAt,
    Instant exitedAt,
    ExitStatus exit,
    Usage usage) {
  public static final String MAIN = "main";

  /** Whether there is still something to signal. */
  public enum State {
    RUNNING,
    EXITED;

    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What it took, itself and the children it waited for (getrusage(2)).
   *
   * @param cpuSeconds user and system time
   * @param maxRssBytes the largest resident set
   * @param wallSeconds from start to exit
   */
  public record Usage(double cpuSeconds, long maxRssBytes, double wallSeconds) {}

  public static ProcessStatus running(
      String id, int seq, Integer pid, Integer sandboxPid, List<String> args, Instant startedAt) {
    return new ProcessStatus(
        StoredForm.VERSION,
        id,
        seq,
        pid,
        sandboxPid,
        List.copyOf(args),
        State.RUNNING,
        startedAt,
        null,
        null,
        null);
  }

  public ProcessStatus exited(Instant at, ExitStatus how, Usage used) {
    return new ProcessStatus(
        version, id, seq, pid, sandboxPid, args, State.EXITED, startedAt, at, how, used);
  }

  /** After a restart of the daemon the pid on the host may have to be found anew. */
  public ProcessStatus withPid(Integer hostPid) {
    return new ProcessStatus(
        version, id, seq, hostPid, sandboxPid, args, state, startedAt, exitedAt, exit, usage);
  }
}
