package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sandboxd.sandbox.constraints.Text;
import jakarta.validation.constraints.Pattern;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * One more process in a living sandbox: the fields of {@link ProcessSpec}, and how the call is to
 * be answered.
 *
 * @param id a name for the process, of the same form as a sandbox's; absent, the daemon makes one;
 *     never {@code main}
 * @param waitForEnd (JSON: {@code wait}) true: answer when it has ended, with what it wrote;
 *     default false
 * @param input text that it reads from stdin, then end of file
 * @param inputBase64 the same for bytes that are not text; not both
 * @param maxOutput how much of each of stdout and stderr the answer holds; default 1 MiB, at most
 *     16 MiB
 */
public record ExecRequest(
    @Pattern(regexp = SandboxSpec.NAME, message = SandboxSpec.NAME_RULE) String id,
    @JsonProperty("wait") Boolean waitForEnd,
    @Text(max = MAX_INPUT, nul = true) String input,
    String inputBase64,
    ByteSize maxOutput,
    List<String> args,
    Map<String, String> env,
    String cwd,
    ProcessSpec.User user,
    Boolean tty,
    ProcessSpec.ConsoleSize consoleSize,
    String stdin,
    String output,
    ByteSize outputRetention,
    List<String> capabilities,
    Boolean noNewPrivileges,
    Map<String, ProcessSpec.Rlimit> rlimits,
    Integer umask,
    Integer oomScoreAdj,
    Resources resources,
    Duration timeout,
    Seccomp seccomp) {

  /** In bytes; who has more to feed writes to the process's stdin piece by piece. */
  public static final int MAX_INPUT = 16 << 20;

  public static final ByteSize DEFAULT_MAX_OUTPUT = new ByteSize(1 << 20);
  public static final ByteSize LARGEST_MAX_OUTPUT = new ByteSize(16 << 20);

  /** What is to be run, without how it is to be answered. */
  public ProcessSpec process() {
    return new ProcessSpec(
        args,
        env,
        cwd,
        user,
        tty,
        consoleSize,
        stdin,
        output,
        outputRetention,
        capabilities,
        noNewPrivileges,
        rlimits,
        umask,
        oomScoreAdj,
        resources,
        timeout,
        seccomp);
  }

  public boolean waits() {
    return Boolean.TRUE.equals(waitForEnd);
  }

  /** {@link #maxOutput} or its default, in bytes. */
  public long outputLimit() {
    return outputLimit(maxOutput);
  }

  /** What is given or, if that is null, the default, in bytes. */
  public static long outputLimit(ByteSize given) {
    return (given == null ? DEFAULT_MAX_OUTPUT : given).bytes();
  }

  /** What goes to stdin, or null if nothing does. Call it on a validated request only. */
  public byte[] inputBytes() {
    if (inputBase64 != null) {
      return Base64.getDecoder().decode(inputBase64);
    }
    return input == null ? null : input.getBytes(StandardCharsets.UTF_8);
  }
}
