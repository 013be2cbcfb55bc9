package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables whose order is the kernel's numbering. */
class KernelNumbersTest {
  @ParameterizedTest
  @CsvSource({
    "TERM, 15",
    "SIGTERM, 15",
    "sigkill, 9",
    "hup, 1",
    "9, 9",
    "64, 64",
    "SYS, 31",
    "USR1, 10",
    "USR2, 12",
    "CHLD, 17",
    "CLD, 17",
    "IOT, 6",
    "POLL, 29",
    "IO, 29",
    "WINCH, 28",
    "RTMIN, 34",
    "RTMIN+3, 37",
    "SIGRTMIN+30, 64",
    "RTMAX, 64",
    "RTMAX-30, 34"
  })
  void readsSignals(String text, int number) {
    assertEquals(new Signal(number), Signal.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "65",
        "-1",
        "999",
        "SIG",
        "FOO",
        "SIGSIGTERM",
        "RTMIN-1",
        "RTMIN+31",
        "RTMAX+1",
        "RTMAX-31",
        "RTMIN+",
        "TERM ",
        "1.0"
      })
  void refusesOtherSignals(String text) {
    assertThrows(IllegalArgumentException.class, () -> Signal.parse(text));
  }

  @Test
  void everySignalHasANameThatLeadsBack() {
    IntStream.rangeClosed(1, 64)
        .mapToObj(Signal::new)
        .forEach(signal -> assertEquals(signal, Signal.parse(signal.name())));
    assertEquals("ABRT", new Signal(6).name());
    assertEquals("32", new Signal(32).name());
  }

  @ParameterizedTest
  @CsvSource({
    "CAP_CHOWN, 0",
    "CAP_KILL, 5",
    "CAP_NET_ADMIN, 12",
    "CAP_SYS_ADMIN, 21",
    "CAP_SYS_TIME, 25",
    "CAP_SETFCAP, 31",
    "CAP_SYSLOG, 34",
    "CAP_BPF, 39",
    "CAP_CHECKPOINT_RESTORE, 40"
  })
  void numbersCapabilities(String name, int number) {
    Capability capability = Capability.find(name).orElseThrow();
    assertEquals(number, capability.number());
    assertEquals(name, capability.word());
    assertEquals(1L << number, capability.mask());
  }

  @Test
  void findsCapabilitiesInEverySpelling() {
    for (String spelling : List.of("CAP_NET_RAW", "NET_RAW", "cap_net_raw", "net_raw")) {
      assertEquals(Optional.of(Capability.NET_RAW), Capability.find(spelling));
    }
    assertEquals(Optional.empty(), Capability.find("CAP_"));
    assertEquals(Optional.empty(), Capability.find("CAP_CAP_KILL"));
  }

  /** The set that Docker's documentation lists, as the kernel shows it in /proc/PID/status. */
  @Test
  void makesMasks() {
    long mask =
        Capability.maskOf(
            Stream.of(
                    "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT"
                        .concat(" MKNOD AUDIT_WRITE SETFCAP")
                        .split(" "))
                .map(Capability::valueOf)
                .toList());
    assertEquals(0xa80425fbL, mask);
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, 0",
    "core, 4",
    "nproc, 6",
    "nofile, 7",
    "as, 9",
    "rttime, 15",
    "RLIMIT_STACK, 3"
  })
  void numbersRlimits(String name, int number) {
    assertEquals(number, RlimitName.find(name).orElseThrow().number());
  }

  @Test
  void namesRlimitsAsTheContractDoes() {
    assertEquals("sigpending", RlimitName.SIGPENDING.word());
    assertEquals(Optional.empty(), RlimitName.find("files"));
  }
}
