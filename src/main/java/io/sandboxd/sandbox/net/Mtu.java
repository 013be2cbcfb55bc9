package io.sandboxd.sandbox.net;

import jakarta.validation.Constraint;
import jakarta.validation.Payload;
import jakarta.validation.ReportAsSingleViolation;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Bytes of the largest packet: at least what IPv4 asks for (RFC 791), at most what veth takes. */
@Min(68)
@Max(65_535)
@ReportAsSingleViolation
@Constraint(validatedBy = {})
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE_USE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Mtu {
  /** What Ethernet has. */
  int DEFAULT = 1_500;

  String message() default "must be 68 to 65535 bytes; 1280 or more for IPv6";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};
}
