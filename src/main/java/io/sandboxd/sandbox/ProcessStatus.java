package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
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
 * @param tty whether it has a terminal
 * @param stdin {@code "null"} or {@code "pipe"}
 * @param output {@code "log"} or {@code "stream"}
 * @param exit null while it runs
 * @param usage null while it runs
 * @param terms what the daemon has to keep to; not shown to clients
 */
@JsonPropertyOrder({
  "version",
  "id",
  "seq",
  "pid",
  "sandboxPid",
  "args",
  "tty",
  "stdin",
  "output",
  "state"
})
public record ProcessStatus(
    @JsonView(StoredForm.class) int version,
    String id,
    int seq,
    Integer pid,
    Integer sandboxPid,
    List<String> args,
    boolean tty,
    String stdin,
    String output,
    State state,
    Instant startedAt,
    Instant exitedAt,
    ExitStatus exit,
    Usage usage,
    @JsonView(StoredForm.class) ProcessTerms terms) {
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
   * @param memoryPeakBytes the most that its own cgroup held; null when it had none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Usage(
      double cpuSeconds, long maxRssBytes, double wallSeconds, Long memoryPeakBytes) {}

  /**
   * One that is about to run.
   *
   * @param spec what was asked for
   */
  public static ProcessStatus starting(
      String id, int seq, ProcessSpec spec, Instant startedAt, ProcessTerms terms) {
    return new ProcessStatus(
        StoredForm.VERSION,
        id,
        seq,
        null,
        null,
        List.copyOf(spec.args()),
        spec.hasTerminal(),
        spec.stdin() == null ? "null" : spec.stdin(),
        spec.output() == null ? "log" : spec.output(),
        State.RUNNING,
        startedAt,
        null,
        null,
        null,
        terms);
  }

  /** As it was when it had just been started. */
  public ProcessStatus asStarted() {
    return with(pid, sandboxPid, State.RUNNING, null, null, null);
  }

  public ProcessStatus exited(Instant at, ExitStatus how, Usage used) {
    return with(pid, sandboxPid, State.EXITED, at, how, used);
  }

  /** The pid on the host may have to be found anew after a restart of the daemon. */
  public ProcessStatus withPids(Integer hostPid, Integer inside) {
    return with(hostPid, inside, state, exitedAt, exit, usage);
  }

  private ProcessStatus with(
      Integer hostPid, Integer inside, State now, Instant at, ExitStatus how, Usage used) {
    return new ProcessStatus(
        version, id, seq, hostPid, inside, args, tty, stdin, output, now, startedAt, at, how, used,
        terms);
  }

  /** Whether what it writes goes to one reader and is not stored. */
  public boolean streams() {
    return ProcessSpec.STREAM.equals(output);
  }
}
