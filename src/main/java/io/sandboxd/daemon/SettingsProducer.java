package io.sandboxd.daemon;

import io.sandboxd.sandbox.Settings;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Hands the settings, which are read before there is an application, to the application. */
@Singleton
final class SettingsProducer {
  private static volatile Settings settings;

  static void use(Settings read) {
    settings = read;
  }

  @Produces
  @Singleton
  Settings settings() {
    return settings;
  }
}
