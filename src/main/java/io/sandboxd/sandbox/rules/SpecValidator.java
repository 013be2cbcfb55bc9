package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.net.Conditions;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.NetworkRequest;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.hibernate.validator.HibernateValidator;

/**
 * Says no to what cannot be, before anything is made: first each value by itself (the constraints
 * on the records), then what goes together. All failures are {@code invalid_spec}, with the field
 * and a sentence.
 */
public final class SpecValidator {
  /**
   * In the order in which they are checked; each may rely on those before it and on the
   * constraints.
   */
  private static final List<Rule<SandboxSpec>> SANDBOX =
      Stream.of(
              NamespaceRules.ALL,
              IdMappingRules.ALL,
              MountRules.ALL,
              NetworkRules.ALL,
              SysctlRules.ALL)
          .flatMap(List::stream)
          .toList();

  /** Made when it is needed: it takes longer than half of all that a daemon does when it starts. */
  private static final class Constraints {
    static final Validator ALL =
        Validation.byProvider(HibernateValidator.class)
            .configure()
            .defaultLocale(Locale.ENGLISH)
            .buildValidatorFactory()
            .getValidator();
  }

  /** Does once what the first spec would else have to wait for. */
  public void prepare() {
    for (Class<?> request : List.of(SandboxSpec.class, ProcessSpec.class, ExecRequest.class)) {
      Constraints.ALL.getConstraintsForClass(request);
    }
  }

  public void check(SandboxSpec spec) {
    constraints(spec, FieldPath.ROOT);
    SANDBOX.forEach(rule -> rule.check(spec, FieldPath.ROOT));
    ProcessRules.retention(spec.outputRetention(), FieldPath.ROOT);
    if (spec.resources() != null) {
      rules(spec.resources(), FieldPath.ROOT.field("resources"));
    }
    if (spec.process() != null) {
      rules(spec.process(), FieldPath.ROOT.field("process"), spec);
    }
  }

  /** As {@link #check(SandboxSpec)}, for one that is run and answered with what it wrote. */
  public void checkRun(SandboxSpec spec, long outputLimit) {
    check(spec);
    RequestRules.RUN.forEach(rule -> rule.check(spec, FieldPath.ROOT));
    RequestRules.maxOutput(outputLimit, FieldPath.ROOT);
  }

  /**
   * @param sandbox the spec of the sandbox it is to run in
   */
  public void check(ExecRequest request, SandboxSpec sandbox) {
    constraints(request, FieldPath.ROOT);
    ProcessSpec process = request.process();
    constraints(process, FieldPath.ROOT);
    RequestRules.EXEC.forEach(rule -> rule.check(request, FieldPath.ROOT));
    rules(process, FieldPath.ROOT, sandbox);
  }

  public void check(NetworkRequest request) {
    constraints(request, FieldPath.ROOT);
    NetworkRequestRules.NETWORK.forEach(rule -> rule.check(request, FieldPath.ROOT));
  }

  public void check(LinkSpec link) {
    constraints(link, FieldPath.ROOT);
    NetworkRequestRules.LINK.forEach(rule -> rule.check(link, FieldPath.ROOT));
  }

  public void check(KillRequest request) {
    constraints(request, FieldPath.ROOT);
    RequestRules.KILL.forEach(rule -> rule.check(request, FieldPath.ROOT));
  }

  /**
   * @param at where they are in their document
   */
  public void check(Resources resources, FieldPath at) {
    constraints(resources, at);
    rules(resources, at);
  }

  /**
   * @param at where they are in their document
   */
  public void check(Conditions conditions, FieldPath at) {
    constraints(conditions, at);
    ConditionRules.ALL.forEach(rule -> rule.check(conditions, at));
  }

  private static void rules(Resources resources, FieldPath at) {
    ResourceRules.ALL.forEach(rule -> rule.check(resources, at));
  }

  private static void rules(ProcessSpec process, FieldPath at, SandboxSpec sandbox) {
    ProcessRules.ALL.forEach(rule -> rule.check(process, at));
    if (process.resources() != null) {
      rules(process.resources(), at.field("resources"));
    }
    if (process.seccomp() instanceof SeccompProfile profile) {
      SeccompRules.ALL.forEach(rule -> rule.check(profile, at.field("seccomp")));
    }
    InsideRules.check(process, at, sandbox);
  }

  /**
   * Of several violations the first by path is told, so that the same spec always gets the same
   * answer.
   */
  private void constraints(Object value, FieldPath at) {
    Set<ConstraintViolation<Object>> violations = Constraints.ALL.validate(value);
    if (violations.isEmpty()) { // as mostly
      return;
    }
    violations.stream()
        .map(violation -> Map.entry(path(violation, at).text(), violation.getMessage()))
        .min(Map.Entry.<String, String>comparingByKey().thenComparing(Map.Entry.comparingByValue()))
        .ifPresent(
            first -> {
              throw SandboxException.invalid(first.getKey(), first.getValue());
            });
  }

  private static FieldPath path(ConstraintViolation<?> violation, FieldPath at) {
    FieldPath path = at;
    for (Path.Node node : violation.getPropertyPath()) {
      if (node.getIndex() != null) {
        path = path.index(node.getIndex());
      } else if (node.getKey() != null) {
        path = path.field(node.getKey().toString());
      }
      if (node.getKind() == ElementKind.PROPERTY) {
        path = path.field(node.getName());
      }
    }
    return path;
  }
}
