package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.FieldPath;
import io.sandboxd.sandbox.SandboxException;

/** One thing that must be so. */
@FunctionalInterface
interface Rule<T> {
  /**
   * @param at where the value is in its document
   * @throws SandboxException {@code invalid_spec}, with the field and what to do
   */
  void check(T value, FieldPath at);

  static SandboxException broken(FieldPath at, String sentence) {
    return SandboxException.invalid(at.text(), sentence);
  }
}
