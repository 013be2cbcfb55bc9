package io.sandboxd.network;

import io.sandboxd.linux.Netlink;
import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.sandbox.net.Conditions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Messages of rtnetlink(7) about queueing disciplines (struct tcmsg, linux/pkt_sched.h) and filters
 * (linux/pkt_cls.h).
 */
final class QdiscMessages {
  private static final int RTM_NEWQDISC = 36;
  private static final int RTM_DELQDISC = 37;
  private static final int RTM_NEWTFILTER = 44;
  private static final int TCA_KIND = 1;
  private static final int TCA_OPTIONS = 2;
  private static final int TC_H_ROOT = 0xffffffff;
  private static final int TC_H_INGRESS = 0xfffffff1;
  private static final int INGRESS_HANDLE = 0xffff0000;

  /**
   * Takes the place of one that has another handle, at once; one of the same handle is not touched.
   */
  private static final int IN_ITS_PLACE =
      Netlink.NLM_F_CREATE | Netlink.NLM_F_REPLACE | Netlink.NLM_F_EXCL;

  private static final int TCA_TBF_PARMS = 1;
  private static final int TCA_TBF_RATE64 = 4;
  private static final int TCA_TBF_BURST = 6;

  /** With it the kernel counts by itself; without, it would have a table of 256 times. */
  private static final byte TC_LINKLAYER_ETHERNET = 1;

  private static final int TCA_NETEM_RATE = 6;
  private static final int TCA_NETEM_RATE64 = 8;
  private static final int TICK_NANOS = 64;
  private static final long U32_MAX = 0xffff_ffffL;

  private static final int PRIORITY = 1;
  private static final int FILTER_HANDLE = 0x8000_0001;
  private static final byte[] ETH_P_ALL = {0, 3};
  private static final int TCA_U32_SEL = 5;
  private static final int TCA_U32_ACT = 7;
  private static final byte TC_U32_TERMINAL = 1;
  private static final int TCA_ACT_KIND = 1;
  private static final int TCA_ACT_OPTIONS = 2;
  private static final int TCA_MIRRED_PARMS = 2;
  private static final int TC_ACT_STOLEN = 4;
  private static final int TCA_EGRESS_REDIR = 1;

  private QdiscMessages() {}

  /**
   * Lets what leaves an interface wait until it is its turn (tc-tbf(8)).
   *
   * @param handle a number for it; {@code EEXIST} when it is that of the one that is there
   */
  static NetlinkMessage bucket(int index, int handle, Bucket bucket) {
    return root(index, handle, "tbf")
        .nested(
            TCA_OPTIONS,
            options ->
                options
                    .attribute(TCA_TBF_PARMS, bytes(36, b -> parameters(b, bucket)))
                    .attribute(TCA_TBF_RATE64, number(bucket.bytesPerSecond()))
                    .attribute(TCA_TBF_BURST, bucket.burst()));
  }

  /** struct tc_tbf_qopt: two rates, of which the peak is not used. */
  private static void parameters(ByteBuffer b, Bucket bucket) {
    b.put((byte) 0).put(TC_LINKLAYER_ETHERNET).putShort((short) 0).putInt(0);
    b.putInt(saturated(bucket.bytesPerSecond()));
    b.position(24).putInt(bucket.limit());
  }

  /**
   * Has what leaves an interface be late, or not arrive at all (tc-netem(8)).
   *
   * @param handle as above
   * @param limit packets that can be under way
   */
  static NetlinkMessage conditions(int index, int handle, Conditions conditions, int limit) {
    double loss = conditions.loss() == null ? 0 : conditions.loss();
    return root(index, handle, "netem")
        .nested(
            TCA_OPTIONS,
            options -> {
              options.header(
                  b ->
                      b.putInt(ticks(conditions.delay()))
                          .putInt(limit)
                          .putInt((int) Math.round(loss / 100 * U32_MAX))
                          .putInt(0) // no order of its own
                          .putInt(0) // nothing twice
                          .putInt(ticks(conditions.jitter())));
              if (conditions.rate() != null) {
                long rate = conditions.rate().bytesPerSecond();
                options
                    .attribute(TCA_NETEM_RATE, bytes(16, b -> b.putInt(saturated(rate))))
                    .attribute(TCA_NETEM_RATE64, number(rate));
              }
            });
  }

  private static NetlinkMessage root(int index, int handle, String kind) {
    return message(RTM_NEWQDISC, IN_ITS_PLACE, index, handle << 16, TC_H_ROOT, 0)
        .attribute(TCA_KIND, kind);
  }

  static NetlinkMessage deleteRoot(int index) {
    return message(RTM_DELQDISC, 0, index, 0, TC_H_ROOT, 0);
  }

  /** Makes it possible to have filters for what comes in; harmless when there is one. */
  static NetlinkMessage ingress(int index) {
    return message(RTM_NEWQDISC, Netlink.NLM_F_CREATE, index, INGRESS_HANDLE, TC_H_INGRESS, 0)
        .attribute(TCA_KIND, "ingress");
  }

  /** With its filters. */
  static NetlinkMessage deleteIngress(int index) {
    return message(RTM_DELQDISC, 0, index, INGRESS_HANDLE, TC_H_INGRESS, 0);
  }

  /**
   * Has all that comes in leave through another interface (tc-u32(8) with a key that is in every
   * packet, as not every kernel has tc-matchall(8); tc-mirred(8)).
   */
  static NetlinkMessage redirect(int index, int to) {
    int protocol =
        Short.toUnsignedInt(ByteBuffer.wrap(ETH_P_ALL).order(ByteOrder.nativeOrder()).getShort());
    return message(
            RTM_NEWTFILTER,
            Netlink.NLM_F_CREATE,
            index,
            FILTER_HANDLE,
            INGRESS_HANDLE,
            PRIORITY << 16 | protocol)
        .attribute(TCA_KIND, "u32")
        .nested(
            TCA_OPTIONS,
            options ->
                options
                    .attribute(TCA_U32_SEL, bytes(32, b -> b.put(TC_U32_TERMINAL).put(2, (byte) 1)))
                    .nested(
                        TCA_U32_ACT,
                        actions -> actions.nested(1, action -> redirection(action, to))));
  }

  private static void redirection(NetlinkMessage action, int to) {
    action
        .attribute(TCA_ACT_KIND, "mirred")
        .nested(
            TCA_ACT_OPTIONS,
            options ->
                options.attribute(
                    TCA_MIRRED_PARMS,
                    bytes(
                        28,
                        b ->
                            b.position(8)
                                .putInt(TC_ACT_STOLEN)
                                .position(20)
                                .putInt(TCA_EGRESS_REDIR)
                                .putInt(to))));
  }

  private static NetlinkMessage message(
      int type, int flags, int index, int handle, int parent, int info) {
    return new NetlinkMessage(type, flags)
        .header(b -> b.putInt(0).putInt(index).putInt(handle).putInt(parent).putInt(info));
  }

  private static int ticks(Duration duration) {
    return duration == null ? 0 : (int) (duration.toNanos() / TICK_NANOS);
  }

  /** A rate of more than 32 bits is in a place of its own. */
  private static int saturated(long rate) {
    return (int) Math.min(rate, U32_MAX);
  }

  private static byte[] number(long value) {
    return bytes(Long.BYTES, b -> b.putLong(value));
  }

  private static byte[] bytes(int length, Consumer<ByteBuffer> fields) {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    fields.accept(buffer);
    return buffer.array();
  }
}
