package io.sandboxd.it;

import static io.sandboxd.it.TestSandbox.json;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.lifecycle.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The daemon dies in the middle of it: addresses, rules and interfaces agree afterwards. */
class NetworkCrashIT {
  private static Town town;
  private static Path fault;

  @BeforeAll
  static void start() throws IOException {
    town = new Town();
    fault = town.daemon.home().resolve("fault");
    town.daemon.with("sandboxd.fault", "file:" + fault).with("sandboxd.pool", "0");
    town.start();
  }

  @AfterEach
  void clean() throws IOException {
    town.nothingIsLeft();
  }

  @AfterAll
  static void end() throws IOException {
    if (town != null) {
      town.close();
    }
  }

  static Stream<String> steps() {
    return Stream.of(Fault.values())
        .map(Fault::word)
        .filter(word -> word.startsWith("create.") || word.startsWith("delete."));
  }

  @ParameterizedTest
  @MethodSource("steps")
  void atAnyStep(String step) throws IOException {
    town.network("name", "blue");
    TestSandbox witness = town.member("witness", "blue");
    if (step.startsWith("delete.")) {
      victim();
    }
    Files.writeString(fault, "daemon:" + step);
    try {
      if (step.startsWith("delete.")) {
        TestSandbox.named(town.daemon, "victim").delete();
      } else {
        victim();
      }
    } catch (Exception | AssertionError e) {
      // It did not live to answer.
    }
    await().until(() -> !town.daemon.isAlive());
    Files.delete(fault);
    town.daemon.start();
    agrees();
    if (!exists("victim")) {
      victim();
    }
    witness.sh("busybox ping -c 1 -W 10 victim");
    witness.sh("busybox ping -c 1 -W 10 10.99.0.2");
  }

  private static TestSandbox victim() {
    return town.sandbox(
        "victim",
        json(
            "networks", Town.named("blue"),
            "ports", List.of(json("hostPort", 8080)),
            "egress", json("default", "deny"),
            "rates", json("eth0", json("egress", "50Mbit")),
            "links",
                List.of(
                    json(
                        "interface",
                        "lan",
                        "addresses",
                        List.of("10.99.0.2/24"),
                        "peer",
                        json(
                            "sandbox", "witness",
                            "interface", "lan",
                            "addresses", List.of("10.99.0.1/24"))))));
  }

  private static boolean exists(String name) {
    return town.daemon.given().get("/v1/sandboxes/" + name).statusCode() == 200;
  }

  /** What is on the host is what the daemon's sandboxes have, and no more. */
  private static void agrees() {
    List<String> known =
        town.daemon
            .given()
            .get("/v1/sandboxes")
            .jsonPath()
            .getList("sandboxes.interfaces.flatten().hostInterface");
    List<String> there =
        town.host
            .run("ip", "-o", "link")
            .lines()
            .map(line -> line.split("[: @]+")[1])
            .filter(name -> name.startsWith("sbv"))
            .toList();
    assertEquals(known.stream().sorted().toList(), there.stream().sorted().toList());
    String rules = town.host.run("nft", "list", "ruleset");
    known.forEach(device -> assertTrue(rules.contains(device), device));
    assertEquals(
        known.size(),
        rules
            .lines()
            .filter(
                line -> line.matches(".*\"sbv[0-9a-f]{12}\" \\. ([0-9a-f]{2}:){5}.* \\. [0-9.]+.*"))
            .count(),
        rules);
  }

  @Test
  void amongManyAtOnce() throws Exception {
    town.network("name", "blue");
    ExecutorService clients = Executors.newFixedThreadPool(4);
    AtomicInteger made = new AtomicInteger();
    try {
      List<CompletableFuture<Void>> all =
          Stream.iterate(0, i -> i + 1)
              .limit(24)
              .map(
                  i ->
                      CompletableFuture.runAsync(
                          () -> {
                            town.member("m" + i, "blue");
                            made.incrementAndGet();
                          },
                          clients))
              .toList();
      await().until(() -> made.get() >= 6);
      town.daemon.kill();
      all.forEach(each -> each.handle((nothing, failure) -> null).join());
    } finally {
      clients.shutdown();
    }
    town.daemon.start();
    agrees();
    List<String> addresses =
        town.daemon
            .given()
            .get("/v1/networks/blue")
            .jsonPath()
            .getList("members.addresses.flatten()");
    assertTrue(addresses.size() >= 6, addresses.toString());
    assertEquals(addresses.size(), addresses.stream().distinct().count());
    for (String address : addresses) {
      town.host.run("busybox", "ping", "-c", "1", "-W", "10", address);
    }
  }
}
