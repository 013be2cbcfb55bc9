package io.sandboxd.linux;

import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SeccompArchitecture;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.SeccompProfile.Action;
import io.sandboxd.sandbox.SeccompProfile.CallRule;
import io.sandboxd.sandbox.SeccompProfile.Condition;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;

/** Makes programs of BPF from profiles. Safe for use by many threads. */
public final class Libseccomp {
  /** As the dynamic linker knows it. */
  public static final String LIBRARY = "libseccomp.so.2";

  // Of seccomp.h.
  private static final int SCMP_FLTATR_ACT_BADARCH = 2;
  private static final int SCMP_FLTATR_CTL_OPTIMIZE = 8;
  private static final int BINARY_TREE = 2;
  private static final int NR_SCMP_ERROR = -1;
  private static final int SCMP_ARG_CMP_SIZE = 24;

  /** {@code SCMP_ARCH_*} of what the machine can run, and is not its own. */
  private static final Map<SeccompArchitecture, Integer> OTHERS =
      CpuArchitecture.ARM
          ? Map.of(SeccompArchitecture.SCMP_ARCH_ARM, 0x40000028)
          : Map.of(
              SeccompArchitecture.SCMP_ARCH_X86, 0x40000003,
              SeccompArchitecture.SCMP_ARCH_X32, 0x4000003e);

  private static final int READ_SIZE = 64 * 1024;

  private final Libc libc;

  /** Null until the first filter: to make it takes a tenth of a second. */
  private LibseccompFunctions library;

  public Libseccomp(Libc libc) {
    this.libc = libc;
  }

  /**
   * Compiles a profile that the rules of the model have found good. It takes milliseconds, and for
   * one that goes to all limits a second.
   *
   * @throws SandboxException {@code invalid_spec} with the rule, {@code seccomp.syscalls[N]}
   * @throws UnsatisfiedLinkError when the library is not there
   */
  public SeccompFilter compile(SeccompProfile profile) {
    return new SeccompFilter(flags(profile), bounded(CallRanges.compact(program(profile))));
  }

  /** As it is before it is made small, without bounds. One at a time, as it takes memory too. */
  synchronized byte[] program(SeccompProfile profile) {
    if (library == null) {
      library = LibraryLoader.create(LibseccompFunctions.class).failImmediately().load(LIBRARY);
    }
    Pointer filter = library.seccomp_init(code(profile.defaultAction(), profile.defaultErrnoRet()));
    if (filter == null) {
      throw SandboxException.invalid(
          "seccomp.defaultAction", "is not one that libseccomp takes on this kernel");
    }
    try {
      library.seccomp_attr_set(
          filter, SCMP_FLTATR_ACT_BADARCH, Action.SCMP_ACT_KILL_PROCESS.code());
      // A list of all calls else, which takes longer the further down a call is. Since 2.5.
      library.seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
      for (SeccompArchitecture architecture : or(profile.architectures())) {
        Integer token = OTHERS.get(architecture);
        if (token != null) {
          library.seccomp_arch_add(filter, token); // fails only where it is there already
        }
      }
      List<CallRule> rules = or(profile.syscalls());
      int newest = 0;
      for (int i = 0; i < rules.size(); i++) {
        newest =
            Math.max(newest, add(filter, profile, rules.get(i), "seccomp.syscalls[" + i + "]"));
      }
      return NewerCalls.deny(profile, newest, export(filter));
    } finally {
      library.seccomp_release(filter);
    }
  }

  private static Blob bounded(byte[] program) {
    int instructions = program.length / SeccompFilter.INSTRUCTION;
    if (instructions > SeccompFilter.MAX_INSTRUCTIONS) {
      throw SandboxException.invalid(
          "seccomp.syscalls",
          "are too many: they take %d instructions, and the kernel takes %d"
              .formatted(instructions, SeccompFilter.MAX_INSTRUCTIONS));
    }
    return Blob.of(program);
  }

  /**
   * @return the highest number of a call that the rule is about
   */
  private int add(Pointer filter, SeccompProfile profile, CallRule rule, String at) {
    int code = code(rule.action(), rule.errnoRet());
    boolean says = code != code(profile.defaultAction(), profile.defaultErrnoRet());
    int newest = 0;
    for (String name : rule.names()) {
      int call = library.seccomp_syscall_resolve_name(name);
      if (call == NR_SCMP_ERROR) {
        requireHarmless(profile, rule, name, at);
        continue;
      }
      newest = Math.max(newest, call);
      if (says) {
        add(filter, code, call, or(rule.args()), name, at);
      }
    }
    return newest;
  }

  /**
   * Profiles name calls that are newer than a machine, or of others. That is fine as long as the
   * filter does not permit what was to be denied.
   */
  private static void requireHarmless(
      SeccompProfile profile, CallRule rule, String name, String at) {
    if (profile.defaultAction().permits() && !rule.action().permits()) {
      throw SandboxException.invalid(
          at,
          "names %s, a call that libseccomp does not know here, so it cannot be denied: leave it"
                  .formatted(name)
              + " out, or make a defaultAction that denies");
    }
  }

  private void add(
      Pointer filter, int code, int call, List<Condition> conditions, String name, String at) {
    Set<Integer> indices = new HashSet<>();
    if (conditions.stream().allMatch(condition -> indices.add(condition.index()))) {
      check(ruleAdd(filter, code, call, conditions), name, at);
      return;
    }
    // Several for one argument: libseccomp has no "or" but that of rules.
    for (Condition condition : conditions) {
      check(ruleAdd(filter, code, call, List.of(condition)), name, at);
    }
  }

  private int ruleAdd(Pointer filter, int code, int call, List<Condition> conditions) {
    Pointer args = libc.memory().take(Math.max(1, conditions.size()) * SCMP_ARG_CMP_SIZE);
    for (int i = 0; i < conditions.size(); i++) {
      Condition condition = conditions.get(i);
      long at = (long) i * SCMP_ARG_CMP_SIZE;
      args.putInt(at, condition.index());
      args.putInt(at + 4, condition.op().code());
      args.putLong(at + 8, condition.value().longValue());
      args.putLong(at + 16, condition.valueTwo() == null ? 0 : condition.valueTwo().longValue());
    }
    return library.seccomp_rule_add_array(filter, code, call, conditions.size(), args);
  }

  private static void check(int result, String name, String at) {
    if (result < 0) {
      String said = Errno.name(-result) + " (" + Errno.message(-result) + ")";
      String meaning =
          -result == Errno.EEXIST
              ? ": another rule has the same conditions, and another action"
              : "";
      throw SandboxException.invalid(
          at, "cannot be compiled: libseccomp says " + said + " to " + name + meaning);
    }
  }

  private byte[] export(Pointer filter) {
    try (Fd file = libc.memoryFile("seccomp")) {
      int result = library.seccomp_export_bpf(filter, file.number());
      if (result < 0) {
        throw SandboxException.invalid(
            "seccomp", "cannot be compiled: libseccomp says " + Errno.name(-result));
      }
      ByteBuffer program = ByteBuffer.allocate(READ_SIZE).order(ByteOrder.nativeOrder());
      while (program.hasRemaining() && libc.readAt(file, program, program.position()) > 0) {
        // More of it.
      }
      byte[] bytes = new byte[program.position()];
      program.flip().get(bytes);
      return bytes;
    }
  }

  private static long flags(SeccompProfile profile) {
    return or(profile.flags()).stream()
        .mapToLong(SeccompProfile.Flag::bit)
        .reduce(0, (a, b) -> a | b);
  }

  private static int code(Action action, Integer errno) {
    int data = errno != null ? errno : action == Action.SCMP_ACT_ERRNO ? Errno.EPERM : 0;
    return action.code() | data;
  }

  private static <T> List<T> or(List<T> list) {
    return list == null ? List.of() : list;
  }
}
