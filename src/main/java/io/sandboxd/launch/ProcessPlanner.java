package io.sandboxd.launch;

import io.sandboxd.linux.SeccompFilter;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** From a process with everything looked up to the steps between fork(2) and execve(2). Pure. */
public final class ProcessPlanner {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /**
   * A process ready to run.
   *
   * @param env complete
   * @param capabilities bits by capability number (capabilities(7)); what it and its children can
   *     ever have
   * @param ambient whether a user other than root shall have them too
   * @param rlimits by the resource's number (getrlimit(2))
   * @param filter of system calls; null for none
   * @param terminal whether its stdin is to be its controlling terminal
   */
  public record Process(
      List<String> args,
      Map<String, String> env,
      String cwd,
      long uid,
      long gid,
      List<Long> additionalGids,
      long capabilities,
      boolean ambient,
      boolean noNewPrivileges,
      Map<Integer, Rlimit> rlimits,
      int umask,
      Integer oomScoreAdj,
      SeccompFilter filter,
      boolean terminal) {}

  private ProcessPlanner() {}

  /**
   * The first descriptors sent along are stdin, stdout and stderr.
   *
   * @param cgroups slots of the {@code cgroup.procs} files of a group of its own; mostly none
   */
  public static List<Step> steps(Process process, List<Integer> cgroups) {
    Plan.Builder plan = new Plan.Builder();
    cgroups.forEach(slot -> plan.step("join cgroup", null, Op.WRITE_FD, slot, "0"));
    plan.step("stdio", null, Op.STDIO, 0, 1, 2);
    plan.step("new session", null, Op.SETSID);
    if (process.terminal()) {
      plan.step("controlling terminal", null, Op.TERMINAL);
    }
    process.rlimits().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            limit ->
                plan.step(
                    "set rlimit",
                    null,
                    Op.RLIMIT,
                    limit.getKey(),
                    limit.getValue().soft(),
                    limit.getValue().hard()));
    plan.step("set umask", null, Op.UMASK, process.umask());
    boolean filterLast = process.noNewPrivileges();
    if (!filterLast) {
      // It takes privileges then, which the steps after it take away: it has to permit them.
      filter(process, plan);
    }
    credentials(process, plan);
    // As the user, so that it gets no further than the user may.
    plan.step("change to cwd", process.cwd(), Op.CHDIR, process.cwd());
    if (filterLast) {
      filter(process, plan);
    }
    List<String> env =
        process.env().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    plan.step("execve", process.args().get(0), Op.EXEC, candidates(process), process.args(), env);
    return plan.build().steps();
  }

  private static void filter(Process process, Plan.Builder plan) {
    if (process.filter() != null) {
      plan.step("seccomp", null, Op.SECCOMP, process.filter().flags(), process.filter().program());
    }
  }

  /** The order matters: each call still needs the privileges that the next ones take away. */
  private static void credentials(Process process, Plan.Builder plan) {
    boolean root = process.uid() == 0;
    boolean ambient = process.ambient() && !root;
    plan.step(
        "set groups",
        null,
        Op.GROUPS,
        process.additionalGids().stream().map(String::valueOf).toList());
    plan.step("drop capabilities", null, Op.BOUNDING, process.capabilities());
    if (ambient) {
      plan.step("keep capabilities", null, Op.KEEP_CAPS);
    }
    plan.step("set user", null, Op.USER, process.uid(), process.gid());
    if (root || ambient) {
      long inheritable = ambient ? process.capabilities() : 0;
      plan.step(
          "set capabilities",
          null,
          Op.CAPABILITIES,
          process.capabilities(),
          process.capabilities(),
          inheritable);
      plan.step("set ambient capabilities", null, Op.AMBIENT, inheritable);
    }
    if (process.noNewPrivileges()) {
      plan.step("no new privileges", null, Op.NO_NEW_PRIVS);
    }
  }

  /** Where execvp(3) would look; the user's own PATH counts, as in a shell. */
  private static List<String> candidates(Process process) {
    String command = process.args().get(0);
    if (command.contains("/")) {
      return List.of(command);
    }
    List<String> candidates = new ArrayList<>();
    for (String directory : process.env().getOrDefault("PATH", DEFAULT_PATH).split(":", -1)) {
      candidates.add(directory.isEmpty() ? command : directory + "/" + command);
    }
    return candidates;
  }
}
