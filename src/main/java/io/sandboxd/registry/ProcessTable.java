package io.sandboxd.registry;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

/** The processes of one sandbox, by number and by id, and how much of them can be kept. */
final class ProcessTable {
  /** What the commands of ended processes may take of the daemon's memory. */
  private static final long KEPT_COMMAND_BYTES = 1 << 20;

  /** What the commands of all may, the running ones too; one may be half a mebibyte long. */
  private static final long MOST_COMMAND_BYTES = 4 << 20;

  private final String sandbox;
  private final ConcurrentSkipListMap<Integer, SandboxProcess> bySeq =
      new ConcurrentSkipListMap<>();
  private final Map<String, SandboxProcess> byId = new ConcurrentHashMap<>();
  private final AtomicInteger lastSeq = new AtomicInteger();
  private final AtomicLong commandBytes = new AtomicLong();

  /**
   * @param sandbox its name, for messages
   */
  ProcessTable(String sandbox) {
    this.sandbox = sandbox;
  }

  /** The oldest first. */
  Collection<SandboxProcess> all() {
    return bySeq.values();
  }

  /** Null if there is none. */
  SandboxProcess of(int seq) {
    return bySeq.get(seq);
  }

  /** Null if there is none. */
  SandboxProcess of(String id) {
    return byId.get(id);
  }

  /**
   * @param id null: one is made
   * @param make from the id and number
   * @throws SandboxException {@code name_in_use}; {@code limit_exceeded}
   */
  synchronized SandboxProcess add(String id, BiFunction<String, Integer, SandboxProcess> make) {
    int seq = lastSeq.incrementAndGet();
    while (id == null && byId.containsKey("p" + seq)) {
      seq = lastSeq.incrementAndGet(); // a client has called one of its own so
    }
    String chosen = id == null ? "p" + seq : id;
    if (byId.containsKey(chosen) && !chosen.equals(ProcessStatus.MAIN)) {
      throw new SandboxException(
              ErrorCode.NAME_IN_USE,
              "The sandbox '" + sandbox + "' has a process '" + chosen + "' already.")
          .with("field", "id");
    }
    SandboxProcess process = make.apply(chosen, seq);
    if (commandBytes.get() + commandBytes(process) > MOST_COMMAND_BYTES) {
      throw new SandboxException(
          ErrorCode.LIMIT_EXCEEDED,
          "The commands of this sandbox's processes are "
              + commandBytes
              + " bytes long, and can be "
              + MOST_COMMAND_BYTES
              + ": pass less in args, or wait until some have ended.");
    }
    put(process);
    return process;
  }

  private static long commandBytes(SandboxProcess process) {
    return process.status().args().stream().mapToLong(String::length).sum();
  }

  synchronized void put(SandboxProcess process) {
    bySeq.put(process.seq(), process);
    commandBytes.addAndGet(commandBytes(process));
    byId.put(process.status().id(), process);
    retire(process.seq());
  }

  /** No other process gets this number. */
  void retire(int seq) {
    lastSeq.accumulateAndGet(seq, Math::max);
  }

  /** Takes it out; false if it is not there. */
  synchronized boolean take(SandboxProcess process) {
    if (bySeq.remove(process.seq()) == null) {
      return false;
    }
    commandBytes.addAndGet(-commandBytes(process));
    byId.remove(process.status().id(), process);
    if (process.isMain()) {
      // One that could not be started leaves the former one as it was.
      all().stream()
          .filter(SandboxProcess::isMain)
          .forEach(former -> byId.putIfAbsent(ProcessStatus.MAIN, former));
    }
    return true;
  }

  /** See {@link Sandbox#endedBeyond}. */
  List<SandboxProcess> endedBeyond(int most) {
    long tooMany = bySeq.size() - (long) most;
    long tooLong = commandBytes.get() - KEPT_COMMAND_BYTES;
    if (tooMany <= 0 && tooLong <= 0) {
      return List.of();
    }
    List<SandboxProcess> beyond = new ArrayList<>();
    for (SandboxProcess process : all()) {
      if (tooMany <= 0 && tooLong <= 0) {
        break;
      }
      if (process.isDispensable()) {
        beyond.add(process);
        tooMany--;
        tooLong -= commandBytes(process);
      }
    }
    return beyond;
  }
}
