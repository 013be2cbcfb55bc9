package io.sandboxd.it;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes on a machine without Maven, and says in TAP how each test has ended: {@code
 * java -cp … io.sandboxd.it.RunTests CLASS…}. Ends with 1 if one has failed.
 */
public final class RunTests implements TestExecutionListener {
  /** What a condition is waited for if its test does not say: the machine may be a slow one. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final PrintStream out;
  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private int count;
  private int failed;

  private RunTests(PrintStream out) {
    this.out = out;
  }

  public static void main(String... classes) {
    Awaitility.setDefaultTimeout(PATIENCE);
    LauncherDiscoveryRequest tests =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Stream.of(classes).map(name -> selectClass(name)).toList())
            .build();
    RunTests listener = new RunTests(System.out);
    LauncherConfig alone =
        LauncherConfig.builder()
            .enableLauncherSessionListenerAutoRegistration(false)
            .enableTestExecutionListenerAutoRegistration(false)
            .addTestExecutionListeners(listener)
            .build();
    LauncherFactory.create(alone).execute(tests);
    listener.out.println("1.." + listener.count);
    System.exit(listener.failed == 0 && listener.count > 0 ? 0 : 1);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started.put(test.getUniqueId(), System.nanoTime());
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    tell("ok", test, " # SKIP " + reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    // A class is worth a line only if it kept its tests from being run, or left something behind.
    if (result.getStatus() == Status.SUCCESSFUL && !test.isTest()) {
      return;
    }
    String reason = result.getThrowable().map(Throwable::toString).orElse("");
    switch (result.getStatus()) {
      case SUCCESSFUL -> tell("ok", test, "");
      case ABORTED -> tell("ok", test, " # SKIP " + reason.lines().findFirst().orElse(""));
      case FAILED -> {
        failed++;
        tell("not ok", test, "");
        result.getThrowable().ifPresent(this::explain);
      }
    }
  }

  private void tell(String word, TestIdentifier test, String more) {
    long nanos = System.nanoTime() - started.getOrDefault(test.getUniqueId(), System.nanoTime());
    out.printf(
        "%s %d - %s (%.1f s)%s%n", word, ++count, name(test), nanos / 1e9, more.replace('\n', ' '));
  }

  private static String name(TestIdentifier test) {
    return test.getSource()
        .filter(MethodSource.class::isInstance)
        .map(MethodSource.class::cast)
        .map(
            method ->
                method.getJavaClass().getSimpleName()
                    + " "
                    + method.getMethodName()
                    + (test.getDisplayName().startsWith(method.getMethodName())
                        ? ""
                        : " " + test.getDisplayName()))
        .orElse(test.getDisplayName());
  }

  /** Where it failed in the test, not in the machinery below. */
  private void explain(Throwable failure) {
    failure.toString().lines().forEach(line -> out.println("#   " + line));
    List.of(failure.getStackTrace()).stream()
        .filter(frame -> frame.getClassName().startsWith("io.sandboxd"))
        .forEach(frame -> out.println("#     at " + frame));
  }
}
