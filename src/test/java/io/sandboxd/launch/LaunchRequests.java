package io.sandboxd.launch;

import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Requests from specs, on a host that is made up. */
public final class LaunchRequests {
  private static final List<Path> PROCS =
      List.of(Path.of("/sys/fs/cgroup/sandboxd/x/cgroup.procs"));

  public static LaunchRequest request(String json) {
    SandboxSpec spec = SpecJson.read(json.getBytes(StandardCharsets.UTF_8), SandboxSpec.class);
    Set<NamespaceType> privileged = EnumSet.noneOf(NamespaceType.class);
    for (NamespaceType type : NamespaceType.values()) {
      if (spec.namespace(NamespaceType.USER).isHost() || spec.namespace(type).isNew()) {
        privileged.add(type);
      }
    }
    return new LaunchRequest(
        spec,
        "box",
        PROCS,
        true,
        List.of("nsdelegate", "memory_recursiveprot"),
        Set.of("/srv/file"),
        List.of("/proc/irq", "/proc/sys"),
        List.of(
            new LaunchRequest.MaskedPath("/proc/kcore", false),
            new LaunchRequest.MaskedPath("/sys/firmware", true),
            new LaunchRequest.MaskedPath("/sys/kernel/debug", true)),
        List.of(),
        65535L,
        privileged);
  }

  private LaunchRequests() {}

  /** That of NAME.json among the resources. */
  public static LaunchRequest read(String name) throws IOException {
    return request(resource(name + ".json"));
  }

  public static String resource(String name) throws IOException {
    try (InputStream in = LaunchRequests.class.getResourceAsStream("/plans/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
