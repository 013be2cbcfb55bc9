package io.sandboxd.cgroup;

import io.sandboxd.sandbox.Resources;
import java.util.ArrayList;
import java.util.List;

/** Which controller each limit that somebody asks for needs. */
final class Requests {
  record Request(String controller, String field) {}

  private final List<Request> found = new ArrayList<>();

  private Requests() {}

  static List<Request> in(Resources wanted) {
    Requests requests = new Requests();
    if (wanted.memory() != null) {
      requests.add("memory", "resources.memory.max", wanted.memory().max());
      requests.add("memory", "resources.memory.high", wanted.memory().high());
      requests.add("memory", "resources.memory.swapMax", wanted.memory().swapMax());
    }
    if (wanted.cpu() != null) {
      requests.add("cpu", "resources.cpu.max", wanted.cpu().max());
      requests.add("cpu", "resources.cpu.weight", wanted.cpu().weight());
      requests.add("cpuset", "resources.cpu.cpuset", wanted.cpu().cpuset());
    }
    if (wanted.pids() != null) {
      requests.add("pids", "resources.pids.max", wanted.pids().max());
    }
    if (wanted.io() != null && !wanted.io().isEmpty()) {
      requests.add("io", "resources.io[0]", wanted.io());
    }
    return requests.found;
  }

  private void add(String controller, String field, Object value) {
    if (value != null) {
      found.add(new Request(controller, field));
    }
  }
}
