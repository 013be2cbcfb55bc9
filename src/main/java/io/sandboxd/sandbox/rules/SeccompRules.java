package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.SeccompProfile.Action;
import io.sandboxd.sandbox.SeccompProfile.CallRule;
import io.sandboxd.sandbox.SeccompProfile.Condition;
import io.sandboxd.sandbox.SeccompProfile.Operator;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What goes together in a profile of system calls. Which calls there are depends on the machine, so
 * that is said when the profile is compiled.
 */
final class SeccompRules {
  /** Of all rules together: several times what any architecture has. */
  static final int MAX_NAMES = 4_096;

  static final List<Rule<SeccompProfile>> ALL =
      List.of(
          SeccompRules::errnos,
          SeccompRules::conditions,
          SeccompRules::number,
          SeccompRules::combinations,
          SeccompRules::contradictions);

  /**
   * Of all rules together, each counted for each name: libseccomp takes up to a second for them.
   */
  static final int MAX_CONDITIONS = 128;

  /** Of one call, if one of them has several conditions: more can take libseccomp minutes. */
  static final int MAX_COMBINED = 2;

  /** The rule of a call that has no conditions. */
  private record Always(int rule, Action action, Integer errno) {}

  private SeccompRules() {}

  private static List<CallRule> rules(SeccompProfile profile) {
    return profile.syscalls() == null ? List.of() : profile.syscalls();
  }

  private static void errnos(SeccompProfile profile, FieldPath at) {
    errno(profile.defaultAction(), profile.defaultErrnoRet(), at.field("defaultErrnoRet"));
    for (int i = 0; i < rules(profile).size(); i++) {
      CallRule rule = rules(profile).get(i);
      errno(rule.action(), rule.errnoRet(), at.field("syscalls").index(i).field("errnoRet"));
    }
  }

  private static void errno(Action action, Integer errno, FieldPath at) {
    if (errno != null && !action.takesErrno()) {
      throw Rule.broken(at, "does not go with " + action.word() + ": leave it out");
    }
  }

  private static void conditions(SeccompProfile profile, FieldPath at) {
    for (int i = 0; i < rules(profile).size(); i++) {
      List<Condition> conditions = rules(profile).get(i).args();
      for (int j = 0; conditions != null && j < conditions.size(); j++) {
        FieldPath where = at.field("syscalls").index(i).field("args").index(j);
        Condition condition = conditions.get(j);
        unsigned(condition.value(), where.field("value"));
        if (condition.valueTwo() != null) {
          unsigned(condition.valueTwo(), where.field("valueTwo"));
          boolean used = condition.op() == Operator.SCMP_CMP_MASKED_EQ;
          if (!used && condition.valueTwo().signum() != 0) {
            throw Rule.broken(
                where.field("valueTwo"), "is for SCMP_CMP_MASKED_EQ only: leave it out");
          }
        }
      }
    }
  }

  private static void unsigned(BigInteger value, FieldPath at) {
    if (value.signum() < 0 || value.bitLength() > Long.SIZE) {
      throw Rule.broken(at, "must be an integer of at most 64 bits without a sign");
    }
  }

  private static void number(SeccompProfile profile, FieldPath at) {
    int names = rules(profile).stream().mapToInt(rule -> rule.names().size()).sum();
    if (names > MAX_NAMES) {
      throw Rule.broken(
          at.field("syscalls"),
          "can have at most %d names in all rules together, but has %d"
              .formatted(MAX_NAMES, names));
    }
  }

  private static void combinations(SeccompProfile profile, FieldPath at) {
    Map<String, Integer> rulesOfCall = new HashMap<>();
    Set<String> combined = new HashSet<>();
    int conditions = 0;
    for (int i = 0; i < rules(profile).size(); i++) {
      CallRule rule = rules(profile).get(i);
      if (isUnconditional(rule)) {
        continue;
      }
      conditions += rule.args().size() * rule.names().size();
      if (conditions > MAX_CONDITIONS) {
        throw Rule.broken(
            at.field("syscalls").index(i),
            "has, with those before it, more than %d conditions, each counted for each name"
                .formatted(MAX_CONDITIONS));
      }
      for (String name : rule.names()) {
        if (rule.args().size() > 1) {
          combined.add(name);
        }
        if (rulesOfCall.merge(name, 1, Integer::sum) > MAX_COMBINED && combined.contains(name)) {
          throw Rule.broken(
              at.field("syscalls").index(i),
              "is one too many about %s: at most %d if one of them has several conditions"
                  .formatted(name, MAX_COMBINED));
        }
      }
    }
  }

  /**
   * A rule without conditions wins over all others of a call, without a word: one that forbids
   * something would be lost.
   */
  private static void contradictions(SeccompProfile profile, FieldPath at) {
    Map<String, Always> always = new HashMap<>();
    for (int i = 0; i < rules(profile).size(); i++) {
      CallRule rule = rules(profile).get(i);
      if (isUnconditional(rule)) {
        Always own = new Always(i, rule.action(), rule.errnoRet());
        rule.names().forEach(name -> always.putIfAbsent(name, own));
      }
    }
    for (int i = 0; i < rules(profile).size(); i++) {
      CallRule rule = rules(profile).get(i);
      for (String name : rule.names()) {
        Always other = always.get(name);
        if (other != null
            && (other.action() != rule.action()
                || !Objects.equals(other.errno(), rule.errnoRet()))) {
          throw Rule.broken(
              at.field("syscalls").index(i),
              "contradicts syscalls[%d], which says something else of every %s: leave one out"
                  .formatted(other.rule(), name));
        }
      }
    }
  }

  private static boolean isUnconditional(CallRule rule) {
    return rule.args() == null || rule.args().isEmpty();
  }
}
