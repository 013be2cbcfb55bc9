package io.sandboxd.sandbox.constraints;

import static java.lang.annotation.ElementType.FIELD;
import static java.lang.annotation.ElementType.TYPE_USE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.Retention;
import java.lang.annotation.Target;

/**
 * A string that the kernel or a file can take as it is: Unicode that UTF-8 can express, of at most
 * {@link #max} bytes in it, and without NUL, at which the kernel would cut it off. {@code null}
 * passes.
 */
@Target({FIELD, TYPE_USE})
@Retention(RUNTIME)
@Constraint(validatedBy = Text.Validator.class)
public @interface Text {
  String message() default "is not a text that can be passed on";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};

  /** In bytes of UTF-8, without a NUL at the end. */
  int max();

  /** Whether NUL may be there after all: for content, which is not a string to the kernel. */
  boolean nul() default false;

  /**
   * Whether control characters may be there: not in what ends up on terminals, nor in lines of a
   * file.
   */
  boolean controls() default true;

  /** Checks one string. */
  class Validator implements ConstraintValidator<Text, String> {
    private int max;
    private boolean nul;
    private boolean controls;

    @Override
    public void initialize(Text text) {
      max = text.max();
      nul = text.nul();
      controls = text.controls();
    }

    @Override
    public boolean isValid(String value, ConstraintValidatorContext context) {
      return value == null || Violations.none(fault(value), context);
    }

    private String fault(String value) {
      long bytes = Utf8.length(value);
      if (bytes < 0) {
        return "has half of a surrogate pair, which is no character";
      }
      if (!nul && value.indexOf('\0') >= 0) {
        return "has a NUL character, which no string of the kernel can hold: leave it out";
      }
      if (!controls && value.chars().anyMatch(Character::isISOControl)) {
        return "has a control character, such as a line break: leave it out";
      }
      if (bytes > max) {
        return "must have at most " + max + " bytes in UTF-8, but has " + bytes;
      }
      return null;
    }
  }
}
