package io.sandboxd.api;

import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Settings;
import io.sandboxd.sandbox.Version;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What this daemon is, and what its host can do. */
@Path("/v1/info")
@Produces(MediaType.APPLICATION_JSON)
public class InfoResource {
  /**
   * @param version of sandboxd
   * @param java the version of the Java that runs it
   * @param kernel as uname(2) has it
   * @param architecture as Java names it
   * @param namespaces the types that this kernel has
   */
  public record Info(
      String version,
      String java,
      String kernel,
      String architecture,
      List<NamespaceType> namespaces,
      CgroupInfo cgroup,
      Limits limits) {}

  /**
   * @param mode {@code unified}, {@code hybrid} or {@code legacy}
   * @param root the cgroup below which sandboxes have theirs
   * @param controllers what can be limited here
   * @param missing what cannot, and why
   * @param deviceGuard what keeps sandboxes from devices: {@code bpf}, or {@code devices} of cgroup
   *     v1; null for nothing
   */
  public record CgroupInfo(
      String mode,
      String root,
      List<String> controllers,
      Map<String, String> missing,
      String deviceGuard) {}

  /**
   * @param maxBody the longest request body in bytes
   * @param maxOutput how much of one output the answer to an exec or a run can have, in bytes
   */
  public record Limits(long maxBody, long maxOutput) {}

  private final Settings settings;
  private final Cgroups cgroups;
  private final Memory memory;

  InfoResource(Settings settings, Cgroups cgroups, Memory memory) {
    this.settings = settings;
    this.cgroups = cgroups;
    this.memory = memory;
  }

  @GET
  public Info info() {
    return new Info(
        Version.get(),
        Runtime.version().toString(),
        System.getProperty("os.version"),
        System.getProperty("os.arch"),
        Arrays.stream(NamespaceType.values()).filter(InfoResource::isThere).toList(),
        new CgroupInfo(
            cgroups.mode(),
            settings.cgroupRoot(),
            cgroups.controllers(),
            cgroups.missingControllers(),
            cgroups.deviceGuard()),
        new Limits(settings.maxBody(), memory.mostOutput()));
  }

  private static boolean isThere(NamespaceType type) {
    return Files.exists(java.nio.file.Path.of("/proc/self/ns", type.procName()));
  }
}
