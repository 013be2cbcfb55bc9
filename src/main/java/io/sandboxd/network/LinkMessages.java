package io.sandboxd.network;

import io.sandboxd.linux.Fd;
import io.sandboxd.linux.Netlink;
import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.sandbox.net.InterfaceCounters;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Consumer;

/** Messages of rtnetlink(7) about interfaces (struct ifinfomsg, linux/if_link.h). */
final class LinkMessages {
  static final int RTM_NEWLINK = 16;
  private static final int RTM_DELLINK = 17;
  private static final int RTM_GETLINK = 18;
  private static final int HEADER = 16;
  private static final int IFF_UP = 1;

  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_MASTER = 10;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_IFALIAS = 20;
  private static final int IFLA_STATS64 = 23;
  private static final int IFLA_AF_SPEC = 26;
  private static final int IFLA_NET_NS_FD = 28;
  private static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_INFO_DATA = 2;
  private static final int VETH_INFO_PEER = 1;
  private static final int IFLA_INET6_ADDR_GEN_MODE = 8;
  private static final int IN6_ADDR_GEN_MODE_NONE = 1;
  private static final int AF_INET6 = 10;

  private LinkMessages() {}

  /** Two interfaces with a cable between them (veth(4)). */
  static NetlinkMessage veth(VethEnd here, VethEnd there) {
    return create(
        "veth",
        m -> end(m, here),
        data ->
            data.nested(VETH_INFO_PEER, peer -> end(peer.header(b -> fields(b, 0, 0, 0)), there)));
  }

  static NetlinkMessage bridge(String name, String mac, int mtu) {
    return create(
        "bridge",
        m ->
            m.attribute(IFLA_IFNAME, name)
                .attribute(IFLA_ADDRESS, MacAddress.bytes(mac))
                .attribute(IFLA_MTU, mtu),
        data -> {});
  }

  /** Of any kind that takes no parameters. */
  static NetlinkMessage plain(String kind, String name) {
    return create(kind, m -> m.attribute(IFLA_IFNAME, name), data -> {});
  }

  private static NetlinkMessage create(
      String kind, Consumer<NetlinkMessage> interfaceItself, Consumer<NetlinkMessage> data) {
    NetlinkMessage message =
        message(RTM_NEWLINK, Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL, 0, 0, 0);
    interfaceItself.accept(message);
    return message.nested(
        IFLA_LINKINFO, info -> info.attribute(IFLA_INFO_KIND, kind).nested(IFLA_INFO_DATA, data));
  }

  private static void end(NetlinkMessage message, VethEnd end) {
    message.attribute(IFLA_IFNAME, end.name()).attribute(IFLA_ADDRESS, MacAddress.bytes(end.mac()));
    message.attribute(IFLA_MTU, end.mtu());
    Fd namespace = end.namespace();
    if (namespace != null) {
      message.attribute(IFLA_NET_NS_FD, namespace.number());
    }
  }

  static NetlinkMessage up(int index) {
    return message(RTM_NEWLINK, 0, index, IFF_UP, IFF_UP);
  }

  /**
   * Makes it a port of a bridge and switches it on.
   *
   * @param alias a note for people, up to 255 bytes; the kernel takes none at creation
   */
  static NetlinkMessage port(int index, int bridge, String alias) {
    return up(index).attribute(IFLA_MASTER, bridge).attribute(IFLA_IFALIAS, alias);
  }

  /**
   * From when it is switched on: it gives itself no link-local address, and so sends nothing by
   * itself. A kernel without IPv6 refuses this.
   */
  static NetlinkMessage withoutLinkLocal(int index) {
    return message(RTM_NEWLINK, 0, index, 0, 0)
        .nested(
            IFLA_AF_SPEC,
            spec ->
                spec.nested(
                    AF_INET6,
                    v6 ->
                        v6.attribute(
                            IFLA_INET6_ADDR_GEN_MODE, new byte[] {IN6_ADDR_GEN_MODE_NONE})));
  }

  static NetlinkMessage alias(int index, String alias) {
    return message(RTM_NEWLINK, 0, index, 0, 0).attribute(IFLA_IFALIAS, alias);
  }

  static NetlinkMessage delete(int index) {
    return message(RTM_DELLINK, 0, index, 0, 0);
  }

  static NetlinkMessage get(String name) {
    return message(RTM_GETLINK, 0, 0, 0, 0).attribute(IFLA_IFNAME, name);
  }

  static NetlinkMessage all() {
    return message(RTM_GETLINK, 0, 0, 0, 0);
  }

  private static NetlinkMessage message(int type, int flags, int index, int on, int change) {
    return new NetlinkMessage(type, flags).header(b -> fields(b, index, on, change));
  }

  private static void fields(ByteBuffer header, int index, int flags, int change) {
    header.put((byte) 0).put((byte) 0).putShort((short) 0);
    header.putInt(index).putInt(flags).putInt(change);
  }

  /** What an answer to {@link #get} and {@link #all} says. */
  static Device read(NetlinkMessage answer) {
    ByteBuffer header = answer.content();
    Map<Integer, ByteBuffer> attributes = answer.attributes(HEADER);
    ByteBuffer mac = attributes.get(IFLA_ADDRESS);
    ByteBuffer alias = attributes.get(IFLA_IFALIAS);
    ByteBuffer mtu = attributes.get(IFLA_MTU);
    return new Device(
        header.getInt(4),
        NetlinkMessage.text(attributes.get(IFLA_IFNAME)),
        mac == null ? null : MacAddress.text(NetlinkMessage.bytes(mac)),
        alias == null ? null : NetlinkMessage.text(alias),
        (header.getInt(8) & IFF_UP) != 0,
        mtu == null ? 0 : mtu.getInt(0),
        counters(attributes.get(IFLA_STATS64)));
  }

  private static InterfaceCounters counters(ByteBuffer stats) {
    return stats == null
        ? new InterfaceCounters(0, 0, 0, 0, 0, 0, 0, 0)
        : new InterfaceCounters(
            stats.getLong(16),
            stats.getLong(0),
            stats.getLong(32),
            stats.getLong(48),
            stats.getLong(24),
            stats.getLong(8),
            stats.getLong(40),
            stats.getLong(56));
  }
}
