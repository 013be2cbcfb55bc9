package io.sandboxd.sandbox;

import io.sandboxd.sandbox.constraints.AbsolutePath;
import io.sandboxd.sandbox.constraints.Text;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertFalse;
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
 * @param stdin {@code "null"} (default): an empty one
 * @param output {@code "log"} (default): files with byte offsets
 * @param capabilities names like {@code CAP_NET_BIND_SERVICE}; null is the default set, empty is
 *     none
 * @param noNewPrivileges default true
 * @param rlimits by name in lower case without RLIMIT_, each a number, {@code "unlimited"} or
 *     {@code {"soft":…,"hard":…}}
 * @param umask 0 to 0777 (511); default 022 (18)
 * @param oomScoreAdj -1000 to 1000
 * @param timeout after which it is ended (TERM, then KILL)
 * @param seccomp {@code "unconfined"} (default): no filter
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
    @AssertFalse(message = "must be false: terminals are not supported") Boolean tty,
    @Pattern(
            regexp = "null",
            message =
                "must be \"null\": no other kind of stdin is supported; an exec can be given input")
        String stdin,
    @Pattern(regexp = "log", message = "must be \"log\": no other kind of output is supported")
        String output,
    @Size(max = 64, message = "can have at most 64 capabilities")
        List<@NotNull(message = "must not be null") @Text(max = 64) String> capabilities,
    Boolean noNewPrivileges,
    @Size(max = 16, message = "can have at most 16 limits: there are no more")
        Map<@Text(max = 64) String, @NotNull(message = "must not be null") Rlimit> rlimits,
    @Min(value = 0, message = UMASK_RULE) @Max(value = 0777, message = UMASK_RULE) Integer umask,
    @Min(value = -1_000, message = OOM_RULE) @Max(value = 1_000, message = OOM_RULE)
        Integer oomScoreAdj,
    @DurationMin(millis = 1, message = "must be a millisecond or more")
        @DurationMax(days = 3_650, message = "can be at most 3650 days")
        Duration timeout,
    @Pattern(
            regexp = "unconfined",
            message = "must be \"unconfined\": seccomp filters are not supported")
        String seccomp) {

  /** MAX_ARG_STRLEN of execve(2), less the NUL at the end. */
  public static final int MAX_STRING = 131_071;

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

  /** setrlimit(2); -1 is unlimited. */
  public record Rlimit(long soft, long hard) {
    public static final long UNLIMITED = -1;
  }
}
