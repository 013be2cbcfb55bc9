package io.sandboxd.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.Map;

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
    List<String> args,
    Map<String, String> env,
    String cwd,
    User user,
    Boolean tty,
    String stdin,
    String output,
    List<String> capabilities,
    Boolean noNewPrivileges,
    Map<String, Rlimit> rlimits,
    Integer umask,
    Integer oomScoreAdj,
    Duration timeout,
    String seccomp) {

  /**
   * Numbers, or names that are looked up in the sandbox's own /etc/passwd and /etc/group.
   *
   * @param uid default 0
   * @param gid default the user's own group, 0 where there is none
   * @param additionalGids default none for numeric uids, the groups of /etc/group for names
   */
  public record User(IdOrName uid, IdOrName gid, List<IdOrName> additionalGids) {}

  /** setrlimit(2); -1 is unlimited. */
  public record Rlimit(long soft, long hard) {
    public static final long UNLIMITED = -1;
  }
}
