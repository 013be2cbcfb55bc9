package io.sandboxd.launch.filter;

import io.sandboxd.linux.Libseccomp;
import io.sandboxd.linux.SeccompFilter;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.Seccomp;
import io.sandboxd.sandbox.SeccompProfile;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The filters of processes. To compile one takes milliseconds, so those that were used last are
 * kept.
 */
public final class Filters {
  /** Each of a few kilobytes, 32 at most, and a client's profile with it. */
  private static final int KEPT = 32;

  private static final float LOAD_FACTOR = 0.75f;

  private final Libseccomp libseccomp;
  private final DefaultProfile defaults = new DefaultProfile();

  /** By a client's profile, or by the capabilities that make a difference to the default one. */
  private final Map<Object, SeccompFilter> known =
      new LinkedHashMap<>(KEPT, LOAD_FACTOR, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, SeccompFilter> eldest) {
          return size() > KEPT;
        }
      };

  public Filters(Libseccomp libseccomp) {
    this.libseccomp = libseccomp;
  }

  /**
   * @param seccomp null for the default
   * @param capabilities bits by capability number: what the process and its children can ever have
   * @return null for no filter
   * @throws SandboxException {@code invalid_spec} with the rule that does not compile, {@code
   *     seccomp.syscalls[N]}
   */
  public SeccompFilter of(Seccomp seccomp, long capabilities) {
    if (seccomp instanceof Seccomp.Unconfined) {
      return null;
    }
    boolean own = seccomp instanceof SeccompProfile;
    long relevant = own ? 0 : defaults.relevant(capabilities);
    Object key = own ? seccomp : (Object) relevant;
    SeccompFilter filter;
    synchronized (known) {
      filter = known.get(key);
    }
    if (filter == null) {
      filter = libseccomp.compile(own ? (SeccompProfile) seccomp : defaults.of(relevant));
      synchronized (known) {
        known.put(key, filter);
      }
    }
    return filter;
  }

  /**
   * Compiles what a client brings, if it brings something.
   *
   * @throws SandboxException as {@link #of}
   */
  public void check(Seccomp seccomp) {
    if (seccomp instanceof SeccompProfile) {
      of(seccomp, 0);
    }
  }
}
