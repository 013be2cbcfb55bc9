package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.Cgroup;
import io.sandboxd.cgroup.Cgroups;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExitStatus.Reason;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Takes away all that makes a sandbox, however much of it there is: after a delete, after a create
 * that failed, after a crash. Each step is harmless when there is nothing to do, and the record
 * goes last, so that what was cut off can be repeated.
 */
public final class TearDown {
  private static final Logger LOG = Logger.getLogger(TearDown.class);

  private final SandboxRegistry registry;
  private final Inits inits;
  private final Cgroups cgroups;
  private final Layers layers;
  private final IdRanges idRanges;
  private final ConnectSandbox networks;
  private final RecordExit recordExit;
  private final Streams streams;

  public TearDown(
      SandboxRegistry registry,
      Inits inits,
      Cgroups cgroups,
      Layers layers,
      IdRanges idRanges,
      ConnectSandbox networks,
      RecordExit recordExit,
      Streams streams) {
    this.registry = registry;
    this.inits = inits;
    this.cgroups = cgroups;
    this.layers = layers;
    this.idRanges = idRanges;
    this.networks = networks;
    this.recordExit = recordExit;
    this.streams = streams;
  }

  /**
   * @param by for the record of what still ran
   * @return what could not be taken away; the sandbox stays then, to be deleted again
   */
  List<String> run(Sandbox sandbox, String by) {
    List<String> left = new ArrayList<>();
    Cgroup cgroup = cgroups.of(sandbox.id());
    Fault.DELETE_BEGUN.here(sandbox);
    attempt(left, "processes", cgroup::kill);
    Fault.DELETE_KILLED.here(sandbox);
    attempt(left, "init", () -> inits.kill(sandbox));
    Fault.DELETE_INIT.here(sandbox);
    attempt(left, "network", () -> networks.disconnect(sandbox));
    Fault.DELETE_NETWORK.here(sandbox);
    attempt(left, "cgroup", cgroup::remove);
    Fault.DELETE_CGROUP.here(sandbox);
    attempt(left, "layer", () -> layers.remove(sandbox.id()));
    Fault.DELETE_LAYER.here(sandbox);
    if (left.isEmpty()) {
      recordExit.lose(sandbox, Reason.killed, by);
      streams.forget(sandbox);
      attempt(left, "state", () -> registry.remove(sandbox));
      Fault.DELETE_DONE.here(sandbox);
    }
    if (left.isEmpty()) {
      recordExit.forget(sandbox);
      idRanges.giveBack(sandbox.status().idMappings());
      networks.release(sandbox);
    } else {
      LOG.warnf("Sandbox %s is not gone whole: %s", sandbox.name(), left);
    }
    return left;
  }

  private static void attempt(List<String> left, String what, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      left.add(what + ": " + e.getMessage());
    }
  }

  /**
   * @throws SandboxException {@code busy} with what is left
   */
  void runOrThrow(Sandbox sandbox, String by) {
    List<String> left = run(sandbox, by);
    if (!left.isEmpty()) {
      throw new SandboxException(
              ErrorCode.BUSY,
              "Not all of the sandbox '"
                  + sandbox.name()
                  + "' could be removed; delete it again. Left: "
                  + String.join("; ", left))
          .with("left", left);
    }
  }
}
