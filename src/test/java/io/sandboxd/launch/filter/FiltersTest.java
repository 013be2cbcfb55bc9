package io.sandboxd.launch.filter;

import static io.sandboxd.linux.BpfMachine.ALLOW;
import static io.sandboxd.linux.BpfMachine.I386;
import static io.sandboxd.linux.BpfMachine.X32;
import static io.sandboxd.linux.BpfMachine.X86_64;
import static io.sandboxd.linux.BpfMachine.errno;
import static io.sandboxd.linux.BpfMachine.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Libseccomp;
import io.sandboxd.linux.LibseccompFunctions;
import io.sandboxd.linux.SeccompFilter;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.Seccomp;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.SeccompProfile.Action;
import io.sandboxd.sandbox.SeccompProfile.CallRule;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The default profile, asked what becomes of calls; and how filters are kept. */
class FiltersTest {
  private static final LibseccompFunctions LIBRARY =
      LibraryLoader.create(LibseccompFunctions.class).failImmediately().load(Libseccomp.LIBRARY);

  private static final long EVERYTHING = -1;

  /**
   * Calls of newer kernels than some libseccomp, and of arm's 32 bits, which it names otherwise.
   */
  private static final Set<String> NOT_KNOWN_EVERYWHERE =
      Set.of(
          "cacheflush",
          "futex_requeue",
          "futex_wait",
          "futex_wake",
          "getxattrat",
          "listmount",
          "listxattrat",
          "lsm_get_self_attr",
          "lsm_list_modules",
          "lsm_set_self_attr",
          "map_shadow_stack",
          "mseal",
          "removexattrat",
          "riscv_hwprobe",
          "set_tls",
          "setxattrat",
          "statmount",
          "sync_file_range2",
          "uretprobe");

  private final Filters filters = new Filters(new Libseccomp(new Libc()));

  @BeforeAll
  static void numbersAreOfThisMachine() {
    assumeFalse(System.getProperty("os.arch").equals("aarch64"), "the calls are those of x86-64");
  }

  private SeccompFilter defaults(Capability... capabilities) {
    return filters.of(Seccomp.DEFAULT, Capability.maskOf(List.of(capabilities)));
  }

  private static int number(String call) {
    int number = LIBRARY.seccomp_syscall_resolve_name(call);
    assertTrue(number >= 0, call);
    return number;
  }

  /** A name that is misspelt would be a call that is denied. */
  @Test
  void everyNameIsThatOfACall() {
    Set<String> unknown = new TreeSet<>();
    for (CallRule rule : new DefaultProfile().of(EVERYTHING).syscalls()) {
      rule.names().stream()
          .filter(name -> LIBRARY.seccomp_syscall_resolve_name(name) == -1)
          .forEach(unknown::add);
    }
    unknown.removeAll(NOT_KNOWN_EVERYWHERE);
    assertEquals(Set.of(), unknown);
  }

  @ParameterizedTest
  @CsvSource({
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "fsopen",
    "open_tree",
    "move_mount",
    "mount_setattr",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "iopl",
    "ioperm",
    "settimeofday",
    "clock_settime",
    "open_by_handle_at",
    "quotactl",
    "syslog",
    "sethostname",
    "setdomainname",
    "mbind",
    "move_pages",
    "migrate_pages",
    "set_mempolicy",
    "kcmp",
    "pidfd_getfd",
    "process_madvise",
    "lookup_dcookie",
    "fanotify_init",
    "vhangup",
    "uselib",
    "ustat",
    "sysfs",
    "_sysctl",
    "nfsservctl",
    "chroot"
  })
  void deniedWithoutCapabilities(String call) {
    assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, number(call)));
  }

  @ParameterizedTest
  @CsvSource({
    "unshare, SYS_ADMIN",
    "setns, SYS_ADMIN",
    "mount, SYS_ADMIN",
    "clone3, SYS_ADMIN",
    "bpf, BPF",
    "bpf, SYS_ADMIN",
    "perf_event_open, PERFMON",
    "chroot, SYS_CHROOT",
    "reboot, SYS_BOOT",
    "init_module, SYS_MODULE",
    "open_by_handle_at, DAC_READ_SEARCH",
    "syslog, SYSLOG",
    "kcmp, SYS_PTRACE",
    "mbind, SYS_NICE",
    "iopl, SYS_RAWIO",
    "acct, SYS_PACCT",
    "settimeofday, SYS_TIME",
    "vhangup, SYS_TTY_CONFIG"
  })
  void permittedWithACapability(String call, Capability capability) {
    assertEquals(ALLOW, run(defaults(capability), X86_64, number(call)));
  }

  @ParameterizedTest
  @CsvSource({
    "pivot_root",
    "keyctl",
    "add_key",
    "request_key",
    "userfaultfd",
    "io_uring_setup",
    "kexec_load",
    "swapon",
    "move_pages",
    "nfsservctl"
  })
  void deniedWhateverTheCapabilities(String call) {
    SeccompFilter filter = filters.of(Seccomp.DEFAULT, EVERYTHING);
    assertEquals(errno(Errno.EPERM), run(filter, X86_64, number(call)));
  }

  @ParameterizedTest
  @CsvSource({
    "read",
    "openat",
    "openat2",
    "execve",
    "mmap",
    "clone",
    "vfork",
    "futex",
    "ptrace",
    "prctl",
    "seccomp",
    "capset",
    "setresuid",
    "setgroups",
    "close_range",
    "rseq",
    "statx",
    "epoll_pwait2",
    "memfd_create",
    "landlock_create_ruleset",
    "chdir",
    "pidfd_open",
    "faccessat2",
    "getrandom"
  })
  void permittedAlways(String call) {
    assertEquals(ALLOW, run(defaults(), X86_64, number(call)));
  }

  @Test
  void noNamespacesAreMadeByClone() {
    int clone = number("clone");
    assertEquals(ALLOW, run(defaults(), X86_64, clone, 0x3d0f00), "a thread");
    assertEquals(ALLOW, run(defaults(), X86_64, clone, 17), "fork");
    for (long flag :
        List.of(
            0x00020000L,
            0x02000000L,
            0x04000000L,
            0x08000000L,
            0x10000000L,
            0x20000000L,
            0x40000000L)) {
      assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, clone, 17 | flag));
      assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, X32 | 56, flag));
      assertEquals(errno(Errno.EPERM), run(defaults(), I386, 120, flag));
      assertEquals(ALLOW, run(defaults(Capability.SYS_ADMIN), X86_64, clone, 17 | flag));
    }
    assertEquals(errno(Errno.ENOSYS), run(defaults(), X86_64, number("clone3")));
    assertEquals(errno(Errno.ENOSYS), run(defaults(), I386, number("clone3")));
  }

  @Test
  void fewFamiliesOfSockets() {
    Set<Integer> permitted = new TreeSet<>();
    for (int family = 0; family < 64; family++) {
      if (run(defaults(), X86_64, number("socket"), family) == ALLOW) {
        permitted.add(family);
      }
      // The kernel sees no more of it than the lower half.
      int high = run(defaults(), X86_64, number("socket"), family | 1L << 32);
      assertEquals(run(defaults(), X86_64, number("socket"), family), high);
      assertEquals(run(defaults(), I386, 359, family), high);
    }
    assertEquals(Set.of(1, 2, 10, 16, 17), permitted);
    for (int call = 0; call <= 20; call++) {
      assertEquals(errno(Errno.ENOSYS), run(defaults(), I386, 102, call), "socketcall");
    }
  }

  @Test
  void fewPersonalities() {
    int personality = number("personality");
    for (long known : List.of(0L, 8L, 0x20000L, 0x20008L, 0xffffffffL)) {
      assertEquals(ALLOW, run(defaults(), X86_64, personality, known));
    }
    for (long other : List.of(1L, 0x0400000L /* READ_IMPLIES_EXEC */, 0x0040000L, 0x0100000L)) {
      assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, personality, other));
    }
  }

  /** The same under each number that a program of the machine can reach a call by. */
  @Test
  void theOtherArchitecturesAreNoHole() {
    assertEquals(errno(Errno.EPERM), run(defaults(), I386, 310), "unshare");
    assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, X32 | 272), "unshare");
    assertEquals(errno(Errno.EPERM), run(defaults(), I386, 288), "keyctl");
    assertEquals(errno(Errno.EPERM), run(defaults(), I386, 425), "io_uring_setup");
    assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, X32 | 425), "io_uring_setup");
    assertEquals(errno(Errno.EPERM), run(defaults(), I386, 113), "vm86old");
    assertEquals(ALLOW, run(defaults(), I386, 5), "open");
    assertEquals(ALLOW, run(defaults(), I386, 403), "clock_gettime64");
    // x32 has a few under numbers of its own.
    assertEquals(ALLOW, run(defaults(), X86_64, X32 | 520), "execve");
    assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, X32 | 528), "kexec_load");
  }

  @Test
  void callsOfTheFutureDoNotExist() {
    for (int call : List.of(480, 500, 1000, 65_535)) {
      assertEquals(errno(Errno.ENOSYS), run(defaults(), X86_64, call));
      assertEquals(errno(Errno.ENOSYS), run(defaults(), I386, call));
    }
    assertEquals(errno(Errno.EPERM), run(defaults(), X86_64, -1));
  }

  /** The kernel takes time for each instruction, whenever a process begins. */
  @Test
  void theDefaultIsSmall() {
    int instructions = defaults().program().size() / SeccompFilter.INSTRUCTION;
    assertTrue(instructions < 300, () -> instructions + " instructions");
  }

  @Test
  void filtersAreCompiledOnceAndKept() {
    assertNull(filters.of(Seccomp.UNCONFINED, 0));
    SeccompFilter first = defaults();
    assertSame(first, filters.of(null, 0));
    assertSame(first, defaults(Capability.CHOWN, Capability.KILL), "no rule is about these");
    assertFalse(first.equals(defaults(Capability.SYS_ADMIN)));
    SeccompProfile own = profile(5);
    SeccompFilter compiled = filters.of(own, 0);
    assertSame(compiled, filters.of(profile(5), EVERYTHING), "an equal one");
    for (int errno = 100; errno < 140; errno++) {
      filters.check(profile(errno));
    }
    assertNotSame(compiled, filters.of(own, 0), "those not used for long are forgotten");
    assertEquals(compiled, filters.of(own, 0));
  }

  private static SeccompProfile profile(int errno) {
    return new SeccompProfile(
        Action.SCMP_ACT_ALLOW,
        null,
        null,
        null,
        List.of(new CallRule(List.of("chmod"), Action.SCMP_ACT_ERRNO, errno, null)));
  }
}
