package io.sandboxd.process;

import io.sandboxd.process.OutputLog.Stream;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the daemon holds of one process's standard streams, and the clients that wait for them to
 * move.
 */
public final class ProcessStreams {
  private final Map<Stream, OutputPipe> pipes = new EnumMap<>(Stream.class);
  private final Set<Runnable> watchers = ConcurrentHashMap.newKeySet();
  private volatile StdinWriter input;
  private volatile KeyedBodies bodies;
  private volatile TerminalLog terminal;

  /** Null when nothing can be fed. */
  public StdinWriter input() {
    return input;
  }

  public void input(StdinWriter writer, KeyedBodies keyed) {
    bodies = keyed;
    input = writer;
  }

  /** What was fed to the input under a key. */
  public KeyedBodies bodies() {
    return bodies;
  }

  /** Null when it has none, or has it no more. */
  public TerminalLog terminal() {
    return terminal;
  }

  public void terminal(TerminalLog log) {
    terminal = log;
  }

  /** Null when this stream is no pipe of ours. */
  public OutputPipe pipe(Stream stream) {
    synchronized (pipes) {
      return pipes.get(stream);
    }
  }

  public void pipe(Stream stream, OutputPipe pipe) {
    synchronized (pipes) {
      pipes.put(stream, pipe);
    }
  }

  /** Calls, on any thread, whenever there may be more to read or the process has ended. */
  public void watch(Runnable watcher) {
    watchers.add(watcher);
  }

  public void forget(Runnable watcher) {
    watchers.remove(watcher);
  }

  /** Something was written, or the process has ended. */
  public void changed() {
    watchers.forEach(Runnable::run);
  }

  /** The process has ended: takes what its terminal still holds, and feeds it no more. */
  public void finish() {
    if (terminal != null) {
      terminal.finish();
    }
    if (input != null) {
      input.processEnded();
    }
    synchronized (pipes) {
      pipes.values().forEach(OutputPipe::processEnded);
    }
  }

  /** Nobody can ask for it any more. */
  public void close() {
    finish();
    synchronized (pipes) {
      pipes.values().forEach(OutputPipe::close);
    }
    changed();
  }
}
