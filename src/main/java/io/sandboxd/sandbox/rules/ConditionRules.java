package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.net.Conditions;
import java.time.Duration;
import java.util.List;

/** What of the conditions on a cable goes together. */
final class ConditionRules {
  static final List<Rule<Conditions>> ALL = List.of(ConditionRules::jitter);

  private ConditionRules() {}

  private static void jitter(Conditions conditions, FieldPath at) {
    Duration delay = conditions.delay() == null ? Duration.ZERO : conditions.delay();
    if (conditions.jitter() != null && conditions.jitter().compareTo(delay) > 0) {
      throw Rule.broken(
          at.field("jitter"), "can be at most the delay, which it is more or less of: raise delay");
    }
  }
}
