package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.databind.module.SimpleModule;
import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.InterfaceName;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.PortRange;
import io.sandboxd.sandbox.net.Protocol;
import java.util.function.Function;

/** The values of networks, each a text or a number. */
final class NetworkForms {
  private NetworkForms() {}

  static void addTo(SimpleModule module) {
    text(module, IpAddress.class, "an address such as \"10.0.0.1\"", IpAddress::parse);
    text(module, Cidr.class, "an address with a prefix such as \"10.0.0.1/24\"", Cidr::parse);
    text(module, InterfaceName.class, "a name such as \"eth0\"", InterfaceName::new);
    text(module, Protocol.class, "tcp, udp or icmp", Protocol::of);
    module.addDeserializer(
        BitRate.class,
        new ScalarForm<>(BitRate.class, "a rate: bits per second, or a string such as \"10Mbit\"")
            .ofString(BitRate::parse)
            .ofInteger(BitRate::new));
    module.addDeserializer(
        PortRange.class,
        new ScalarForm<>(PortRange.class, "a port, or a range such as \"8000-8999\"")
            .ofString(PortRange::parse)
            .ofInteger(PortRange::of));
  }

  private static <T> void text(
      SimpleModule module, Class<T> type, String expected, Function<String, T> reader) {
    module.addDeserializer(type, new ScalarForm<>(type, expected).ofString(reader));
  }
}
