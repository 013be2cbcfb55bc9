package io.sandboxd.cgroup;

import java.util.BitSet;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kernel's "List Format" of CPU numbers, e.g. {@code 0-1,3} (cpuset(7)). */
final class CpuList {
  private static final Pattern RANGE = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  private CpuList() {}

  /** Null for what is no such list; empty text is an empty set. */
  static BitSet parse(String text) {
    BitSet cpus = new BitSet();
    if (text.isBlank()) {
      return cpus;
    }
    for (String part : text.strip().split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      if (!range.matches()) {
        return null;
      }
      int first = Integer.parseInt(range.group(1));
      int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
      if (last < first) {
        return null;
      }
      cpus.set(first, last + 1);
    }
    return cpus;
  }

  static String format(BitSet cpus) {
    StringJoiner list = new StringJoiner(",");
    for (int first = cpus.nextSetBit(0); first >= 0; ) {
      int end = cpus.nextClearBit(first);
      list.add(end == first + 1 ? "" + first : first + "-" + (end - 1));
      first = cpus.nextSetBit(end);
    }
    return list.toString();
  }
}
