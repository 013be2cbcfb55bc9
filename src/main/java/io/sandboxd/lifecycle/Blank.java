package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.launch.BlankKind;
import io.sandboxd.launch.InitChannel;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import io.sandboxd.sandbox.SandboxStatusBuilder;
import java.util.Map;

/**
 * What a create has before anything depends on what was asked for: an id, a cgroup of that name
 * without limits, and in it an init without a name, in namespaces of its own that nobody has ever
 * used.
 *
 * @param ids of its user namespace; null if that is the host's
 * @param namespaces the inodes of those that are its own
 * @param madeAt by System.nanoTime
 */
record Blank(
    BlankKind kind,
    String id,
    Cgroup cgroup,
    IdMappings ids,
    Map<NamespaceType, Long> namespaces,
    LaunchInit.Launched init,
    InitChannel channel,
    long madeAt) {
  /** The sandbox that it becomes, as far as it is made already. */
  SandboxStatusBuilder describe(SandboxStatusBuilder sandbox) {
    return sandbox
        .idMappings(ids)
        .cgroup(cgroup.path())
        .pid(init.pid())
        .initStartTicks(init.startTicks());
  }
}
