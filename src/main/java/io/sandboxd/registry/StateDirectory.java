package io.sandboxd.registry;

import io.sandboxd.linux.PlainFile;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.json.StoredJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where the daemon keeps what it must not forget:
 *
 * <pre>
 * sandboxes/ID/sandbox.json            the sandbox
 * sandboxes/ID/init.sock               its init's control socket
 * sandboxes/ID/processes/SEQ.json
 * sandboxes/ID/processes/SEQ.stdin     how much it was fed
 * sandboxes/ID/processes/SEQ.input/KEY how much of it under this key
 * sandboxes/ID/output/SEQ.stdout, SEQ.stderr
 * blanks/ID/init.sock                  that of one which no sandbox has yet
 * </pre>
 *
 * A file is replaced as a whole (rename(2)), so a reader finds the old or the new one, never half
 * of either. Nothing is synced: the directory is meant for /run, whose content ends with the
 * machine's run as the sandboxes do.
 */
public final class StateDirectory {
  private static final String SANDBOX_FILE = "sandbox.json";

  /** What there is of a process begins with its number. */
  private static final Pattern PROCESS = Pattern.compile("([0-9]{1,9})(\\..*)?");

  private static final Predicate<String> OWN_DIRECTORY =
      Pattern.compile("[0-9]{1,9}").asMatchPredicate();

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}");

  /**
   * Bytes of one file. A client's spec is much shorter, and a file that is longer is none of ours.
   */
  private static final int LONGEST = 8 << 20;

  private static final String INIT_SOCKET = "init.sock";

  /** The number of a sandbox's first process. */
  private static final int FIRST = 1;

  private final Path sandboxes;
  private final Path blanks;

  public StateDirectory(Path root) {
    this.sandboxes = root.resolve("sandboxes");
    this.blanks = root.resolve("blanks");
    try {
      for (Path each : List.of(sandboxes, blanks)) {
        Files.createDirectories(
            each,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path sandbox(String id) {
    return sandboxes.resolve(id);
  }

  public Path initSocket(String id) {
    return sandbox(id).resolve(INIT_SOCKET);
  }

  public Path blank(String id) {
    return blanks.resolve(id);
  }

  public Path blankSocket(String id) {
    return blank(id).resolve(INIT_SOCKET);
  }

  /** All that lie there, whoever has made them. */
  public List<String> blanks() {
    return names(blanks);
  }

  public void createBlank(String id) {
    createDirectory(blank(id));
  }

  /** The sandbox of this id takes over what is there of the blank. */
  public void claimBlank(String id) {
    try {
      Files.move(blankSocket(id), initSocket(id), StandardCopyOption.ATOMIC_MOVE);
      Files.delete(blank(id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Harmless when there is none. */
  public void deleteBlank(String id) {
    TreeRemoval.remove(blank(id));
  }

  private Path processes(String id) {
    return sandbox(id).resolve("processes");
  }

  private Path process(String id, int seq) {
    return processes(id).resolve(seq + ".json");
  }

  /** How much a process was fed. */
  Path stdinRecord(String id, int seq) {
    return processes(id).resolve(seq + ".stdin");
  }

  /** Where it is written down what a process was fed under a key. */
  Path keyedInput(String id, int seq) {
    return processes(id).resolve(seq + ".input");
  }

  /** Where the output of all its processes is: in one place, so that one watch is enough. */
  public Path output(String id) {
    return sandbox(id).resolve("output");
  }

  /**
   * Everything that lies there, whether it can be read or not; but not what no sandbox can be
   * called.
   */
  public List<String> ids() {
    return names(sandboxes).stream().filter(name -> ID.matcher(name).matches()).toList();
  }

  /**
   * Whether somebody may have been told of it. An empty place is that of a sandbox whose making was
   * cut off before that.
   */
  public boolean isRecorded(String id) {
    return !isDirectory(sandbox(id))
        || isThere(sandbox(id).resolve(SANDBOX_FILE))
        || isThere(initSocket(id));
  }

  /** Whether it was written down that the process runs. */
  public boolean isRecorded(String id, int seq) {
    return isThere(process(id, seq));
  }

  private static boolean isDirectory(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isThere(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** The numbers of the processes that are kept for a sandbox. */
  public List<Integer> processNumbers(String id) {
    names(processes(id)).stream()
        .filter(OWN_DIRECTORY)
        .map(processes(id)::resolve)
        .filter(StateDirectory::isDirectory)
        .forEach(StateDirectory::flatten);
    return names(processes(id)).stream()
        .map(PROCESS::matcher)
        .filter(Matcher::matches)
        .map(name -> Integer.valueOf(name.group(1)))
        .distinct()
        .sorted()
        .toList();
  }

  /** A daemon before this one gave each process a directory, in which were its files. */
  private static void flatten(Path process) {
    for (String name : List.of("stdin", "input", "process.json")) {
      Path old = process.resolve(name);
      String suffix = name.equals("process.json") ? "json" : name;
      try {
        if (isThere(old)) {
          Files.move(old, process.resolveSibling(process.getFileName() + "." + suffix));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    TreeRemoval.remove(process);
  }

  private static List<String> names(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes the directories of a new sandbox. */
  void createSandbox(String id) {
    createDirectory(sandbox(id));
    createDirectory(processes(id));
    createDirectory(output(id));
  }

  private static void createDirectory(Path directory) {
    // Mostly it is not there, and nothing is thrown.
    if (directory.toFile().mkdir() || isDirectory(directory)) {
      return;
    }
    try {
      Files.createDirectory(directory); // which says what is in the way
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void write(SandboxStatus status) {
    if (!isDirectory(sandbox(status.id()))) { // through a link it would be somebody else's
      throw new UncheckedIOException(new NotDirectoryException(sandbox(status.id()).toString()));
    }
    replace(sandbox(status.id()).resolve(SANDBOX_FILE), content(status));
  }

  void write(String sandbox, ProcessStatus status) {
    replace(process(sandbox, status.seq()), content(status));
  }

  private static byte[] content(Object status) {
    byte[] json = StoredJson.write(status);
    if (json.length > LONGEST) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "What has to be stored is longer than " + LONGEST + " bytes: ask for less.");
    }
    return json;
  }

  /**
   * @throws RuntimeException that says what is wrong with the file
   */
  public SandboxStatus readSandbox(String id) {
    Path directory = sandbox(id);
    for (Path each : List.of(directory, processes(id), output(id))) {
      boolean partlyDeleted = !each.equals(directory) && !isThere(each);
      if (!isDirectory(each) && !partlyDeleted) {
        throw new IllegalStateException(each + " is no directory");
      }
    }
    SandboxStatus status =
        StoredJson.read(read(directory.resolve(SANDBOX_FILE)), SandboxStatus.class);
    StoredRules.check(status, id);
    return status;
  }

  /**
   * @throws RuntimeException that says what is wrong with the file
   */
  public ProcessStatus readProcess(String id, int seq) {
    ProcessStatus status = StoredJson.read(read(process(id, seq)), ProcessStatus.class);
    StoredRules.check(status, seq);
    return status;
  }

  private static byte[] read(Path file) {
    try {
      return PlainFile.read(file, LONGEST);
    } catch (NoSuchFileException e) {
      throw new UncheckedIOException(file + " is not there", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private static void replace(Path file, byte[] content) {
    try {
      PlainFile.replace(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Harmless when there is none. */
  public void deleteProcess(String id, int seq) {
    Stream.of(
            output(id).resolve(seq + ".stdout"),
            output(id).resolve(seq + ".stderr"),
            stdinRecord(id, seq),
            keyedInput(id, seq),
            process(id, seq),
            processes(id).resolve(seq + ".json.new")) // of a write that was cut off
        .forEach(TreeRemoval::remove);
  }

  /**
   * The file that says what this is goes last, so that a deletion that was cut off can be seen and
   * repeated.
   */
  public void deleteSandbox(String id) {
    Path directory = sandbox(id);
    if (!isDirectory(directory)) { // through a link it would be somebody else's
      TreeRemoval.removeFile(directory);
      return;
    }
    if (TreeRemoval.removeEmpty(directory)) { // or refused, as something is mounted there
      return;
    }
    boolean empty = TreeRemoval.removeEmpty(output(id)) & TreeRemoval.removeEmpty(processes(id));
    if (!empty) {
      deleteProcess(id, FIRST); // mostly the only one: then nobody has to look what there is
    }
    TreeRemoval.remove(output(id));
    TreeRemoval.remove(processes(id));
    TreeRemoval.remove(directory.resolve(INIT_SOCKET));
    TreeRemoval.remove(directory.resolve(SANDBOX_FILE));
    TreeRemoval.remove(directory);
  }
}
