package io.sandboxd.sandbox;

/**
 * Which system calls a process may make (seccomp(2)). In JSON: {@code "default"}, {@code
 * "unconfined"}, or the object of a {@link SeccompProfile}.
 */
public sealed interface Seccomp permits Seccomp.Default, Seccomp.Unconfined, SeccompProfile {
  /** The daemon's own profile, with the capabilities of the process taken into account. */
  record Default() implements Seccomp {}

  /** No filter. */
  record Unconfined() implements Seccomp {}

  Seccomp DEFAULT = new Default();
  Seccomp UNCONFINED = new Unconfined();
}
