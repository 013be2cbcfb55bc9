package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.JsonView;
import io.sandboxd.sandbox.net.InterfaceStatus;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One sandbox, as clients see it and as it is kept in its {@code sandbox.json}. Never changed: each
 * change is a copy.
 *
 * @param version the form of the file, {@link StoredForm#VERSION}; not shown to clients
 * @param id made by the daemon, unique for all times
 * @param owner who asked for it
 * @param createdAt when the name was reserved
 * @param startedAt when the main process was last started
 * @param stoppedAt when the main process last ended
 * @param expiresAt when the sandbox's {@code ttl} is over
 * @param pid of the sandbox's init on the host; null if there is none
 * @param initStartTicks field 22 of init's {@code /proc/PID/stat}: with {@code pid} it names one
 *     process for all times of a boot; not shown to clients
 * @param cgroup its path below the root of the hierarchy
 * @param interfaces of the sandbox on networks; null: none
 * @param exit how the main process last ended
 * @param error why it is {@code broken}
 * @param ephemeral true: it goes with the request that made it; else null
 * @param requestKey of the create, if the client gave one; not shown to clients
 * @param processes shown to clients, at least {@code main}; each is kept in a file of its own, so
 *     null in the file
 */
public record SandboxStatus(
    @JsonView(StoredForm.class) int version,
    String id,
    String name,
    Owner owner,
    Map<String, String> labels,
    SandboxState state,
    Instant createdAt,
    Instant startedAt,
    Instant stoppedAt,
    Instant expiresAt,
    Integer pid,
    @JsonView(StoredForm.class) Long initStartTicks,
    String cgroup,
    Map<NamespaceType, NamespaceStatus> namespaces,
    SandboxSpec.IdMappings idMappings,
    List<InterfaceStatus> interfaces,
    Resources resources,
    Map<String, ProcessStatus> processes,
    ExitStatus exit,
    String error,
    Boolean ephemeral,
    @JsonView(StoredForm.class) RequestKey requestKey,
    SandboxSpec spec) {

  /** Files of older daemons have no owner: whoever could ask was root then. */
  public SandboxStatus {
    owner = owner == null ? Owner.ROOT : owner;
  }

  /** Where a namespace came from. */
  public enum Origin {
    NEW,
    HOST,
    JOINED;

    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param inode the number that {@code /proc/PID/ns/TYPE} shows
   * @param from for {@code joined}: the sandbox's name or the path
   */
  public record NamespaceStatus(long inode, Origin origin, String from) {}

  /** A name that was just reserved. */
  public static SandboxStatus creating(String id, String name, SandboxSpec spec, Instant now) {
    return new SandboxStatusBuilder()
        .id(id)
        .name(name)
        .labels(spec.labels() == null ? Map.of() : spec.labels())
        .state(SandboxState.CREATING)
        .createdAt(now)
        .expiresAt(spec.ttl() == null ? null : now.plus(spec.ttl()))
        .resources(spec.resources() == null ? Resources.NONE : spec.resources())
        .spec(spec)
        .build();
  }

  /** A copy to change more than one thing of. */
  public SandboxStatusBuilder change() {
    return new SandboxStatusBuilder(this);
  }

  /**
   * Whether the step is allowed is {@link SandboxState#mayBecome}'s to say, and the caller's to
   * ask.
   */
  public SandboxStatus withState(SandboxState to) {
    return change().state(to).build();
  }

  /** The main process runs: what the former one left is forgotten. */
  public SandboxStatus started(Instant at) {
    return change().state(SandboxState.RUNNING).startedAt(at).stoppedAt(null).exit(null).build();
  }

  public SandboxStatus stopped(Instant at, ExitStatus how) {
    return change().state(SandboxState.STOPPED).stoppedAt(at).exit(how).build();
  }

  public SandboxStatus broken(String why) {
    return change().state(SandboxState.BROKEN).error(why).build();
  }

  public SandboxStatus withProcesses(Map<String, ProcessStatus> shown) {
    return change().processes(shown).build();
  }
}
