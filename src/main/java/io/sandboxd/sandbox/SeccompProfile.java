package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.math.BigInteger;
import java.util.List;

/**
 * A filter of system calls in the form of the OCI runtime-spec ({@code linux.seccomp}), but for
 * what needs somebody who watches the process from outside.
 *
 * @param defaultAction for calls that no rule is about
 * @param defaultErrnoRet what {@code SCMP_ACT_ERRNO} as the default gives; EPERM (1) if left out
 * @param architectures in addition to the machine's own; those that it cannot run are left out. A
 *     call of any other architecture ends the process.
 * @param flags of seccomp(2)
 * @param syscalls the rules
 */
public record SeccompProfile(
    @NotNull(message = ACTION_RULE) Action defaultAction,
    @Min(value = 0, message = ERRNO_RULE) @Max(value = MAX_ERRNO, message = ERRNO_RULE)
        Integer defaultErrnoRet,
    @Size(max = 32, message = "can have at most 32 architectures")
        List<@NotNull(message = "must not be null") SeccompArchitecture> architectures,
    @Size(max = 8, message = "can have at most 8 flags")
        List<@NotNull(message = "must not be null") Flag> flags,
    @Size(max = 1_024, message = "can have at most 1024 rules")
        List<@NotNull(message = "must not be null") @Valid CallRule> syscalls)
    implements Seccomp {

  /** The last that libseccomp takes: seccomp_rule_add(3). */
  public static final int MAX_ERRNO = 4_094;

  private static final String ACTION_RULE = "must be given: an action such as SCMP_ACT_ERRNO";
  private static final String ERRNO_RULE = "must be 0 to 4094";
  private static final String OPERATOR_RULE = "must be given: a comparison such as SCMP_CMP_EQ";
  private static final String INDEX_RULE = "must be given: 0 to 5";

  /** What happens to a call. The names are libseccomp's, the numbers the kernel's. */
  public enum Action {
    SCMP_ACT_KILL(0x00000000),
    SCMP_ACT_KILL_THREAD(0x00000000),
    SCMP_ACT_KILL_PROCESS(0x80000000),
    SCMP_ACT_TRAP(0x00030000),
    SCMP_ACT_ERRNO(0x00050000),
    SCMP_ACT_TRACE(0x7ff00000),
    SCMP_ACT_LOG(0x7ffc0000),
    SCMP_ACT_ALLOW(0x7fff0000);

    private static final String NOTIFY = "SCMP_ACT_NOTIFY";

    private final int code;

    Action(int code) {
      this.code = code;
    }

    @JsonValue
    public String word() {
      return name();
    }

    /** {@code SECCOMP_RET_*} of linux/seccomp.h. */
    public int code() {
      return code;
    }

    public boolean takesErrno() {
      return this == SCMP_ACT_ERRNO || this == SCMP_ACT_TRACE;
    }

    /** Whether the kernel does what the call asks for. */
    public boolean permits() {
      return this == SCMP_ACT_ALLOW || this == SCMP_ACT_LOG;
    }

    /**
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    public static Action parse(String text) {
      if (text.equals(NOTIFY)) {
        throw new IllegalArgumentException(
            "cannot be SCMP_ACT_NOTIFY: the process would wait for an answer that nobody gives");
      }
      return Words.find(values(), text, "an action");
    }
  }

  /** How an argument is compared. The names and the numbers are libseccomp's. */
  public enum Operator {
    SCMP_CMP_NE(1),
    SCMP_CMP_LT(2),
    SCMP_CMP_LE(3),
    SCMP_CMP_EQ(4),
    SCMP_CMP_GE(5),
    SCMP_CMP_GT(6),
    SCMP_CMP_MASKED_EQ(7);

    private final int code;

    Operator(int code) {
      this.code = code;
    }

    @JsonValue
    public String word() {
      return name();
    }

    /** {@code enum scmp_compare} of seccomp.h. */
    public int code() {
      return code;
    }

    /**
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    public static Operator parse(String text) {
      return Words.find(values(), text, "a comparison");
    }
  }

  /** Flags of seccomp(2) that mean something for a process that is about to begin. */
  public enum Flag {
    SECCOMP_FILTER_FLAG_LOG(1 << 1),
    SECCOMP_FILTER_FLAG_SPEC_ALLOW(1 << 2);

    private final int bit;

    Flag(int bit) {
      this.bit = bit;
    }

    @JsonValue
    public String word() {
      return name();
    }

    public int bit() {
      return bit;
    }

    /**
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    public static Flag parse(String text) {
      switch (text) {
        case "SECCOMP_FILTER_FLAG_TSYNC" ->
            throw new IllegalArgumentException(
                "cannot be " + text + ": a program begins with one thread. Leave it out");
        case "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_NEW_LISTENER" ->
            throw new IllegalArgumentException(
                "cannot be " + text + ": it is for SCMP_ACT_NOTIFY, which is not supported");
        default -> {
          return Words.find(values(), text, "a flag");
        }
      }
    }
  }

  /**
   * What happens to some calls.
   *
   * @param names of system calls, such as {@code chmod}
   * @param errnoRet what {@code SCMP_ACT_ERRNO} gives; EPERM (1) if left out
   * @param args all of which must hold; of several for one and the same argument, any
   */
  public record CallRule(
      @NotEmpty(message = "must name a system call: at least one")
          @Size(max = 1_024, message = "can have at most 1024 names")
          List<
                  @NotNull(message = "must not be null")
                  @Pattern(regexp = NAME, message = NAME_RULE) String>
              names,
      @NotNull(message = ACTION_RULE) Action action,
      @Min(value = 0, message = ERRNO_RULE) @Max(value = MAX_ERRNO, message = ERRNO_RULE)
          Integer errnoRet,
      @Size(max = 16, message = "can have at most 16 conditions")
          List<@NotNull(message = "must not be null") @Valid Condition> args) {
    private static final String NAME = "[a-z_][a-z0-9_]{0,63}";
    private static final String NAME_RULE =
        "is not the name of a system call: at most 64 of a-z, 0-9 and _";
  }

  /**
   * What must be so of an argument.
   *
   * @param index of the argument, 0 to 5
   * @param value unsigned, 64 bits; for {@code SCMP_CMP_MASKED_EQ} the mask
   * @param valueTwo unsigned, 64 bits; for {@code SCMP_CMP_MASKED_EQ} what is left under the mask;
   *     0 if left out
   */
  public record Condition(
      @NotNull(message = INDEX_RULE)
          @Min(value = 0, message = INDEX_RULE)
          @Max(value = 5, message = INDEX_RULE)
          Integer index,
      @NotNull(message = "must be given: an integer of at most 64 bits without a sign")
          BigInteger value,
      BigInteger valueTwo,
      @NotNull(message = OPERATOR_RULE) Operator op) {}

  /** Enumerations that are written by their names. */
  static final class Words {
    private Words() {}

    static <E extends Enum<E>> E find(E[] values, String text, String what) {
      StringBuilder known = new StringBuilder();
      for (E value : values) {
        if (value.name().equals(text)) {
          return value;
        }
        known.append(known.isEmpty() ? "" : ", ").append(value.name());
      }
      throw new IllegalArgumentException("is not " + what + ": there are " + known);
    }
  }
}
