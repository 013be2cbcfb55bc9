package io.sandboxd.daemon;

import com.kenai.jffi.Library;
import io.netty.channel.epoll.Epoll;
import io.sandboxd.linux.Libc;
import io.sandboxd.linux.Libseccomp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import jnr.ffi.provider.FFIProvider;

/**
 * Loads the native parts of Netty and jffi. Both unpack a shared object into a temporary directory
 * before they load it, jffi with whatever mode the umask gives; so they get directories nobody else
 * can enter, which go as soon as they are mapped. Not under {@code /run}, which is often mounted
 * noexec.
 *
 * <p>To bind the C library takes a sixth of the start, and hardly anything before it needs it: so
 * that is done on a thread of its own. What it shares with others are loggers, so there has to be
 * one before.
 */
final class NativeLibraries implements AutoCloseable {
  /** From this version on, the JDK warns of Netty's use of {@code sun.misc.Unsafe} (JEP 498). */
  private static final int JDK_THAT_WARNS_OF_UNSAFE = 24;

  private final CompletableFuture<Libc> libc =
      CompletableFuture.supplyAsync(
          NativeLibraries::bindLibc, task -> new Thread(task, "libraries").start());

  /** Begins to load them; those of Netty are loaded when this returns. */
  NativeLibraries() {
    if (Runtime.version().feature() >= JDK_THAT_WARNS_OF_UNSAFE) {
      System.setProperty("io.netty.noUnsafe", "true");
    }
    unpacking("io.netty.native.workdir", Epoll::ensureAvailability);
  }

  /**
   * Returns when all are loaded.
   *
   * @throws StartException when one is not there
   */
  Libc await() {
    try {
      return libc.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StartException known ? known : e;
    }
  }

  /** Returns when nothing is unpacked any more. */
  @Override
  public void close() {
    libc.handle((bound, failure) -> bound).join();
  }

  private static Libc bindLibc() {
    // Machine code for calls without errno takes longer to make than it will ever save.
    System.setProperty("jnr.ffi.x86asm.enabled", "false");
    unpacking(
        "jffi.extract.dir",
        () -> {
          FFIProvider.getSystemProvider().getRuntime();
          requireLibseccomp();
        });
    return new Libc();
  }

  /**
   * @param property says where to unpack to
   */
  private static void unpacking(String property, Runnable loading) {
    try {
      // Mode 0700, by createTempDirectory's contract.
      Path directory = Files.createTempDirectory("sandboxd-");
      System.setProperty(property, directory.toString());
      try {
        loading.run();
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireLibseccomp() {
    if (Library.openLibrary(Libseccomp.LIBRARY, Library.LAZY) == null) {
      throw StartException.unavailable(
          "it filters system calls with "
              + Libseccomp.LIBRARY
              + ", which cannot be loaded: install the package libseccomp2 ("
              + Library.getLastError()
              + ")");
    }
  }

  private static void delete(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
