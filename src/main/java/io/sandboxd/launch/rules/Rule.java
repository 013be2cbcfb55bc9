package io.sandboxd.launch.rules;

import io.sandboxd.launch.LaunchRequest;
import io.sandboxd.launch.Plan;

/**
 * A small pure part of the way from a spec to a plan: looks at the request, adds its steps or none.
 */
@FunctionalInterface
public interface Rule {
  void apply(LaunchRequest request, Plan.Builder plan);
}
