package io.sandboxd.network;

import io.sandboxd.linux.Netlink;
import io.sandboxd.linux.NetlinkMessage;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.IpAddress;
import java.nio.ByteBuffer;
import java.util.Map;

/** Messages of rtnetlink(7) about addresses (struct ifaddrmsg) and routes (struct rtmsg). */
final class AddressMessages {
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_GETROUTE = 26;
  private static final int ROUTE_HEADER = 12;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_BROADCAST = 4;
  private static final int IFA_FLAGS = 8;

  /** The daemon gives no address to two; nobody needs to wait until that was asked around. */
  private static final int IFA_F_NODAD = 2;

  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RT_TABLE_MAIN = 254;
  private static final int RTPROT_STATIC = 4;
  private static final int RT_SCOPE_UNIVERSE = 0;
  private static final int RT_SCOPE_LINK = 253;
  private static final int RTN_UNICAST = 1;

  private AddressMessages() {}

  static NetlinkMessage address(int index, Cidr address) {
    IpAddress own = address.address();
    NetlinkMessage message =
        new NetlinkMessage(RTM_NEWADDR, Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL)
            .header(
                b ->
                    b.put(family(own))
                        .put((byte) address.prefix())
                        .putShort((short) 0)
                        .putInt(index))
            .attribute(IFA_LOCAL, own.bytes())
            .attribute(IFA_ADDRESS, own.bytes());
    if (!own.isV4()) {
      return message.attribute(IFA_FLAGS, IFA_F_NODAD);
    }
    Cidr network = address.network();
    // RFC 3021: networks of two addresses, and of one, have none for all.
    return address.prefix() > 30
        ? message
        : message.attribute(
            IFA_BROADCAST, network.at(network.size().subtract(java.math.BigInteger.ONE)).bytes());
  }

  /**
   * @param destination with a prefix of 0: all there is no other route to
   * @param gateway null: it is behind the interface itself
   * @param index 0: the interface through which the gateway is reached
   */
  static NetlinkMessage route(Cidr destination, IpAddress gateway, int index) {
    NetlinkMessage message =
        new NetlinkMessage(RTM_NEWROUTE, Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL)
            .header(
                b ->
                    b.put(family(destination.address()))
                        .put((byte) destination.prefix())
                        .put((byte) 0)
                        .put((byte) 0)
                        .put((byte) RT_TABLE_MAIN)
                        .put((byte) RTPROT_STATIC)
                        .put((byte) (gateway == null ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE))
                        .put((byte) RTN_UNICAST)
                        .putInt(0));
    if (destination.prefix() > 0) {
      message.attribute(RTA_DST, destination.address().bytes());
    }
    if (gateway != null) {
      message.attribute(RTA_GATEWAY, gateway.bytes());
    }
    return index == 0 ? message : message.attribute(RTA_OIF, index);
  }

  static NetlinkMessage routes() {
    return new NetlinkMessage(RTM_GETROUTE, 0).header(b -> b.put(new byte[ROUTE_HEADER]));
  }

  /** Where a route leads to; null for the default, and for what is no unicast route. */
  static Cidr readDestination(NetlinkMessage answer) {
    ByteBuffer header = answer.content();
    Map<Integer, ByteBuffer> attributes = answer.attributes(ROUTE_HEADER);
    ByteBuffer destination = attributes.get(RTA_DST);
    boolean ours = header.get(7) == RTN_UNICAST && destination != null;
    return ours
        ? new Cidr(
            IpAddress.of(NetlinkMessage.bytes(destination)), Byte.toUnsignedInt(header.get(1)))
        : null;
  }

  private static byte family(IpAddress address) {
    return (byte) (address.isV4() ? AF_INET : AF_INET6);
  }
}
