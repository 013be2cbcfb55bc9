package io.sandboxd.lifecycle;

import io.sandboxd.launch.LaunchRequest.MaskedPath;
import io.sandboxd.sandbox.KernelPaths;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Which of the paths that are to be protected this host has. Those that are meant unless a spec
 * says otherwise are looked for again only after some seconds: modules may bring more of them, but
 * a sandbox that was made just before is without their protection as well.
 */
final class HostPaths {
  private static final Duration GOOD_FOR = Duration.ofSeconds(5);

  private record Found(long at, List<String> readonly, List<MaskedPath> masked) {}

  private volatile Found byDefault;

  /**
   * @param chosen null for the default
   */
  List<String> readonly(List<String> chosen) {
    return chosen == null ? byDefault().readonly() : existing(chosen);
  }

  /**
   * @param chosen null for the default
   */
  List<MaskedPath> masked(List<String> chosen) {
    return chosen == null ? byDefault().masked() : looked(chosen);
  }

  private Found byDefault() {
    Found found = byDefault;
    long now = System.nanoTime();
    if (found == null || now - found.at() > GOOD_FOR.toNanos()) {
      found = new Found(now, existing(KernelPaths.READONLY), looked(KernelPaths.MASKED));
      byDefault = found;
    }
    return found;
  }

  private static List<String> existing(List<String> paths) {
    return paths.stream().distinct().filter(path -> Files.exists(Path.of(path))).toList();
  }

  private static List<MaskedPath> looked(List<String> paths) {
    return existing(paths).stream()
        .map(path -> new MaskedPath(path, Files.isDirectory(Path.of(path))))
        .toList();
  }
}
