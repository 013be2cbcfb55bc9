package io.sandboxd.linux;

/**
 * The few places where the kernel's binary interface differs between the two supported
 * architectures.
 */
final class CpuArchitecture {
  static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

  /** {@code struct epoll_event} is packed on x86-64 only. */
  static final int EPOLL_EVENT_SIZE = ARM ? 16 : 12;

  static final int EPOLL_EVENT_DATA = ARM ? 8 : 4;

  private CpuArchitecture() {}
}
