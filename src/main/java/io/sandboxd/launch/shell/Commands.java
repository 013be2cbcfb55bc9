package io.sandboxd.launch.shell;

import io.sandboxd.launch.FdSource;
import io.sandboxd.launch.Plan;
import io.sandboxd.launch.Step;
import io.sandboxd.sandbox.SandboxSpec.IdMappings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The script as a whole. */
public final class Commands {
  private final List<String> lines = new ArrayList<>();

  /** For root, with Debian's packages util-linux and iproute2. */
  public Commands() {
    lines.add("#!/bin/sh -e");
  }

  public Commands makeDirectory(String path) {
    lines.add("mkdir -p " + Shell.quote(path));
    return this;
  }

  public Commands write(String text, String file) {
    lines.add(Shell.write(text, file));
    return this;
  }

  /** A line for people. */
  public Commands note(String sentence) {
    lines.add("# " + sentence);
    return this;
  }

  /**
   * @param file by which a namespace is joined
   * @param ids of the user namespace that is made; null when none is
   * @param layer the overlay's directory
   * @param process null for none
   */
  public Commands run(
      Plan enter,
      Function<FdSource.Namespace, String> file,
      IdMappings ids,
      Plan furnish,
      String layer,
      List<Step> process) {
    EnterCommands inside = new EnterCommands(enter, file, ids);
    lines.addAll(inside.lines());
    List<String> within = new ArrayList<>(new FurnishCommands(furnish, layer).lines());
    if (process != null) {
      within.addAll(ProcessCommand.of(process));
    }
    String end = end(within);
    lines.add((inside.command() + " sh -e <<'" + end + "'").strip());
    lines.addAll(within);
    lines.add(end);
    return this;
  }

  /** A word that is nowhere in it: an argument must not end what is for the inside. */
  private static String end(List<String> within) {
    String end = "INSIDE";
    while (String.join("\n", within).contains(end)) {
      end += "_";
    }
    return end;
  }

  public List<String> lines() {
    return lines;
  }
}
