package io.sandboxd.daemon;

import io.sandboxd.sandbox.Version;
import java.io.PrintStream;

/** What the program answers when it is not asked to serve. */
final class CommandLine {
  private CommandLine() {}

  static void answer(String... arguments) {
    switch (arguments[0]) {
      case "--help", "-h" -> help(System.out);
      case "--version" -> System.out.println("sandboxd " + Version.get());
      default ->
          throw StartException.configuration(
              "There is no argument '" + arguments[0] + "'; --help lists the settings.");
    }
  }

  private static void help(PrintStream out) {
    out.println("sandboxd: Linux isolation as a REST resource, on a Unix socket");
    out.println();
    out.println("usage: java [-Dsandboxd.SETTING=VALUE]... -jar quarkus-run.jar");
    out.println();
    out.println("Settings are system properties, environment variables, or lines of the file");
    out.println("named by -Dsandboxd.config or SANDBOXD_CONFIG");
    out.println("(" + SettingsReader.DEFAULT_FILE + " if it is there); the first wins.");
    for (Setting setting : Setting.values()) {
      out.println();
      out.println("  " + setting.key() + "  (" + setting.variable() + ")");
      out.println("      " + setting.description());
      if (!setting.defaultValue().isEmpty()) {
        out.println("      default: " + setting.defaultValue());
      }
    }
  }
}
