package io.sandboxd.launch.shell;

import static io.sandboxd.linux.Syscalls.AT_RECURSIVE;
import static io.sandboxd.linux.Syscalls.MOUNT_ATTR_NOATIME;
import static io.sandboxd.linux.Syscalls.MOUNT_ATTR_NODEV;
import static io.sandboxd.linux.Syscalls.MOUNT_ATTR_NOEXEC;
import static io.sandboxd.linux.Syscalls.MOUNT_ATTR_NOSUID;
import static io.sandboxd.linux.Syscalls.MOUNT_ATTR_RDONLY;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.Mounts;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is done inside before the program runs. A plan speaks of descriptors: of mounts that are
 * nowhere yet, and of directories whatever their path. A shell needs a path for each, so what is
 * known of a descriptor is kept until it is put somewhere.
 */
final class FurnishCommands {
  private static final Map<Long, String> ATTRIBUTES = new LinkedHashMap<>();

  static {
    ATTRIBUTES.put((long) MOUNT_ATTR_RDONLY, "ro");
    ATTRIBUTES.put((long) MOUNT_ATTR_NOSUID, "nosuid");
    ATTRIBUTES.put((long) MOUNT_ATTR_NODEV, "nodev");
    ATTRIBUTES.put((long) MOUNT_ATTR_NOEXEC, "noexec");
    ATTRIBUTES.put((long) MOUNT_ATTR_NOATIME, "noatime");
    ATTRIBUTES.put(0x80L, "nodiratime");
    ATTRIBUTES.put(0x200000L, "nosymfollow");
  }

  /** The place of copies that outlast what covers their origin: in the host's view, its own. */
  private static final String COPIES = "/mnt";

  /** A mount that is nowhere yet. */
  private record Detached(
      String type, String source, List<String> options, boolean recursive, boolean idmapped) {}

  private final Plan plan;
  private final String layer;
  private final List<String> lines = new ArrayList<>();
  private final Map<Long, Detached> detached = new HashMap<>();

  /** Where the directories and mounts of slots are, in words for the shell. */
  private final Map<Long, String> places = new HashMap<>();

  private String current = "";
  private boolean entered = true;
  private int copies;

  /**
   * @param layer the overlay's directory
   */
  FurnishCommands(Plan plan, String layer) {
    this.plan = plan;
    this.layer = layer;
  }

  List<String> lines() {
    for (int slot = 0; slot < plan.fds().size(); slot++) {
      sent(slot, plan.fds().get(slot));
    }
    plan.steps().forEach(this::add);
    beThere();
    if (copies > 0) {
      lines.add("umount -l " + COPIES);
    }
    return lines;
  }

  private void sent(long slot, FdSource source) {
    if (source instanceof FdSource.MountTree tree) {
      bind(slot, tree.path(), tree.recursive(), tree.idmapped());
    } else {
      bind(slot, layer, false, ((FdSource.Layer) source).idmapped());
    }
  }

  private void bind(long slot, String path, boolean recursive, boolean idmapped) {
    detached.put(
        slot, new Detached(null, Shell.quote(path), new ArrayList<>(), recursive, idmapped));
  }

  private void add(Step step) {
    switch (step.op()) {
      case HOSTNAME -> lines.add("hostname " + Shell.quote(text(step, 0)));
      case DOMAINNAME -> lines.add(Shell.write(text(step, 0), "/proc/sys/kernel/domainname"));
      case LINK_UP -> lines.add("ip link set " + text(step, 0) + " up");
      case WRITE_FILE -> lines.add(Shell.write(text(step, 1), text(step, 0)));
      case NEW_MOUNT -> newMount(step);
      case OPEN_TREE -> copy(step);
      case MOUNT -> {
        beThere();
        String options = Shell.quote(text(step, 4));
        lines.add("mount -t overlay -o " + options + " overlay " + text(step, 1));
      }
      case MOUNT_SETATTR -> setAttributes(step);
      case ATTACH -> attach(step);
      case OPEN -> open(step);
      case MAKE_DIRS -> lines.add("mkdir -p " + in(number(step, 0), text(step, 1)));
      case MAKE_FILE -> lines.add("touch " + in(number(step, 0), text(step, 1)));
      case SYMLINK ->
          lines.add("ln -sfn " + text(step, 1) + " " + in(number(step, 0), text(step, 2)));
      case FCHDIR -> enter(places.getOrDefault(number(step, 0), ""));
      case CHDIR -> {
        if (!text(step, 0).startsWith("/")) {
          beThere();
        }
        enter(Shell.quote(text(step, 0)));
      }
      case PIVOT_ROOT -> {
        beThere();
        lines.addAll(List.of("pivot_root . .", "umount -l ."));
      }
      // unshare(1) has done the first; a shell has no descriptors to close, and its own keyring;
      // what the last lets go is told with pivot_root, and the stage is not in the way here.
      case IDS, CLOSE, KEYRING, SAVED_GID, UMOUNT -> {}
      default -> throw new IllegalArgumentException(step.toString());
    }
  }

  private static long number(Step step, int index) {
    return (Long) step.args().get(index);
  }

  private static String text(Step step, int index) {
    return (String) step.args().get(index);
  }

  private String in(long slot, String path) {
    String place = places.getOrDefault(slot, "");
    String quoted = Shell.quote(path);
    return path.startsWith("/") || path.isEmpty()
        ? place + (path.isEmpty() ? "" : quoted)
        : place + "/" + quoted;
  }

  private void enter(String place) {
    current = place.isEmpty() ? "/" : place;
    entered = false;
  }

  /** Only where it matters: a shell has paths for most. */
  private void beThere() {
    if (!entered) {
      lines.add("cd " + current);
      entered = true;
    }
  }

  private void open(Step step) {
    long slot = number(step, 0);
    String path = text(step, 1);
    if (path.equals(".")) {
      beThere();
      lines.add("# The daemon follows no symbolic link out of this root, these commands would.");
      lines.add("# It has to have umount, env, setsid and setpriv in it.");
      lines.add("root=$PWD");
      places.put(slot, "\"$root\"");
    } else {
      places.put(slot, path.equals("/") ? "" : Shell.quote(path)); // of the host's tree
    }
  }

  @SuppressWarnings("unchecked")
  private void newMount(Step step) {
    List<String> options = new ArrayList<>((List<String>) step.args().get(2));
    // An instance of its own is what every devpts is since Linux 4.7.
    options.remove("newinstance");
    options.addAll(attributes(number(step, 3)));
    detached.put(
        number(step, 0), new Detached(text(step, 1), text(step, 1), options, false, false));
  }

  private static List<String> attributes(long bits) {
    return ATTRIBUTES.entrySet().stream()
        .filter(attribute -> (bits & attribute.getKey()) != 0)
        .map(Map.Entry::getValue)
        .toList();
  }

  private void copy(Step step) {
    long slot = number(step, 0);
    String path = text(step, 1);
    boolean recursive = (number(step, 2) & AT_RECURSIVE) != 0;
    boolean hostView = places.getOrDefault(Mounts.ROOT_SLOT, "?").isEmpty();
    if (!path.startsWith("/")) {
      detached.put(
          slot, new Detached(null, current + "/" + path, new ArrayList<>(), recursive, false));
    } else if (!hostView) {
      bind(slot, path, recursive, false);
    } else {
      // What it is taken from will be covered.
      if (copies++ == 0) {
        lines.add("mount -t tmpfs copies " + COPIES);
      }
      String place = COPIES + "/" + copies;
      lines.add("touch " + place);
      lines.add("mount --bind " + Shell.quote(path) + " " + place);
      detached.put(slot, new Detached("move", place, new ArrayList<>(), false, false));
    }
  }

  private void setAttributes(Step step) {
    long slot = number(step, 0);
    String path = text(step, 1);
    List<String> options = attributes(number(step, 3));
    if (number(step, 5) != 0) {
      lines.add("mount --make-rprivate " + path);
    } else if (path.equals("/")) {
      lines.add(
          "findmnt -rno TARGET | while read -r m; do mount -o remount,bind,ro \"$m\" || :; done");
    } else if (detached.containsKey(slot)) {
      detached.get(slot).options().addAll(options);
    } else {
      remount(options, places.get(slot));
    }
  }

  private void remount(List<String> options, String place) {
    lines.add("mount -o remount,bind," + String.join(",", options) + " " + place);
  }

  private void attach(Step step) {
    long slot = number(step, 0);
    Detached mount = detached.remove(slot);
    String path = text(step, 2);
    boolean bind = mount.type() == null;
    String place;
    if (!path.isEmpty()) {
      place = in(number(step, 1), path);
    } else if (bind) {
      place = mount.source(); // a tree over itself: what pivot_root(2) wants is a mount
    } else {
      lines.add(mount.source().equals("tmpfs") ? "stage=$(mktemp -d)" : "");
      place = "\"$stage\"";
    }
    if (mount.idmapped()) {
      lines.add("# With ids mapped, by the host (mount(8), X-mount.idmap):");
    }
    if (bind) {
      lines.add(
          "mount --" + (mount.recursive() ? "rbind " : "bind ") + mount.source() + " " + place);
      if (!mount.options().isEmpty()) {
        remount(mount.options(), place);
      }
    } else if (mount.type().equals("move")) {
      lines.add("mount -n --move " + mount.source() + " " + place);
    } else {
      String options =
          mount.options().isEmpty()
              ? ""
              : "-o " + Shell.quote(String.join(",", mount.options())) + " ";
      lines.add("mount -t " + mount.type() + " " + options + mount.source() + " " + place);
    }
    places.put(slot, place);
  }
}
