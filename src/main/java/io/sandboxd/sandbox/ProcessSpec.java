package io.sandboxd.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
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
 * @param capabilities names like {@code CAP_NET_BIND_SERVICE}; null is the default set, empty is none
 * @param noNewPrivileges default true
 * @param rlimits by name in lower case without RLIMIT_, each a number, {@code "unlimited"} or {@code {"soft":…,"hard":…}}
 * @param umask 0 to 0777 (511); default 022 (18)
 * @param oomScoreAdj -1000 to 1000
 * @param timeout after which it is ended (TERM, then KILL)
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
    Duration timeout) {

  /**
   * Numbers, or names that are looked up in the sandbox's own /etc/passwd and /etc/group.
   *
   * @param uid an integer or a string (user name)
   * @param gid an integer or a string (group name); default the user's own group
   * @param additionalGids default none for numeric uids, the groups of /etc/group for names
   */
  public record User(JsonNode uid, JsonNode gid, List<JsonNode> additionalGids) {}

  /** setrlimit(2); -1 is unlimited. */
  public record Rlimit(long soft, long hard) {}
}
