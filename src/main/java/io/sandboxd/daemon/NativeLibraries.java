package io.sandboxd.daemon;

import com.kenai.jffi.Library;
import io.netty.channel.epoll.Epoll;
import io.sandboxd.linux.Libseccomp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.provider.FFIProvider;

/**
 * Loads the native parts of Netty and jffi. Both unpack a shared object into a temporary directory
 * before they load it, jffi with whatever mode the umask gives; so they get a directory nobody else
 * can enter, and it goes as soon as they are mapped. Not under {@code /run}, which is often mounted
 * noexec.
 */
final class NativeLibraries {
  /** From this version on, the JDK warns of Netty's use of {@code sun.misc.Unsafe} (JEP 498). */
  private static final int JDK_THAT_WARNS_OF_UNSAFE = 24;

  private NativeLibraries() {}

  static void load() {
    try {
      // Mode 0700, by createTempDirectory's contract.
      Path directory = Files.createTempDirectory("sandboxd-");
      System.setProperty("io.netty.native.workdir", directory.toString());
      System.setProperty("jffi.extract.dir", directory.toString());
      if (Runtime.version().feature() >= JDK_THAT_WARNS_OF_UNSAFE) {
        System.setProperty("io.netty.noUnsafe", "true");
      }
      try {
        Epoll.ensureAvailability();
        FFIProvider.getSystemProvider().getRuntime();
        requireLibseccomp();
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
