package io.sandboxd.daemon;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;

/**
 * The place of a listening socket in the file system. The listener binds {@link #bindPath()}, in a
 * directory nobody else can enter; {@link #publish()} gives the socket its owner and mode and only
 * then moves it to where clients look. So it is never open wider than it should be, clients of a
 * former daemon see the old socket or the new one and never none, and nobody loses a live socket.
 */
final class UnixSocket {
  private static final String PRIVATE_DIRECTORY = ".new";
  private static final String NAME = "s";

  /** How many bytes the name is longer while it is being bound. */
  static final int LONGER_WHILE_BINDING = PRIVATE_DIRECTORY.length() + 1 + NAME.length();

  private static final int S_IFMT = 0170000;
  private static final int S_IFSOCK = 0140000;

  private final Path path;
  private final GroupPrincipal group;
  private final Path privateDirectory;
  private long published;

  /**
   * @param group a group's name, or null
   * @throws StartException if another process listens there, or something else is there
   */
  static UnixSocket prepare(Path path, String group) throws IOException {
    GroupPrincipal principal = group == null ? null : groupOf(path, group);
    Directories.makeForSocket(path.getParent());
    ExclusiveLock.take(
        path.resolveSibling(path.getFileName() + ".lock"), "serves the socket " + path);
    refuseIfTaken(path);
    return new UnixSocket(path, principal, makePrivateDirectory(path));
  }

  private static Path makePrivateDirectory(Path path) throws IOException {
    Path directory = path.resolveSibling(path.getFileName() + PRIVATE_DIRECTORY);
    // The lock says that one we find belongs to a daemon that was killed while it started.
    Files.deleteIfExists(directory.resolve(NAME));
    Files.deleteIfExists(directory);
    return Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private UnixSocket(Path path, GroupPrincipal group, Path privateDirectory) {
    this.path = path;
    this.group = group;
    this.privateDirectory = privateDirectory;
  }

  Path bindPath() {
    return privateDirectory.resolve(NAME);
  }

  void publish() throws IOException {
    Path bound = bindPath();
    if (group != null) {
      Files.getFileAttributeView(bound, PosixFileAttributeView.class).setGroup(group);
    }
    Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-rw----"));
    published = inode(bound);
    Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE);
    Files.delete(privateDirectory);
  }

  /** Takes the socket's file away, if it is still ours, so that no new client comes. */
  void withdraw() throws IOException {
    try {
      if (published != 0 && inode(path) == published) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      // Somebody took it away already.
    }
  }

  private static GroupPrincipal groupOf(Path path, String group) throws IOException {
    try {
      return path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
    } catch (UserPrincipalNotFoundException e) {
      throw StartException.configuration(
          Setting.SOCKET_GROUP.key() + ": there is no group '" + group + "'.");
    }
  }

  private static void refuseIfTaken(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & S_IFMT) != S_IFSOCK) {
      throw StartException.unavailable(path + " is in the way: it is no socket.");
    }
    if (isListening(path)) {
      throw StartException.unavailable("Another process listens on " + path + ".");
    }
  }

  private static boolean isListening(Path path) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // A listener with a full backlog must not hold us up.
      channel.configureBlocking(false);
      channel.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      // ECONNREFUSED: bound once, and nobody there any more.
      return false;
    }
  }

  private static long inode(Path path) throws IOException {
    return (long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }
}
