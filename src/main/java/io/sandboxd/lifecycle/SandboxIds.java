package io.sandboxd.lifecycle;

import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxStatus;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Ids of sandboxes: 64 random bits, so that none is ever used for two. */
final class SandboxIds {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BYTES = 8;
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{" + 2 * BYTES + "}");

  private SandboxIds() {}

  static String random() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Whether a name may be one: what is called otherwise was never made for a sandbox. */
  static boolean isOne(String name) {
    return FORM.matcher(name).matches();
  }

  /** Stands for a sandbox whose file says nothing any more; it can only be deleted. */
  static SandboxStatus unreadable(String id, String why) {
    SandboxSpec nothing =
        new SandboxSpec(
            id, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
            null, null, null);
    return SandboxStatus.creating(id, id, nothing, Instant.now())
        .broken("Its state cannot be read: " + why);
  }

  /** For a sandbox that was given none. */
  static String nameOf(String id) {
    return "sandbox-" + id.substring(0, 8);
  }
}
