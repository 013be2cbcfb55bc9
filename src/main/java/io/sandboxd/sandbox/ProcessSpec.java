package io.sandboxd.sandbox;

import io.sandboxd.sandbox.constraints.AbsolutePath;
import io.sandboxd.sandbox.constraints.Text;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/**
 * One process to run inside.
 *
 * @param args at least one; {@code args[0]} is looked up in PATH when it has no slash
 * @param env names to values; PATH, HOME and HOSTNAME have defaults
 * @param cwd absolute; default {@code /}
 * @param user default root inside
 * @param tty whether stdin, stdout and stderr are a terminal of its own (pty(7)), which also is its
 *     controlling terminal; default false
 * @param consoleSize of the terminal at the start; default 24 rows of 80 columns
 * @param stdin {@code "null"} (default): an empty one; {@code "pipe"}: what is fed to it while it
 *     runs. A terminal can be fed in any case.
 * @param output {@code "log"} (default): stored, with byte offsets; {@code "stream"}: a pipe to one
 *     reader, not stored
 * @param outputRetention how much of each output stream is kept, its end; 64 KiB to 1 TiB, default
 *     is the sandbox's
 * @param capabilities names like {@code CAP_NET_BIND_SERVICE}; null is the default set, empty is
 *     none
 * @param noNewPrivileges default true
 * @param rlimits by name in lower case without RLIMIT_, each a number, {@code "unlimited"} or
 *     {@code {"soft":…,"hard":…}}
 * @param umask 0 to 0777 (511); default 022 (18)
 * @param oomScoreAdj -1000 to 1000
 * @param resources limits of its own, within those of the sandbox; not {@code io}
 * @param timeout after which it is ended (TERM, then KILL)
 * @param seccomp which system calls it may make; default {@link Seccomp#DEFAULT}
 */
public record ProcessSpec(
    @NotEmpty(message = "must name a command: at least one string")
        @Size(max = 8_192, message = "can have at most 8192 strings")
        List<@NotNull(message = "must not be null") @Text(max = MAX_STRING) String> args,
    @Size(max = 4_096, message = "can have at most 4096 variables")
        Map<
                @Pattern(regexp = ENV_NAME, message = ENV_NAME_RULE) @Text(max = MAX_STRING) String,
                @NotNull(message = "must not be null") @Text(max = MAX_STRING) String>
            env,
    @AbsolutePath String cwd,
    @Valid User user,
    Boolean tty,
    @Valid ConsoleSize consoleSize,
    @Pattern(regexp = "null|pipe", message = "must be \"null\" or \"pipe\"") String stdin,
    @Pattern(regexp = "log|stream", message = "must be \"log\" or \"stream\"") String output,
    ByteSize outputRetention,
    @Size(max = 64, message = "can have at most 64 capabilities")
        List<@NotNull(message = "must not be null") @Text(max = 64) String> capabilities,
    Boolean noNewPrivileges,
    @Size(max = 16, message = "can have at most 16 limits: there are no more")
        Map<@Text(max = 64) String, @NotNull(message = "must not be null") Rlimit> rlimits,
    @Min(value = 0, message = UMASK_RULE) @Max(value = 0777, message = UMASK_RULE) Integer umask,
    @Min(value = -1_000, message = OOM_RULE) @Max(value = 1_000, message = OOM_RULE)
        Integer oomScoreAdj,
    @Valid Resources resources,
    @DurationMin(millis = 1, message = "must be a millisecond or more")
        @DurationMax(days = 3_650, message = "can be at most 3650 days")
        Duration timeout,
    @Valid Seccomp seccomp) {

  /** MAX_ARG_STRLEN of execve(2), less the NUL at the end. */
  public static final int MAX_STRING = 131_071;

  public static final String PIPE = "pipe";
  public static final String STREAM = "stream";

  /** Of a terminal whose size nobody has said. */
  public static final ConsoleSize DEFAULT_CONSOLE = new ConsoleSize(24, 80);

  public static final ByteSize LEAST_RETENTION = new ByteSize(64 << 10);
  public static final ByteSize MOST_RETENTION = new ByteSize(1L << 40);

  private static final String SIZE_RULE = "must be given: 1 to 65535";
  private static final String ENV_NAME = "[^=]+";
  private static final String ENV_NAME_RULE =
      "is not a variable's name: it must not be empty nor have an equals sign";
  private static final String UMASK_RULE = "must be 0 to 511 (octal 777)";
  private static final String OOM_RULE = "must be -1000 to 1000";

  /**
   * Numbers, or names that are looked up in the sandbox's own /etc/passwd and /etc/group.
   *
   * @param uid default 0
   * @param gid default the user's own group, 0 where there is none
   * @param additionalGids default none for numeric uids, the groups of /etc/group for names
   */
  public record User(
      IdOrName uid,
      IdOrName gid,
      @Size(max = 64, message = "can have at most 64 groups")
          List<@NotNull(message = "must not be null") IdOrName> additionalGids) {}

  /** Characters, 1 to 65535 (the kernel's {@code struct winsize}, as in the OCI runtime-spec). */
  public record ConsoleSize(
      @NotNull(message = SIZE_RULE)
          @Min(value = 1, message = SIZE_RULE)
          @Max(value = 65_535, message = SIZE_RULE)
          Integer height,
      @NotNull(message = SIZE_RULE)
          @Min(value = 1, message = SIZE_RULE)
          @Max(value = 65_535, message = SIZE_RULE)
          Integer width) {}

  /** The same with other capabilities. */
  public ProcessSpec withCapabilities(List<String> names) {
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
        names,
        noNewPrivileges,
        rlimits,
        umask,
        oomScoreAdj,
        resources,
        timeout,
        seccomp);
  }

  /** Whether it has a terminal. */
  public boolean hasTerminal() {
    return Boolean.TRUE.equals(tty);
  }

  /** Whether stdin can be fed while it runs. */
  public boolean takesInput() {
    return hasTerminal() || PIPE.equals(stdin);
  }

  /** Whether what it writes goes to one reader and is not stored. */
  public boolean streams() {
    return STREAM.equals(output);
  }

  /** setrlimit(2); -1 is unlimited. */
  public record Rlimit(long soft, long hard) {
    public static final long UNLIMITED = -1;
  }
}
