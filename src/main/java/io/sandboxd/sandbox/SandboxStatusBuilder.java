package io.sandboxd.sandbox;

import io.sandboxd.sandbox.net.InterfaceStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A {@link SandboxStatus} in the making. Not for sharing between threads; what it builds is. */
public final class SandboxStatusBuilder {
  private String id;
  private String name;
  private Owner owner;
  private Map<String, String> labels;
  private SandboxState state;
  private Instant createdAt;
  private Instant startedAt;
  private Instant stoppedAt;
  private Instant expiresAt;
  private Integer pid;
  private Long initStartTicks;
  private String cgroup;
  private Map<NamespaceType, SandboxStatus.NamespaceStatus> namespaces;
  private SandboxSpec.IdMappings idMappings;
  private List<InterfaceStatus> interfaces;
  private Resources resources;
  private Map<String, ProcessStatus> processes;
  private ExitStatus exit;
  private String error;
  private Boolean ephemeral;
  private RequestKey requestKey;
  private SandboxSpec spec;

  SandboxStatusBuilder() {}

  SandboxStatusBuilder(SandboxStatus from) {
    id = from.id();
    name = from.name();
    owner = from.owner();
    labels = from.labels();
    state = from.state();
    createdAt = from.createdAt();
    startedAt = from.startedAt();
    stoppedAt = from.stoppedAt();
    expiresAt = from.expiresAt();
    pid = from.pid();
    initStartTicks = from.initStartTicks();
    cgroup = from.cgroup();
    namespaces = from.namespaces();
    idMappings = from.idMappings();
    interfaces = from.interfaces();
    resources = from.resources();
    processes = from.processes();
    exit = from.exit();
    error = from.error();
    ephemeral = from.ephemeral();
    requestKey = from.requestKey();
    spec = from.spec();
  }

  public SandboxStatusBuilder requestKey(RequestKey value) {
    requestKey = value;
    return this;
  }

  public SandboxStatusBuilder id(String value) {
    id = value;
    return this;
  }

  public SandboxStatusBuilder name(String value) {
    name = value;
    return this;
  }

  public SandboxStatusBuilder owner(Owner value) {
    owner = value;
    return this;
  }

  public SandboxStatusBuilder labels(Map<String, String> value) {
    labels = value;
    return this;
  }

  public SandboxStatusBuilder state(SandboxState value) {
    state = value;
    return this;
  }

  public SandboxStatusBuilder createdAt(Instant value) {
    createdAt = value;
    return this;
  }

  public SandboxStatusBuilder startedAt(Instant value) {
    startedAt = value;
    return this;
  }

  public SandboxStatusBuilder stoppedAt(Instant value) {
    stoppedAt = value;
    return this;
  }

  public SandboxStatusBuilder expiresAt(Instant value) {
    expiresAt = value;
    return this;
  }

  public SandboxStatusBuilder pid(Integer value) {
    pid = value;
    return this;
  }

  public SandboxStatusBuilder initStartTicks(Long value) {
    initStartTicks = value;
    return this;
  }

  public SandboxStatusBuilder cgroup(String value) {
    cgroup = value;
    return this;
  }

  public SandboxStatusBuilder namespaces(Map<NamespaceType, SandboxStatus.NamespaceStatus> value) {
    namespaces = value;
    return this;
  }

  public SandboxStatusBuilder idMappings(SandboxSpec.IdMappings value) {
    idMappings = value;
    return this;
  }

  public SandboxStatusBuilder interfaces(List<InterfaceStatus> value) {
    interfaces = value;
    return this;
  }

  public SandboxStatusBuilder resources(Resources value) {
    resources = value;
    return this;
  }

  public SandboxStatusBuilder processes(Map<String, ProcessStatus> value) {
    processes = value;
    return this;
  }

  public SandboxStatusBuilder exit(ExitStatus value) {
    exit = value;
    return this;
  }

  public SandboxStatusBuilder error(String value) {
    error = value;
    return this;
  }

  public SandboxStatusBuilder ephemeral(boolean value) {
    ephemeral = value ? true : null;
    return this;
  }

  public SandboxStatusBuilder spec(SandboxSpec value) {
    spec = value;
    return this;
  }

  public SandboxStatus build() {
    return new SandboxStatus(
        StoredForm.VERSION,
        id,
        name,
        owner,
        labels,
        state,
        createdAt,
        startedAt,
        stoppedAt,
        expiresAt,
        pid,
        initStartTicks,
        cgroup,
        namespaces,
        idMappings,
        interfaces,
        resources,
        processes,
        exit,
        error,
        ephemeral,
        requestKey,
        spec);
  }
}
