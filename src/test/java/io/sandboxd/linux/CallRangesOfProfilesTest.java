package io.sandboxd.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SeccompArchitecture;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.SeccompProfile.Action;
import io.sandboxd.sandbox.SeccompProfile.CallRule;
import io.sandboxd.sandbox.SeccompProfile.Condition;
import io.sandboxd.sandbox.SeccompProfile.Operator;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What libseccomp makes of profiles answers the same when it is made small. */
@Timeout(120)
class CallRangesOfProfilesTest {
  private static final Libseccomp LIBSECCOMP = new Libseccomp(new Libc());
  private static final LibseccompFunctions LIBRARY =
      LibraryLoader.create(LibseccompFunctions.class).failImmediately().load(Libseccomp.LIBRARY);
  private static final JsonNode DEFAULT = read();

  private static final List<SeccompArchitecture> OTHERS =
      List.of(
          SeccompArchitecture.SCMP_ARCH_X86,
          SeccompArchitecture.SCMP_ARCH_X32,
          SeccompArchitecture.SCMP_ARCH_ARM);

  private static final List<Action> ACTIONS =
      List.of(
          Action.SCMP_ACT_ALLOW,
          Action.SCMP_ACT_ERRNO,
          Action.SCMP_ACT_LOG,
          Action.SCMP_ACT_KILL_PROCESS,
          Action.SCMP_ACT_KILL_THREAD,
          Action.SCMP_ACT_TRAP,
          Action.SCMP_ACT_TRACE);

  /** Of calls that this libseccomp knows: others cannot be denied. */
  private static final Set<String> NAMES =
      new TreeSet<>(
          DEFAULT.findValues("names").stream()
              .flatMap(names -> StreamSupport.stream(names.spliterator(), false))
              .map(JsonNode::asText)
              .filter(name -> LIBRARY.seccomp_syscall_resolve_name(name) != -1)
              .toList());

  private static JsonNode read() {
    try (InputStream in = SeccompProfile.class.getResourceAsStream("/seccomp/default.json")) {
      return SpecJson.readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * @return by how much it got smaller, in instructions
   */
  private static int compare(SeccompProfile profile, Random random) {
    byte[] program = LIBSECCOMP.program(profile);
    byte[] compact = CallRanges.compact(program);
    new FilterComparison(program, compact, random).ofCalls();
    return (program.length - compact.length) / SeccompFilter.INSTRUCTION;
  }

  @Test
  void ofTheDefaultWithAndWithoutCapabilities() {
    assertSmaller(EnumSet.noneOf(Capability.class));
    assertSmaller(EnumSet.allOf(Capability.class));
    assertSmaller(EnumSet.of(Capability.SYS_ADMIN));
    assertSmaller(EnumSet.of(Capability.SYS_CHROOT, Capability.SYS_PTRACE, Capability.BPF));
  }

  private static void assertSmaller(Set<Capability> capabilities) {
    int less = compare(defaultOf(capabilities), new Random(1));
    assertTrue(less > 500, () -> "only " + less + " less with " + capabilities);
  }

  private static SeccompProfile defaultOf(Set<Capability> capabilities) {
    ObjectNode profile = DEFAULT.deepCopy();
    profile.putArray("syscalls");
    for (JsonNode rule : DEFAULT.path("syscalls")) {
      boolean lacks = rule.has("with") && !namesOne(rule.path("with"), capabilities);
      if (!lacks && !namesOne(rule.path("without"), capabilities)) {
        ObjectNode plain = rule.deepCopy();
        profile.withArray("syscalls").add(plain.remove(List.of("with", "without", "why")));
      }
    }
    return SpecJson.convert(profile, SeccompProfile.class, FieldPath.ROOT);
  }

  private static boolean namesOne(JsonNode names, Set<Capability> capabilities) {
    for (JsonNode name : names) {
      if (Capability.find(name.asText()).filter(capabilities::contains).isPresent()) {
        return true;
      }
    }
    return false;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void ofProfilesByChance(int others) {
    int less = 0;
    for (int seed = 0; seed < 15; seed++) {
      Random random = new Random(seed);
      less += compare(byChance(random, others), random);
    }
    assertTrue(less > 0);
  }

  private static SeccompProfile byChance(Random random, int others) {
    List<String> names = new ArrayList<>(NAMES);
    Collections.shuffle(names, random);
    List<CallRule> rules = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      rules.add(rule(random, names, random.nextInt(60), List.of()));
    }
    for (int i = random.nextInt(12); i > 0; i--) {
      rules.add(rule(random, names, random.nextInt(3), conditions(random)));
    }
    return new SeccompProfile(action(random), null, OTHERS.subList(0, others), null, rules);
  }

  /** Takes its names away from the others, as one call can have one rule without conditions. */
  private static CallRule rule(
      Random random, List<String> names, int size, List<Condition> conditions) {
    List<String> first = names.subList(0, 1 + size);
    List<String> own = List.copyOf(first);
    first.clear();
    Action action = action(random);
    Integer errno = action.takesErrno() ? random.nextInt(4) : null;
    return new CallRule(own, action, errno, conditions);
  }

  private static Action action(Random random) {
    return ACTIONS.get(random.nextInt(ACTIONS.size()));
  }

  private static List<Condition> conditions(Random random) {
    int first = random.nextInt(4);
    List<Condition> conditions = new ArrayList<>(List.of(condition(random, first)));
    if (random.nextBoolean()) {
      conditions.add(condition(random, first + random.nextInt(2)));
    }
    return conditions;
  }

  private static Condition condition(Random random, int index) {
    Operator op = Operator.values()[random.nextInt(Operator.values().length)];
    BigInteger value = new BigInteger(random.nextBoolean() ? 4 : Long.SIZE, random);
    BigInteger under = new BigInteger(Long.SIZE, random).and(value);
    return new Condition(index, value, op == Operator.SCMP_CMP_MASKED_EQ ? under : null, op);
  }
}
