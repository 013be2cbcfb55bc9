package io.sandboxd.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A conversation with the kernel about one network namespace (rtnetlink(7)): the namespace of the
 * socket counts, not that of who uses it. For one thread at a time.
 */
public final class Netlink implements AutoCloseable {
  public static final int NLM_F_REPLACE = 0x100;
  public static final int NLM_F_EXCL = 0x200;
  public static final int NLM_F_CREATE = 0x400;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_ACK = 4;
  private static final int NLM_F_DUMP = 0x300;
  private static final int NLM_F_CAPPED = 0x100;
  private static final int NLM_F_ACK_TLVS = 0x200;
  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int NLMSGERR_ATTR_MSG = 1;

  /** As much as the kernel puts into one datagram of a dump. */
  private static final int RECEIVE_SIZE = 32 * 1024;

  private final Syscalls syscalls;
  private final Fd socket;
  private int sequence;

  /**
   * @param namespace null: that of the daemon
   * @throws ErrnoException when the namespace cannot be entered
   */
  public Netlink(Syscalls syscalls, Fd namespace) {
    this.syscalls = syscalls;
    this.socket = syscalls.netlink(namespace);
  }

  /**
   * Has something done.
   *
   * @param what it is done to, for the error
   * @throws ErrnoException what the kernel says to it
   */
  public void execute(NetlinkMessage message, String what) {
    talk(message, NLM_F_ACK, what, answer -> {});
  }

  /** Asks for one thing. */
  public NetlinkMessage get(NetlinkMessage message, String what) {
    List<NetlinkMessage> answers = new ArrayList<>();
    talk(message, NLM_F_ACK, what, answers::add);
    return answers.get(0);
  }

  /** Asks for all there are. */
  public void dump(NetlinkMessage message, Consumer<NetlinkMessage> each) {
    talk(message, NLM_F_DUMP, null, each);
  }

  private void talk(NetlinkMessage message, int flags, String what, Consumer<NetlinkMessage> each) {
    sequence++;
    syscalls.writeAll(socket, message.bytes(NLM_F_REQUEST | flags, sequence));
    ByteBuffer received = ByteBuffer.allocate(RECEIVE_SIZE).order(ByteOrder.nativeOrder());
    while (true) {
      received.clear();
      syscalls.read(socket, received);
      received.flip();
      while (received.remaining() >= NetlinkMessage.HEADER) {
        int length = received.getInt();
        int type = Short.toUnsignedInt(received.getShort());
        int answered = Short.toUnsignedInt(received.getShort());
        boolean ours = received.getInt() == sequence; // not the rest of a talk that failed
        received.getInt();
        byte[] content = new byte[length - NetlinkMessage.HEADER];
        received.get(content);
        received.position(Math.min(received.limit(), (received.position() + 3) & ~3));
        if (!ours) {
          continue;
        }
        NetlinkMessage answer = NetlinkMessage.received(type, answered, content);
        if (type == NLMSG_ERROR || type == NLMSG_DONE) {
          requireSuccess(message, answer, what);
          return;
        }
        each.accept(answer);
      }
    }
  }

  /** The end of a dump has its error in the same place as an acknowledgement. */
  private static void requireSuccess(NetlinkMessage asked, NetlinkMessage answer, String what) {
    ByteBuffer content = answer.content();
    int error = content.remaining() >= Integer.BYTES ? -content.getInt(0) : 0;
    if (error != 0) {
      String said = explanation(answer);
      throw new ErrnoException(
          "rtnetlink " + name(asked.type()),
          said == null ? what : (what == null ? "" : what + " ") + "(" + said + ")",
          error);
    }
  }

  /** The kernel's own words (NETLINK_EXT_ACK), behind the request or what is left of it. */
  private static String explanation(NetlinkMessage answer) {
    if ((answer.flags() & NLM_F_ACK_TLVS) == 0) {
      return null;
    }
    ByteBuffer content = answer.content();
    int request = (answer.flags() & NLM_F_CAPPED) != 0 ? NetlinkMessage.HEADER : content.getInt(4);
    Map<Integer, ByteBuffer> words = answer.attributes(Integer.BYTES + ((request + 3) & ~3));
    ByteBuffer message = words.get(NLMSGERR_ATTR_MSG);
    return message == null ? null : NetlinkMessage.text(message);
  }

  private static String name(int type) {
    String[] objects = {"LINK", "ADDR", "ROUTE", "NEIGH", "RULE", "QDISC", "TCLASS", "TFILTER"};
    String[] verbs = {"NEW", "DEL", "GET", "SET"};
    int number = type - 16;
    int object = number / verbs.length;
    return number >= 0 && object < objects.length
        ? "RTM_" + verbs[number % verbs.length] + objects[object]
        : "message " + type;
  }

  @Override
  public void close() {
    socket.close();
  }
}
