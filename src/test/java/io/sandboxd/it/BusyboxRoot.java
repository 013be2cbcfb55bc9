package io.sandboxd.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** A small root file system: one static program, a few files. */
final class BusyboxRoot {
  private static final List<String> APPLETS =
      List.of(
          "sh",
          "ls",
          "cat",
          "id",
          "ps",
          "mount",
          "umount",
          "hostname",
          "touch",
          "rm",
          "mkdir",
          "sleep",
          "stat",
          "chmod",
          "readlink",
          "head",
          "tail",
          "grep",
          "ip",
          "env",
          "true",
          "false",
          "pwd",
          "kill",
          "ln");

  private BusyboxRoot() {}

  /** Makes one below the daemon's own directory, so that it goes with it. */
  static Path make(Daemon daemon, String name) throws IOException {
    Path root = daemon.home().resolve(name);
    for (String directory : List.of("bin", "etc", "proc", "sys", "dev", "tmp", "run", "data")) {
      Files.createDirectories(root.resolve(directory));
    }
    Files.copy(
        Path.of("/bin/busybox"), root.resolve("bin/busybox"), StandardCopyOption.REPLACE_EXISTING);
    root.resolve("bin/busybox").toFile().setExecutable(true, false);
    for (String applet : APPLETS) {
      Path link = root.resolve("bin").resolve(applet);
      if (!Files.isSymbolicLink(link)) {
        Files.createSymbolicLink(link, Path.of("busybox"));
      }
    }
    Files.writeString(
        root.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n");
    Files.writeString(
        root.resolve("etc/group"), "root:x:0:\napp:x:1001:\nextra:x:2000:app,other\n");
    Files.writeString(root.resolve("etc/motd"), "untouched\n");
    return root;
  }
}
