package io.sandboxd.api;

import io.sandboxd.events.Event;

/** Where the audit goes beside the events: to a log that the daemon itself cannot change. */
public interface AuditSink {
  /** May wait, and may fail without a word: it has a thread of its own. */
  void write(Event audited);
}
