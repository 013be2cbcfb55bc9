package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A user or a group: a number (in JSON an integer, or a string of digits), or a name that is looked
 * up in the sandbox's own /etc/passwd or /etc/group. Exactly one of the two is set.
 */
public record IdOrName(Long id, String name) {
  /** How many ids there are, from 0 on: the last number of 32 bits is none (user_namespaces(7)). */
  public static final long IDS = 0xFFFF_FFFFL;

  public IdOrName {
    if ((id == null) == (name == null)) {
      throw new IllegalArgumentException("either a number or a name");
    }
  }

  public static IdOrName of(long id) {
    return new IdOrName(id, null);
  }

  public static IdOrName named(String name) {
    return new IdOrName(null, name);
  }

  /** A string of digits is a number, as in chown(1) and in the files that name users. */
  public static IdOrName parse(String text) {
    return text.matches("[0-9]{1,18}") ? of(Long.parseLong(text)) : named(text);
  }

  public boolean isName() {
    return name != null;
  }

  @JsonValue
  Object json() {
    return isName() ? name : id;
  }
}
