package io.sandboxd.launch;

/**
 * What a process and its waited-for children used, from wait4(2).
 *
 * @param userMicros CPU time in user mode, µs
 * @param systemMicros CPU time in the kernel, µs
 * @param maxRssKib the largest resident set, KiB
 */
public record Usage(long userMicros, long systemMicros, long maxRssKib) {}
