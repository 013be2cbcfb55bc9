package io.sandboxd.lifecycle;

import io.sandboxd.linux.MountInfo;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What {@code /proc/PID} tells of a process (proc_pid(5)). Whether the pid was that process's all
 * the time is for the caller to make sure.
 */
final class ProcFiles {
  /** 100,000 mounts, which a kernel allows, would be more; nobody wants to see those. */
  private static final int LONGEST = 1 << 20;

  private static final Capability[] CAPABILITIES = Capability.values();

  private final Path directory;

  ProcFiles(int pid) {
    directory = Path.of("/proc", Integer.toString(pid));
  }

  /** The lines of {@code status} by their names. */
  record Status(Map<String, String> fields) {
    boolean has(String name) {
      return fields.containsKey(name);
    }

    List<Long> numbers(String name) {
      List<Long> numbers = new ArrayList<>();
      for (String word : fields.getOrDefault(name, "").split("\\s+")) {
        if (!word.isEmpty()) {
          numbers.add(Long.valueOf(word));
        }
      }
      return numbers;
    }

    /** That at an index; 0 where this kernel says nothing. */
    long number(String name, int index) {
      List<Long> numbers = numbers(name);
      return index < numbers.size() ? numbers.get(index) : 0;
    }

    /** One that has no name here yet is shown by its number. */
    List<String> capabilities(String name) {
      long bits = Long.parseUnsignedLong(fields.getOrDefault(name, "0"), 16);
      List<String> names = new ArrayList<>();
      for (int i = 0; i < Long.SIZE; i++) {
        if ((bits >>> i & 1) != 0) {
          names.add(i < CAPABILITIES.length ? CAPABILITIES[i].word() : "CAP_" + i);
        }
      }
      return names;
    }
  }

  Status status() {
    Map<String, String> fields = new HashMap<>();
    for (String line : lines("status")) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    return new Status(fields);
  }

  List<IdMapping> map(String name) {
    List<IdMapping> map = new ArrayList<>();
    for (String line : lines(name)) {
      String[] numbers = line.strip().split("\\s+");
      map.add(
          new IdMapping(
              Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2])));
    }
    return map;
  }

  List<MountInfo> mounts() {
    return lines("mountinfo").stream().map(MountInfo::parse).filter(Objects::nonNull).toList();
  }

  /** Null where no security module has one. */
  String label() {
    try {
      String label = text("attr/current").replace("\0", "").strip();
      return label.isEmpty() ? null : label;
    } catch (IOException e) {
      return null; // EINVAL: there is no such module
    }
  }

  private List<String> lines(String name) {
    try {
      return text(name).lines().toList();
    } catch (IOException e) {
      throw SandboxException.wrongState(
          "The process has just ended: nothing confines it any more.");
    }
  }

  private String text(String name) throws IOException {
    try (InputStream in = Files.newInputStream(directory.resolve(name))) {
      return new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
    }
  }
}
