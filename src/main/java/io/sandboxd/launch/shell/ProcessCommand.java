package io.sandboxd.launch.shell;

import io.sandboxd.launch.Step;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.RlimitName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What is set before a program is run, and the command that runs it. */
final class ProcessCommand {
  private final List<String> lines = new ArrayList<>();
  private final List<String> setpriv = new ArrayList<>();
  private boolean session;

  static List<String> of(List<Step> steps) {
    ProcessCommand command = new ProcessCommand();
    steps.forEach(command::add);
    return command.lines;
  }

  private void add(Step step) {
    switch (step.op()) {
      case WRITE_FD -> lines.add("echo $$ > " + Shell.quote(step.path()));
      case RLIMIT -> {
        String name = RlimitName.values()[(int) number(step, 0)].word();
        lines.add("prlimit --pid=$$ --" + name + "=" + limit(step, 1) + ":" + limit(step, 2));
      }
      case UMASK -> lines.add("umask " + Shell.octal(number(step, 0)));
      case CHDIR -> lines.add("cd " + Shell.quote((String) step.args().get(0)));
      case SETSID -> session = true;
      case GROUPS -> {
        List<String> groups = strings(step, 0);
        setpriv.add(groups.isEmpty() ? "--clear-groups" : "--groups=" + String.join(",", groups));
      }
      case BOUNDING -> setpriv.add("--bounding-set=" + names(number(step, 0)));
      case USER ->
          setpriv.addAll(List.of("--reuid=" + number(step, 0), "--regid=" + number(step, 1)));
      case CAPABILITIES -> setpriv.add("--inh-caps=" + names(number(step, 2)));
      case AMBIENT -> setpriv.add("--ambient-caps=" + names(number(step, 0)));
      case NO_NEW_PRIVS -> setpriv.add("--no-new-privs");
      case EXEC -> exec(strings(step, 1), strings(step, 2));
      // Standard input and output are the shell's, and setpriv(1) keeps capabilities by itself.
      case STDIO, TERMINAL, KEEP_CAPS -> {}
      case SECCOMP -> lines.add("# Without the filter of system calls: no command installs one.");
      default -> throw new IllegalArgumentException(step.toString());
    }
  }

  private void exec(List<String> args, List<String> env) {
    List<String> words = new ArrayList<>(List.of("env", "-i"));
    words.addAll(env);
    if (session) {
      words.addAll(List.of("setsid", "--wait"));
    }
    words.add("setpriv");
    words.addAll(setpriv);
    words.add("--");
    words.addAll(args);
    lines.add(Shell.quote(words));
  }

  private static long number(Step step, int index) {
    return (Long) step.args().get(index);
  }

  @SuppressWarnings("unchecked")
  private static List<String> strings(Step step, int index) {
    return (List<String>) step.args().get(index);
  }

  /** RLIM_INFINITY is all ones. */
  private static String limit(Step step, int index) {
    return number(step, index) == -1 ? "unlimited" : Long.toString(number(step, index));
  }

  /** As setpriv(1) wants them: none, and then some. */
  private static String names(long mask) {
    return Arrays.stream(Capability.values())
        .filter(c -> (mask & c.mask()) != 0)
        .map(c -> ",+" + c.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining("", "-all", ""));
  }
}
