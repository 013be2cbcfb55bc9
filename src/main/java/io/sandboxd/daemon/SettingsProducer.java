package io.sandboxd.daemon;

import io.sandboxd.linux.Libc;
import io.sandboxd.sandbox.Settings;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.Typed;
import jakarta.inject.Singleton;

/** Hands to the application what there is before it. */
@Singleton
final class SettingsProducer {
  private static volatile Settings settings;
  private static volatile Histories histories;
  private static volatile Libc libc;

  static void use(Settings read, Histories begun) {
    settings = read;
    histories = begun;
  }

  static void use(Libc loaded) {
    libc = loaded;
  }

  @Produces
  @Singleton
  Settings settings() {
    return settings;
  }

  @Produces
  @Singleton
  Histories histories() {
    return histories;
  }

  /** As itself: the rest knows it as {@link io.sandboxd.linux.Syscalls}, of {@link Wiring}. */
  @Produces
  @Singleton
  @Typed(Libc.class)
  Libc libc() {
    return libc;
  }
}
