package io.sandboxd.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives the tests of a class a daemon (a parameter of type {@link Daemon}), deletes the sandboxes
 * that a test has left, and fails the class if the host does not look as it did before. A parameter
 * of type {@link Leaks} lets a test look for itself.
 */
public final class LeakCheck
    implements BeforeAllCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
  /** A setting of the daemon of a class. */
  @Retention(RetentionPolicy.RUNTIME)
  @interface With {
    String name();

    String value();
  }

  private static final Namespace STORE = Namespace.create(LeakCheck.class);

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    assumeTrue(
        System.getProperty("user.name").equals("root"), "only root can make sandboxes: skipped");
    With setting = context.getRequiredTestClass().getAnnotation(With.class);
    Daemon daemon =
        setting == null ? Daemon.started() : Daemon.started(setting.name(), setting.value());
    context.getStore(STORE).put(Daemon.class, daemon);
    warmUp(daemon);
    context.getStore(STORE).put(Leaks.class, Leaks.since(daemon));
  }

  /** What is opened once and kept, such as the log of a first error, is no leak. */
  private static void warmUp(Daemon daemon) {
    daemon.given().get("/v1/info");
    daemon.given().get("/v1/sandboxes");
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Daemon daemon = context.getStore(STORE).get(Daemon.class, Daemon.class);
    if (daemon.isAlive()) {
      daemon.deleteAll();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    Daemon daemon = context.getStore(STORE).get(Daemon.class, Daemon.class);
    if (daemon == null) {
      return;
    }
    try (daemon) {
      context.getStore(STORE).get(Leaks.class, Leaks.class).check();
      if (daemon.isAlive()) {
        daemon.stop();
      }
      context.getStore(STORE).get(Leaks.class, Leaks.class).check();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Daemon.class || type == Leaks.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getStore(STORE).get(parameter.getParameter().getType());
  }
}
