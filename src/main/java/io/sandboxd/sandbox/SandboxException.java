package io.sandboxd.sandbox;

import java.util.LinkedHashMap;
import java.util.Map;

/** A failure that the client is told about: a code, a sentence, and fields a program can read. */
public final class SandboxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final transient Map<String, Object> fields = new LinkedHashMap<>();

  public SandboxException(ErrorCode code, String detail) {
    super(detail);
    this.code = code;
  }

  public SandboxException(ErrorCode code, String detail, Throwable cause) {
    super(detail, cause);
    this.code = code;
  }

  /**
   * The spec asks for something impossible.
   *
   * @param field the JSON path, e.g. {@code resources.memory.max} or {@code mounts[2].source}
   * @param detail a sentence that names the limit and what to do
   */
  public static SandboxException invalid(String field, String detail) {
    return new SandboxException(ErrorCode.INVALID_SPEC, field + ": " + detail).with("field", field);
  }

  public static SandboxException notFound(String what, String name) {
    return new SandboxException(ErrorCode.NOT_FOUND, "There is no " + what + " '" + name + "'.");
  }

  public static SandboxException wrongState(String detail) {
    return new SandboxException(ErrorCode.WRONG_STATE, detail);
  }

  /**
   * The same of a field one level further down.
   *
   * @param object what that field is in, e.g. {@code process}
   */
  public SandboxException within(String object) {
    SandboxException moved = new SandboxException(code, object + "." + getMessage(), this);
    moved.fields.putAll(fields);
    moved.fields.computeIfPresent("field", (name, field) -> object + "." + field);
    return moved;
  }

  /** Adds a field to the problem; {@code null} values are left out. */
  public SandboxException with(String field, Object value) {
    if (value != null) {
      fields.put(field, value);
    }
    return this;
  }

  public ErrorCode code() {
    return code;
  }

  public Map<String, Object> fields() {
    return fields;
  }
}
