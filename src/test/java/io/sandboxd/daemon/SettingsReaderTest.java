package io.sandboxd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsReaderTest {
  private static final int TOO_LONG_FOR_A_SOCKET = 108;

  @TempDir Path directory;

  @Test
  void everySettingHasADefault() {
    Settings settings = read(Map.of(), Map.of());
    assertEquals(Path.of("/run/sandboxd/sandboxd.sock"), settings.socket());
    assertNull(settings.socketGroup());
    assertEquals(Path.of("/run/sandboxd"), settings.stateDir());
    assertEquals("/sandboxd", settings.cgroupRoot());
    assertEquals(Path.of("/var/lib/sandboxd/layers"), settings.layerDir());
    assertEquals(0x70000000L, settings.idBase());
    assertEquals(1 << 20, settings.maxBody());
    assertEquals(Duration.ofSeconds(60), settings.idleTimeout());
    assertEquals(4096, settings.maxConnections());
    assertEquals(128, settings.maxConnectionsPerUser());
  }

  @Test
  void whoIsNoAdminHasLittleByDefault() {
    Settings settings = read(Map.of(), Map.of());
    assertNull(settings.adminGroup());
    Policy policy = settings.policy();
    assertEquals(16, policy.maxSandboxes());
    assertEquals(1L << 30, policy.memoryMax().bytes());
    assertEquals(1.0, policy.cpuMax());
    assertEquals(512, policy.pidsMax());
    assertEquals(Set.of(NamespaceType.TIME), policy.hostNamespaces());
    assertEquals(List.of(), policy.joinPaths());
    assertEquals(List.of(), policy.roots());
    assertEquals(List.of(), policy.binds());
    assertEquals(Capability.DEFAULT, policy.capabilities());
    assertEquals(false, policy.seccompUnconfined());
  }

  @Test
  void aPolicyIsRead() {
    Policy policy =
        read(
                Map.of(
                    "sandboxd.policy-memory-max", "none",
                    "sandboxd.policy-host-namespaces", "none",
                    "sandboxd.policy-roots", "/srv/a:ro, /srv/b:rw",
                    "sandboxd.policy-join-paths", "/run/netns",
                    "sandboxd.policy-capabilities", "default,CAP_NET_ADMIN",
                    "sandboxd.policy-seccomp-unconfined", "true"),
                Map.of())
            .policy();
    assertNull(policy.memoryMax());
    assertEquals(Set.of(), policy.hostNamespaces());
    assertEquals(
        List.of(new Policy.Tree("/srv/a", false), new Policy.Tree("/srv/b", true)), policy.roots());
    assertEquals(List.of(new Policy.Tree("/run/netns", false)), policy.joinPaths());
    assertEquals(Capability.DEFAULT.size() + 1, policy.capabilities().size());
    assertEquals(true, policy.seccompUnconfined());
  }

  @ParameterizedTest
  @CsvSource({
    "max-sandboxes, many",
    "max-sandboxes, -1",
    "memory-max, 1GG",
    "cpu-max, 0",
    "cpu-max, NaN",
    "pids-max, 0",
    "host-namespaces, net",
    "roots, relative",
    "roots, /",
    "roots, /a/../b",
    "roots, /a/",
    "binds, /a:rx",
    "roots, /a:b",
    "join-paths, /a:rw/",
    "capabilities, CAP_NONE",
    "seccomp-unconfined, yes"
  })
  void aPolicyThatIsWrittenWronglyStopsTheStart(String name, String value) {
    Map<String, String> wrong = Map.of("sandboxd.policy-" + name, value);
    assertThrows(StartException.class, () -> read(wrong, Map.of()));
  }

  @Test
  void refusalsNameSettingsThatThereAre() {
    for (Policy.Rule rule : Policy.Rule.values()) {
      assertTrue(Setting.ofKey(rule.word()).isPresent(), rule.word());
    }
  }

  @Test
  void propertiesGoBeforeTheEnvironmentAndThatBeforeTheFile() throws IOException {
    Path file = directory.resolve("settings");
    Files.writeString(
        file, "sandboxd.max-body=2000\nsandboxd.id-base=65536\nsandboxd.cgroup-root = /f\n");
    Settings settings =
        read(
            Map.of("sandboxd.max-body", "4000"),
            Map.of(
                "SANDBOXD_MAX_BODY", "3000",
                "SANDBOXD_ID_BASE", "131072",
                "SANDBOXD_CONFIG", file.toString()));
    assertEquals(4000, settings.maxBody());
    assertEquals(131072, settings.idBase());
    assertEquals("/f", settings.cgroupRoot());
  }

  @Test
  void theDefaultFileIsReadIfItIsThere() throws IOException {
    Files.writeString(directory.resolve("default"), "sandboxd.cgroup-root=/of-the-file\n");
    assertEquals("/of-the-file", read(Map.of(), Map.of()).cgroupRoot());
  }

  @Test
  void aFileThatIsNamedMustBeThere() {
    refused("There is no settings file /none.", Map.of("sandboxd.config", "/none"), Map.of());
  }

  @Test
  void unknownNamesAreRefused() throws IOException {
    refused("There is no setting 'sandboxd.sokcet' (", Map.of("sandboxd.sokcet", "x"), Map.of());
    refused("There is no setting 'SANDBOXD_SOKCET' (", Map.of(), Map.of("SANDBOXD_SOKCET", "x"));
    Files.writeString(directory.resolve("default"), "max-body=5000\n");
    refused("There is no setting 'max-body' (", Map.of(), Map.of());
  }

  @Test
  void namesOfOthersAreNotLookedAt() {
    assertEquals(
        read(Map.of(), Map.of()),
        read(
            Map.of("user.home", "/root", "sandboxdx", "1"),
            Map.of("SANDBOXD_HOST", "ssh://far", "PATH", "/bin", "SANDBOXDX", "1")));
  }

  @ParameterizedTest
  @CsvSource({
    "socket, run/x.sock",
    "socket, /run/../x.sock",
    "state-dir, /",
    "state-dir, ''",
    "layer-dir, here",
    "cgroup-root, /",
    "cgroup-root, sandboxd",
    "cgroup-root, /a/../b",
    "cgroup-root, /a b",
    "id-base, 0",
    "id-base, 65537",
    "id-base, 4294967296",
    "id-base, -65536",
    "max-body, 10",
    "max-body, 1e6",
    "max-body, 9999999999999999999",
    "idle-timeout, 0",
    "max-connections, 15",
    "max-connections, none",
    "max-connections-per-user, 0",
    "idle-timeout, forever",
    "log-level, loud",
  })
  void impossibleValuesAreRefused(String name, String value) {
    refused("sandboxd." + name + " ", Map.of("sandboxd." + name, value), Map.of());
  }

  @Test
  void pathsThatLeaveNoPlaceForSocketsAreRefused() {
    String path = "/" + "a".repeat(TOO_LONG_FOR_A_SOCKET - 1);
    refused("sandboxd.socket is 108 bytes", Map.of("sandboxd.socket", path), Map.of());
    refused("sandboxd.state-dir is 108 bytes", Map.of("sandboxd.state-dir", path), Map.of());
  }

  @Test
  void aRefusalSaysWhereTheValueIsFrom() {
    StartException refusal =
        assertThrows(
            StartException.class, () -> read(Map.of(), Map.of("SANDBOXD_MAX_BODY", "many")));
    assertEquals(
        "sandboxd.max-body must be a whole number from 1024 to 1073741824; it is 'many' by the"
            + " environment variable SANDBOXD_MAX_BODY.",
        refusal.getMessage());
    assertEquals(StartException.CONFIGURATION, refusal.exitCode());
  }

  private Settings read(Map<String, String> properties, Map<String, String> environment) {
    SettingsReader reader =
        new SettingsReader(properties, environment, directory.resolve("default"));
    assertTrue(reader.logLevel().length() > 0);
    return reader.settings();
  }

  private void refused(
      String why, Map<String, String> properties, Map<String, String> environment) {
    StartException refusal =
        assertThrows(StartException.class, () -> read(properties, environment));
    assertTrue(refusal.getMessage().startsWith(why), refusal.getMessage());
  }
}
