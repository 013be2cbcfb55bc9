package io.sandboxd.cgroup;

import io.sandboxd.linux.ErrnoException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One mounted cgroup hierarchy.
 *
 * @param top its mount point
 * @param root the directory of ours below which sandboxes' groups are
 * @param unified cgroup2, else a v1 hierarchy
 */
record Hierarchy(GroupDirectory top, GroupDirectory root, boolean unified) {
  static final String SUBTREE_CONTROL = "cgroup.subtree_control";

  static Hierarchy of(ControlFiles files, Path mount, String root, boolean unified) {
    return new Hierarchy(
        new GroupDirectory(files, mount),
        new GroupDirectory(files, mount.resolve(root.substring(1))),
        unified);
  }

  GroupDirectory group(String id) {
    return root.child(id);
  }

  /** The directories from the mount point's child down to our root. */
  List<GroupDirectory> descent() {
    List<GroupDirectory> steps = new ArrayList<>();
    Path at = top.path();
    for (Path name : top.path().relativize(root.path())) {
      at = at.resolve(name);
      steps.add(new GroupDirectory(top.files(), at));
    }
    return steps;
  }

  /**
   * Gives controllers to our root's children, as far as they are to be had: on v2 each group on the
   * way must pass them on (cgroup v2, "Top-down Constraint").
   *
   * @param reasons gets an entry for each that is not to be had
   */
  void enable(List<String> controllers, Map<String, String> reasons) {
    List<GroupDirectory> way = new ArrayList<>(List.of(top));
    way.addAll(descent());
    for (GroupDirectory group : way) {
      List<String> offered = ControlText.words(group.read("cgroup.controllers"));
      List<String> enabled = ControlText.words(group.read(SUBTREE_CONTROL));
      for (String controller : controllers) {
        if (!enabled.contains(controller) && !reasons.containsKey(controller)) {
          if (offered.contains(controller)) {
            enable(group, controller, reasons);
          } else {
            reasons.put(controller, "not offered in " + group.file("cgroup.controllers"));
          }
        }
      }
    }
  }

  private static void enable(GroupDirectory group, String controller, Map<String, String> reasons) {
    try {
      group.write(SUBTREE_CONTROL, "+" + controller);
    } catch (ErrnoException e) {
      reasons.put(controller, "cannot be enabled: " + e.getMessage());
    }
  }
}
