package io.sandboxd.daemon;

import io.sandboxd.events.EventLog;
import io.sandboxd.sandbox.Settings;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;

/**
 * What has happened before. To read it takes a while, and nobody needs it before the application is
 * put together: so it is read meanwhile.
 */
record Histories(CompletableFuture<EventLog> events, CompletableFuture<EventLog> calls) {
  /** Begins to read. The state directory has to be ours by then. */
  static Histories of(Settings settings) {
    return new Histories(read(settings, "events"), read(settings, "audit"));
  }

  private static CompletableFuture<EventLog> read(Settings settings, String directory) {
    return CompletableFuture.supplyAsync(
        () ->
            new EventLog(
                settings.stateDir().resolve(directory), settings.keptEvents(), Clock.systemUTC()),
        task -> new Thread(task, directory).start());
  }
}
