package io.sandboxd.sandbox.constraints;

import jakarta.validation.ConstraintValidatorContext;

/** How a validator says which of several faults it found. */
final class Violations {
  private Violations() {}

  /**
   * @param fault a sentence without braces or dollar signs (they have a meaning in messages), or
   *     null if all is well
   */
  static boolean none(String fault, ConstraintValidatorContext context) {
    if (fault == null) {
      return true;
    }
    context.disableDefaultConstraintViolation();
    context.buildConstraintViolationWithTemplate(fault).addConstraintViolation();
    return false;
  }
}
