package io.sandboxd.sandbox;

/**
 * Marks, as a Jackson view, what is kept in the daemon's files and not shown to clients; and the
 * version of those files.
 */
public interface StoredForm {
  /** Raised when a file of this version could be misread by an older daemon. */
  int VERSION = 1;
}
