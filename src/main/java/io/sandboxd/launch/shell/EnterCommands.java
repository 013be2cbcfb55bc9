package io.sandboxd.launch.shell;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.Step;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The way into the namespaces: one command that runs another one inside. */
final class EnterCommands {
  private final Plan plan;
  private final Function<FdSource.Namespace, String> file;
  private final IdMappings ids;
  private final List<String> lines = new ArrayList<>();
  private final List<String> nsenter = new ArrayList<>();
  private final List<String> unshare = new ArrayList<>();

  /**
   * @param file by which a namespace is joined
   * @param ids of the user namespace that is made; null when none is
   */
  EnterCommands(Plan plan, Function<FdSource.Namespace, String> file, IdMappings ids) {
    this.plan = plan;
    this.file = file;
    this.ids = ids;
    plan.steps().forEach(this::add);
  }

  /** What comes before, in the host. */
  List<String> lines() {
    return lines;
  }

  /** To be followed by what shall be run inside. */
  String command() {
    List<String> words = new ArrayList<>();
    if (!nsenter.isEmpty()) {
      words.add("nsenter");
      words.addAll(nsenter);
    }
    if (!unshare.isEmpty()) {
      words.add("unshare");
      words.addAll(unshare);
    }
    return Shell.quote(words);
  }

  private void add(Step step) {
    switch (step.op()) {
      case WRITE_FILE -> writeFile((String) step.args().get(0), (String) step.args().get(1));
      case WRITE_FD -> lines.add("echo $$ > " + Shell.quote(step.path()));
      case SETNS -> join((FdSource.Namespace) plan.fds().get(number(step, 0)));
      case UNSHARE ->
          unshare.add(number(step, 0) == NamespaceType.TIME.cloneFlag() ? "--time" : "--cgroup");
      case CLONE -> make(number(step, 0));
      case CLONE_INTO -> {
        lines.add("echo $$ > " + Shell.quote(step.path() + "/cgroup.procs"));
        make(number(step, 0));
      }
      default -> throw new IllegalArgumentException(step.toString());
    }
  }

  private static int number(Step step, int index) {
    return ((Long) step.args().get(index)).intValue();
  }

  private void writeFile(String path, String text) {
    if (!path.endsWith("timens_offsets")) {
      lines.add(Shell.write(text, path));
      return;
    }
    for (String line : text.split("\n")) {
      String[] words =
          line.split(" "); // clock, seconds, nanoseconds, which unshare(1) has no word for
      unshare.add("--" + words[0] + "=" + words[1]);
    }
  }

  private void join(FdSource.Namespace namespace) {
    nsenter.add(
        "--" + namespace.type().procName().replace("mnt", "mount") + "=" + file.apply(namespace));
  }

  private void make(int flags) {
    for (NamespaceType type : NamespaceType.values()) {
      if ((flags & type.cloneFlag()) != 0) {
        unshare.add("--" + type.procName().replace("mnt", "mount"));
      }
    }
    if ((flags & NamespaceType.MOUNT.cloneFlag()) != 0) {
      unshare.add("--propagation=unchanged"); // that is a step of its own
    }
    if ((flags & NamespaceType.USER.cloneFlag()) != 0 && ids != null) {
      lines.add(
          "# It takes newuidmap(1) (Debian: uidmap), which wants these ids to be root's, in"
              + " /etc/subuid and /etc/subgid.");
      ids.uidLines().forEach(line -> unshare.add("--map-users=" + map(line)));
      ids.gidLines().forEach(line -> unshare.add("--map-groups=" + map(line)));
      unshare.addAll(List.of("--setuid=0", "--setgid=0"));
    }
    boolean pid = (flags & NamespaceType.PID.cloneFlag()) != 0;
    if (pid || unshare.contains("--time")) {
      unshare.add("--fork"); // only children are inside
    }
  }

  private static String map(IdMapping line) {
    return line.hostID() + "," + line.containerID() + "," + line.size();
  }
}
