package io.sandboxd.daemon;

import io.sandboxd.sandbox.Settings;
import java.io.Closeable;
import java.io.IOException;

/**
 * What one daemon alone may have: its state directory and its socket. Claimed before anything else
 * is touched.
 */
record Claims(ExclusiveLock stateDirectory, UnixSocket socket) implements Closeable {
  /** Throws {@link StartException} if another daemon has one of them. */
  static Claims make(Settings settings) throws IOException {
    Directories.makeState(settings.stateDir());
    ExclusiveLock stateDirectory =
        ExclusiveLock.take(
            settings.stateDir().resolve("lock"), "uses the state directory " + settings.stateDir());
    return new Claims(
        stateDirectory, UnixSocket.prepare(settings.socket(), settings.socketGroup()));
  }

  @Override
  public void close() throws IOException {
    socket.close();
    stateDirectory.close();
  }
}
