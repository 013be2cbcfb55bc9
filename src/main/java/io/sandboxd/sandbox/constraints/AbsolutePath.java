package io.sandboxd.sandbox.constraints;

import static java.lang.annotation.ElementType.FIELD;
import static java.lang.annotation.ElementType.TYPE_USE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import jakarta.validation.Constraint;
import jakarta.validation.Payload;
import java.lang.annotation.Retention;
import java.lang.annotation.Target;

/**
 * A path from the root, of at most 4095 bytes (PATH_MAX less its NUL) and without NUL. {@code null}
 * passes.
 */
@Target({FIELD, TYPE_USE})
@Retention(RUNTIME)
@Constraint(validatedBy = AbsolutePathValidator.class)
public @interface AbsolutePath {
  int MAX_BYTES = 4_095;

  String message() default "is not an absolute path";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};

  /** Whether it must be below the root and have no empty part, no {@code .} and no {@code ..}. */
  boolean normalised() default false;
}
