package io.sandboxd.linux;

/**
 * A filter of system calls as seccomp(2) takes it.
 *
 * @param flags {@code SECCOMP_FILTER_FLAG_*}
 * @param program of classic BPF: {@code struct sock_filter}, 8 bytes each, at most {@link
 *     #MAX_INSTRUCTIONS}
 */
public record SeccompFilter(long flags, Blob program) {
  /** {@code BPF_MAXINSNS}. */
  public static final int MAX_INSTRUCTIONS = 4_096;

  /** Bytes. */
  public static final int INSTRUCTION = 8;
}
