package io.sandboxd.linux;

import static io.sandboxd.linux.BpfMachine.ALLOW;
import static io.sandboxd.linux.BpfMachine.I386;
import static io.sandboxd.linux.BpfMachine.KILL_PROCESS;
import static io.sandboxd.linux.BpfMachine.LOG;
import static io.sandboxd.linux.BpfMachine.X32;
import static io.sandboxd.linux.BpfMachine.X86_64;
import static io.sandboxd.linux.BpfMachine.errno;
import static io.sandboxd.linux.BpfMachine.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of libseccomp, and what programs come of it. */
class LibseccompTest {
  private static final Libseccomp LIBSECCOMP = new Libseccomp(new Libc());

  // Numbers of x86-64.
  private static final int READ = 0;
  private static final int CHMOD = 90;
  private static final int PERSONALITY = 135;
  private static final int CLONE3 = 435;

  @BeforeAll
  static void numbersAreOfThisMachine() {
    assumeFalse(CpuArchitecture.ARM, "the calls are those of x86-64");
  }

  private static SeccompFilter compile(String profile) {
    return LIBSECCOMP.compile(
        SpecJson.convert(
            SpecJson.readTree(Specs.bytes(profile.replace('\'', '"'))),
            SeccompProfile.class,
            FieldPath.ROOT));
  }

  @Test
  void whatNoRuleIsAboutGetsTheDefault() {
    SeccompFilter allow =
        compile(
            "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['chmod'],'action':'SCMP_ACT_ERRNO','errnoRet':38}]}");
    assertEquals(ALLOW, run(allow, X86_64, READ));
    assertEquals(ALLOW, run(allow, X86_64, 600), "one that is newer, too");
    assertEquals(errno(38), run(allow, X86_64, CHMOD));
    SeccompFilter deny =
        compile(
            "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':13,'syscalls':[{'names':['chmod'],'action':'SCMP_ACT_ALLOW'}]}");
    assertEquals(errno(13), run(deny, X86_64, READ));
    assertEquals(ALLOW, run(deny, X86_64, CHMOD));
    SeccompFilter plain =
        compile(
            "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['chmod'],'action':'SCMP_ACT_LOG'}]}");
    assertEquals(errno(Errno.EPERM), run(plain, X86_64, READ));
    assertEquals(LOG, run(plain, X86_64, CHMOD));
  }

  @Test
  void callsThatAreNewerThanTheProfileDoNotExist() {
    SeccompFilter old =
        compile(
            "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'}]}");
    assertEquals(errno(Errno.EPERM), run(old, X86_64, 423));
    assertEquals(errno(Errno.ENOSYS), run(old, X86_64, 424));
    SeccompFilter newer =
        compile(
            "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X32'],'syscalls':[{'names':['clone3'],'action':'SCMP_ACT_ERRNO'}]}");
    assertEquals(errno(Errno.EPERM), run(newer, X86_64, CLONE3));
    assertEquals(errno(Errno.EPERM), run(newer, X86_64, CLONE3 - 1));
    assertEquals(errno(Errno.ENOSYS), run(newer, X86_64, CLONE3 + 1));
    assertEquals(errno(Errno.EPERM), run(newer, X86_64, X32 | CLONE3));
    assertEquals(errno(Errno.EPERM), run(newer, X86_64, X32 | CLONE3 + 1), "not of the sequence");
    assertEquals(KILL_PROCESS, run(newer, X86_64 + 1, 0xf0005), "arm's own are no newer ones");
    SeccompFilter kills = compile("{'defaultAction':'SCMP_ACT_KILL_PROCESS'}");
    assertEquals(KILL_PROCESS, run(kills, X86_64, 500));
  }

  @Test
  void anArchitectureThatIsNotNamedEndsTheProcess() {
    String profile =
        "{'defaultAction':'SCMP_ACT_ALLOW','architectures':[%s],'syscalls':[{'names':['chmod'],'action':'SCMP_ACT_ERRNO'}]}";
    SeccompFilter native64 = compile(profile.formatted(""));
    assertEquals(ALLOW, run(native64, X86_64, READ));
    assertEquals(KILL_PROCESS, run(native64, I386, 3));
    assertEquals(KILL_PROCESS, run(native64, X86_64, X32 | CHMOD));
    SeccompFilter all =
        compile(
            profile.formatted(
                "'SCMP_ARCH_X86','SCMP_ARCH_X32','SCMP_ARCH_X86_64','SCMP_ARCH_X86','SCMP_ARCH_S390X'"));
    assertEquals(ALLOW, run(all, I386, 3));
    assertEquals(errno(Errno.EPERM), run(all, I386, 15), "chmod has another number there");
    assertEquals(errno(Errno.EPERM), run(all, X86_64, X32 | CHMOD));
  }

  @ParameterizedTest
  @CsvSource({
    "NE, 5, 0, 4, 5",
    "LT, 5, 0, 4, 5",
    "LE, 5, 0, 5, 6",
    "EQ, 5, 0, 5, 4",
    "GE, 5, 0, 5, 4",
    "GT, 5, 0, 6, 5",
    "GT, 5, 0, -1, 5",
    "MASKED_EQ, 6, 4, 5, 6",
    "EQ, 18446744073709551615, 0, -1, 4294967295",
  })
  void argumentsAreCompared(String op, String value, String two, long holds, long not) {
    SeccompFilter filter =
        compile(
            "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['personality'],'action':'SCMP_ACT_ERRNO','args':[{'index':2,'value':%s,'valueTwo':%s,'op':'SCMP_CMP_%s'}]}]}"
                .formatted(value, two, op));
    assertEquals(errno(Errno.EPERM), run(filter, X86_64, PERSONALITY, 0, 0, holds));
    assertEquals(ALLOW, run(filter, X86_64, PERSONALITY, 0, 0, not));
  }

  @Test
  void conditionsHoldTogetherUnlessOfOneArgument() {
    String profile =
        "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['chmod'],'action':'SCMP_ACT_ERRNO','args':[{'index':0,'value':1,'op':'SCMP_CMP_EQ'},{'index':%d,'value':2,'op':'SCMP_CMP_EQ'}]}]}";
    SeccompFilter both = compile(profile.formatted(1));
    assertEquals(errno(Errno.EPERM), run(both, X86_64, CHMOD, 1, 2));
    assertEquals(ALLOW, run(both, X86_64, CHMOD, 1, 1));
    assertEquals(ALLOW, run(both, X86_64, CHMOD, 2, 2));
    SeccompFilter either = compile(profile.formatted(0));
    assertEquals(errno(Errno.EPERM), run(either, X86_64, CHMOD, 1));
    assertEquals(errno(Errno.EPERM), run(either, X86_64, CHMOD, 2));
    assertEquals(ALLOW, run(either, X86_64, CHMOD, 3));
  }

  @Test
  void namesThatAreNotKnownAreLeftOutWhereThatIsHarmless() {
    SeccompFilter filter =
        compile(
            "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[{'names':['from_the_future','chmod'],'action':'SCMP_ACT_ALLOW'}]}");
    assertEquals(ALLOW, run(filter, X86_64, CHMOD));
    assertRefused(
        "seccomp.syscalls[1]",
        "names chmdo, a call that libseccomp does not know",
        "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read'],'action':'SCMP_ACT_LOG'},{'names':['chmdo'],'action':'SCMP_ACT_ERRNO'}]}");
  }

  @Test
  void whatDoesNotCompileIsRefusedWithItsRule() {
    assertRefused(
        "seccomp.syscalls[1]",
        "libseccomp says EEXIST",
        "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':["
            + "{'names':['chmod'],'action':'SCMP_ACT_ERRNO','errnoRet':5,'args':[{'index':1,'value':1,'op':'SCMP_CMP_EQ'}]},"
            + "{'names':['chmod'],'action':'SCMP_ACT_ERRNO','errnoRet':6,'args':[{'index':1,'value':1,'op':'SCMP_CMP_EQ'}]}]}");
  }

  @Test
  void flagsAreTheKernels() {
    SeccompFilter filter =
        compile(
            "{'defaultAction':'SCMP_ACT_ALLOW','flags':['SECCOMP_FILTER_FLAG_LOG','SECCOMP_FILTER_FLAG_SPEC_ALLOW']}");
    assertEquals(6, filter.flags());
    assertEquals(ALLOW, run(filter, X86_64, READ));
  }

  private static void assertRefused(String field, String saying, String profile) {
    SandboxException refusal = assertThrows(SandboxException.class, () -> compile(profile));
    assertEquals(field, refusal.fields().get("field"));
    assertTrue(refusal.getMessage().contains(saying), refusal.getMessage());
  }
}
