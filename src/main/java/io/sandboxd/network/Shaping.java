package io.sandboxd.network;

import io.sandboxd.linux.Errno;
import io.sandboxd.linux.ErrnoException;
import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Conditions;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * How fast and how well packets get along: limits of a sandbox's interface, and cables that are
 * worse than they need to be. All of it can be done again and again, on interfaces in use; what
 * waits in a queue at that moment is lost. What the kernel refuses is an {@link ErrnoException};
 * what it does not have is {@code launch_failed}.
 */
public final class Shaping {
  private static final BitRate ANY = new BitRate(10_000_000_000L);
  private static final long PACKET = 1_500;
  private static final long FEWEST_PACKETS = 100;
  private static final long MOST_PACKETS = 1_000_000;
  private static final long WAIT_MILLIS = 50;

  /** What of the kernel's configuration each kind is. */
  private static final Map<String, String> OPTIONS =
      Map.of(
          "tbf", "CONFIG_NET_SCH_TBF (module sch_tbf)",
          "netem", "CONFIG_NET_SCH_NETEM (module sch_netem)",
          "ingress", "CONFIG_NET_SCH_INGRESS (module sch_ingress)",
          "u32", "CONFIG_NET_CLS_U32 (module cls_u32) and CONFIG_NET_ACT_MIRRED (act_mirred)",
          "ifb", "CONFIG_IFB (module ifb)");

  private Shaping() {}

  /**
   * Limits what a sandbox gets and sends through an interface whose other end is here, where the
   * sandbox cannot get at the limit. What it sends waits in an interface that is there for nothing
   * else, as the kernel lets only wait what leaves one.
   *
   * @param device the end that is here. It may be gone if there is to be no limit.
   * @param mirror the name for that other interface. It is there as long as there is a limit of
   *     what the sandbox sends, and does not go when {@code device} does.
   * @param toSandbox null: none
   * @param fromSandbox null: none
   */
  public static void limit(
      NetworkNamespace host, String device, String mirror, BitRate toSandbox, BitRate fromSandbox) {
    if (toSandbox == null && fromSandbox == null && host.find(device) == null) {
      host.delete(mirror);
      return;
    }
    Device end = host.get(device);
    rate(host, end, end.mtu(), toSandbox);
    if (fromSandbox == null) {
      remove(host, QdiscMessages.deleteIngress(end.index()), device);
      host.delete(mirror);
      return;
    }
    if (host.find(mirror) == null) {
      create(host, "ifb", LinkMessages.plain("ifb", mirror), mirror);
    }
    Device waiting = host.get(mirror);
    host.execute(LinkMessages.up(waiting.index()), mirror);
    rate(host, waiting, end.mtu(), fromSandbox);
    create(host, "ingress", QdiscMessages.ingress(end.index()), device);
    create(host, "u32", QdiscMessages.redirect(end.index(), waiting.index()), device);
  }

  /**
   * Makes what leaves an interface go along like this. Who may configure the network there can undo
   * it: it is no limit.
   *
   * @param conditions null, or nothing in it: as well as can be
   * @throws SandboxException {@code launch_failed} if there is more in it than a rate, and the
   *     kernel cannot do that
   */
  public static void simulate(NetworkNamespace there, String device, Conditions conditions) {
    Device end = there.get(device);
    if (conditions == null || !conditions.impairs()) {
      rate(there, end, end.mtu(), conditions == null ? null : conditions.rate());
      return;
    }
    int limit = packetsUnderWay(conditions);
    replace(
        there,
        "netem",
        handle -> QdiscMessages.conditions(end.index(), handle, conditions, limit),
        device);
  }

  /** As many as there can be in the time they take, or it would be a limit. */
  static int packetsUnderWay(Conditions conditions) {
    BitRate rate = conditions.rate() == null ? ANY : conditions.rate();
    long millis = WAIT_MILLIS;
    millis += conditions.delay() == null ? 0 : conditions.delay().toMillis();
    millis += conditions.jitter() == null ? 0 : conditions.jitter().toMillis();
    double packets = (double) rate.bytesPerSecond() * millis / 1_000 / PACKET;
    return (int) Math.max(FEWEST_PACKETS, Math.min(packets, MOST_PACKETS));
  }

  private static void rate(NetworkNamespace there, Device device, int mtu, BitRate rate) {
    if (rate == null) {
      remove(there, QdiscMessages.deleteRoot(device.index()), device.name());
      return;
    }
    Bucket bucket = Bucket.of(rate, mtu);
    replace(
        there,
        "tbf",
        handle -> QdiscMessages.bucket(device.index(), handle, bucket),
        device.name());
  }

  /**
   * Makes a new queue that takes the old one's place. Were the old one changed, a packet that waits
   * in it might be larger than the new burst, and all would wait for ever.
   */
  private static void replace(
      NetworkNamespace there, String kind, IntFunction<NetlinkMessage> queue, String what) {
    try {
      create(there, kind, queue.apply(1), what);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
      create(there, kind, queue.apply(2), what);
    }
  }

  private static void create(
      NetworkNamespace there, String kind, NetlinkMessage message, String what) {
    try {
      there.execute(message, what);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      throw new SandboxException(
              ErrorCode.LAUNCH_FAILED,
              "The kernel has no "
                  + kind
                  + " to shape the traffic of '"
                  + what
                  + "' with: it takes "
                  + OPTIONS.get(kind)
                  + ".",
              e)
          .with("step", kind)
          .with("syscall", e.syscall())
          .with("errno", e.errno())
          .with("errnoName", e.errnoName());
    }
  }

  /** The kernel's own, which is there when there is no other, cannot be removed. */
  private static void remove(NetworkNamespace there, NetlinkMessage message, String what) {
    try {
      there.execute(message, what);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.EINVAL) {
        throw e;
      }
    }
  }
}
