package io.sandboxd.registry;

import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxStatus;
import java.util.ArrayList;
import java.util.List;

/** Notes what a registry tells. */
final class HeardChanges implements StateListener {
  private final List<String> heard = new ArrayList<>();

  synchronized List<String> all() {
    return List.copyOf(heard);
  }

  private synchronized void note(String what) {
    heard.add(what);
  }

  @Override
  public void changed(SandboxStatus before, SandboxStatus after) {
    note(before.name() + " " + before.state().word() + ">" + after.state().word());
  }

  @Override
  public void removed(SandboxStatus last) {
    note(last.name() + " removed");
  }

  @Override
  public void started(SandboxStatus sandbox, ProcessStatus process) {
    note(process.id() + " started " + process.state().word());
  }

  @Override
  public void ended(SandboxStatus sandbox, ProcessStatus process) {
    note(process.id() + " ended " + process.exit().code());
  }
}
