package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import io.sandboxd.sandbox.ProcessSpec.User;
import io.sandboxd.sandbox.RlimitName;
import io.sandboxd.sandbox.constraints.AbsolutePath;
import io.sandboxd.sandbox.constraints.Utf8;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What one process may ask for, whatever sandbox it is in (execve(2), setrlimit(2),
 * capabilities(7)).
 */
final class ProcessRules {
  /**
   * Arguments and environment together, each with its NUL; a quarter of the usual stack limit is
   * the kernel's.
   */
  static final int MAX_STRINGS = 512 << 10;

  private static final String NAME = "[^\\s:,/\\p{Cntrl}]{1,256}";

  static final List<Rule<ProcessSpec>> ALL =
      List.of(
          ProcessRules::command,
          ProcessRules::totalLength,
          ProcessRules::user,
          ProcessRules::capabilities,
          ProcessRules::rlimits,
          ProcessRules::terminal,
          ProcessRules::retention);

  private ProcessRules() {}

  private static void command(ProcessSpec process, FieldPath at) {
    String command = process.args().get(0);
    FieldPath where = at.field("args").index(0);
    if (command.isEmpty()) {
      throw Rule.broken(where, "must name a command, not be empty");
    }
    if (Utf8.length(command) > AbsolutePath.MAX_BYTES) {
      throw Rule.broken(
          where, "must name a command, so have at most " + AbsolutePath.MAX_BYTES + " bytes");
    }
  }

  private static void totalLength(ProcessSpec process, FieldPath at) {
    long args = process.args().stream().mapToLong(arg -> Utf8.length(arg) + 1).sum();
    long env = 0;
    if (process.env() != null) {
      for (Map.Entry<String, String> variable : process.env().entrySet()) {
        long length = Utf8.length(variable.getKey()) + 1 + Utf8.length(variable.getValue());
        if (length > ProcessSpec.MAX_STRING) {
          throw Rule.broken(
              at.field("env").field(variable.getKey()),
              "must have, with its name, at most " + ProcessSpec.MAX_STRING + " bytes");
        }
        env += length + 1;
      }
    }
    if (args + env > MAX_STRINGS) {
      throw Rule.broken(
          at.field(args > env ? "args" : "env"),
          "is too much: args and env together can have at most %d bytes, but have %d; pass it as a file or as input"
              .formatted(MAX_STRINGS, args + env));
    }
  }

  private static void user(ProcessSpec process, FieldPath at) {
    User user = process.user();
    if (user == null) {
      return;
    }
    FieldPath where = at.field("user");
    id(user.uid(), where.field("uid"));
    id(user.gid(), where.field("gid"));
    if (user.additionalGids() != null) {
      for (int i = 0; i < user.additionalGids().size(); i++) {
        id(user.additionalGids().get(i), where.field("additionalGids").index(i));
      }
    }
  }

  private static void id(IdOrName id, FieldPath at) {
    if (id == null) {
      return;
    }
    if (id.isName() && (!id.name().matches(NAME) || Utf8.length(id.name()) < 0)) {
      throw Rule.broken(
          at, "must be a number or a name without blanks, colons, commas and slashes");
    }
    if (!id.isName() && (id.id() < 0 || id.id() >= IdOrName.IDS)) {
      throw Rule.broken(at, "must be 0 to " + (IdOrName.IDS - 1));
    }
  }

  private static void capabilities(ProcessSpec process, FieldPath at) {
    List<String> names = process.capabilities() == null ? List.of() : process.capabilities();
    for (int i = 0; i < names.size(); i++) {
      if (Capability.find(names.get(i)).isEmpty()) {
        throw Rule.broken(
            at.field("capabilities").index(i),
            "is not a capability: see capabilities(7), such as CAP_NET_RAW");
      }
    }
  }

  private static void rlimits(ProcessSpec process, FieldPath at) {
    Map<String, Rlimit> limits = process.rlimits() == null ? Map.of() : process.rlimits();
    Set<RlimitName> seen = EnumSet.noneOf(RlimitName.class);
    limits.forEach(
        (name, limit) -> {
          FieldPath where = at.field("rlimits").field(name);
          RlimitName resource =
              RlimitName.find(name)
                  .orElseThrow(
                      () -> Rule.broken(where, "is not a limit: there are " + rlimitNames()));
          if (!seen.add(resource)) {
            throw Rule.broken(where, "is there twice, in two spellings: leave one of them out");
          }
          if (exceeds(limit.soft(), limit.hard())) {
            throw Rule.broken(where, "must have a soft limit that is not more than the hard one");
          }
        });
  }

  private static void terminal(ProcessSpec process, FieldPath at) {
    if (process.consoleSize() != null && !process.hasTerminal()) {
      throw Rule.broken(at.field("consoleSize"), "is a terminal's: set tty too, or leave it out");
    }
    if (process.hasTerminal() && process.streams()) {
      throw Rule.broken(
          at.field("output"), "must be \"log\" with tty: what a terminal shows is always stored");
    }
  }

  private static void retention(ProcessSpec process, FieldPath at) {
    if (process.outputRetention() == null) {
      return;
    }
    if (process.streams()) {
      throw Rule.broken(
          at.field("outputRetention"),
          "is for stored output: a stream keeps nothing, leave it out");
    }
    retention(process.outputRetention(), at);
  }

  static void retention(ByteSize retention, FieldPath at) {
    if (retention != null
        && (retention.bytes() < ProcessSpec.LEAST_RETENTION.bytes()
            || retention.bytes() > ProcessSpec.MOST_RETENTION.bytes())) {
      throw Rule.broken(
          at.field("outputRetention"),
          "must be %d bytes (64Ki) to %d (1Ti)"
              .formatted(ProcessSpec.LEAST_RETENTION.bytes(), ProcessSpec.MOST_RETENTION.bytes()));
    }
  }

  private static boolean exceeds(long soft, long hard) {
    return hard != Rlimit.UNLIMITED && (soft == Rlimit.UNLIMITED || soft > hard);
  }

  private static String rlimitNames() {
    return Stream.of(RlimitName.values()).map(RlimitName::word).collect(Collectors.joining(", "));
  }
}
