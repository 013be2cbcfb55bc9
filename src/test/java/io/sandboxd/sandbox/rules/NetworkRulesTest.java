package io.sandboxd.sandbox.rules;

import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.NetworkRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkRulesTest {
  private static final String BLUE = "\"networks\":[{\"name\":\"blue\"}]";

  private static void check(String spec) {
    Specs.VALIDATOR.check(Specs.read(spec));
  }

  @Test
  void allThatThereIs() {
    check(
        """
        {"name":"web","network":{
          "networks":[{"name":"blue","addresses":["10.0.0.9","fd00::9"]},{"name":"red","interface":"lan"}],
          "links":[{"interface":"eth9","addresses":["10.9.0.1/24"],"mtu":9000,
                    "conditions":{"rate":"10Mbit","delay":"20ms","jitter":"2ms","loss":1.5},
                    "peer":{"sandbox":"other","interface":"eth0","addresses":["10.9.0.2/24"]}}],
          "routes":[{"destination":"0.0.0.0/0","gateway":"10.9.0.2"},{"destination":"10.3.0.0/16","interface":"lan"}],
          "ports":[{"hostPort":8080,"port":80},{"hostPort":8080,"protocol":"udp","hostAddress":"127.0.0.1"}],
          "egress":{"default":"deny","rules":[{"action":"allow","to":"10.0.0.0/8","protocol":"tcp","ports":"80-443"},
                                              {"action":"allow","protocol":"icmp"}]},
          "rates":{"eth0":{"ingress":"10Mbit"},"lan":{"egress":8000000}},
          "dns":{"servers":["10.0.0.1"],"search":["example.org"],"options":["ndots:2"]}}}
        """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"networks":[{}]}                                             | network.networks[0].name            | must be given
          {"networks":[{"name":"a"},{"name":"a"}]}                      | network.networks[1].name            | is there twice
          {"networks":[{"name":"a","interface":"eth1"},{"name":"b"}]}   | network.networks[1].interface       | choose another name
          {"networks":[{"name":"a","interface":"a234567890123456"}]}    | network.networks[0].interface       | is too long with 16 characters
          {"networks":[{"name":"a","interface":"lo"}]}                  | network.networks[0].interface       | none of lo, all, default
          {"networks":[{"name":"a","interface":"a/b"}]}                 | network.networks[0].interface       | has 1 to 15 of the characters
          {"networks":[{"name":"a","interface":""}]}                    | network.networks[0].interface       | has 1 to 15 of the characters
          {"networks":[{"name":"a","addresses":["10.0.0.1","10.0.0.2"]}]} | network.networks[0].addresses     | one of IPv4 and one of IPv6
          {"networks":[{"name":"a","addresses":["224.0.0.1"]}]}         | network.networks[0].addresses[0]    | cannot be that of an interface
          {"networks":[{"name":"a","addresses":["10.0.0.1/24"]}]}       | network.networks[0].addresses[0]    | written as 10.0.0.1 or fd00::1
          {"networks":[{"name":"a","addresses":["localhost"]}]}         | network.networks[0].addresses[0]    | written as 10.0.0.1 or fd00::1
          {"links":[{"interface":"eth0"}]}                              | network.links[0].peer               | must be given
          {"links":[{"interface":"eth0","peer":{"sandbox":"web","interface":"eth0"}}]} | network.links[0].peer.sandbox | is this sandbox itself
          {"links":[{"interface":"e","mtu":67,"peer":{"sandbox":"b","interface":"e"}}]} | network.links[0].mtu | must be 68 to 65535 bytes
          {"links":[{"interface":"e","peer":{"sandbox":"b","interface":"e"},"conditions":{"delay":1,"jitter":2}}]} | network.links[0].conditions.jitter | can be at most the delay
          {"routes":[{"destination":"10.0.0.1/24","gateway":"10.0.0.2"}]} | network.routes[0].destination     | the network is 10.0.0.0/24
          {"routes":[{"destination":"10.0.0.0/24"}]}                    | network.routes[0]                   | needs a gateway
          {"routes":[{"destination":"10.0.0.0/24","gateway":"fd00::1"}]} | network.routes[0].gateway          | another family
          {"routes":[{"destination":"10.0.0.0/24","interface":"eth7"}]} | network.routes[0].interface         | none of this sandbox's
          {"routes":[{"destination":"10.0.0.0/33","gateway":"10.0.0.1"}]} | network.routes[0].destination     | a prefix is 0 to 32
          {"ports":[{"hostPort":80}]}                                   | network.ports                       | needs a network
          {BLUE,"ports":[{"hostPort":0}]}                               | network.ports[0].hostPort           | 1
          {BLUE,"ports":[{"hostPort":65536}]}                           | network.ports[0].hostPort           | 65535
          {BLUE,"ports":[{"hostPort":80,"protocol":"icmp"}]}            | network.ports[0].protocol           | must be tcp or udp
          {BLUE,"ports":[{"hostPort":80,"protocol":"sctp"}]}            | network.ports[0].protocol           | must be tcp, udp or icmp
          {BLUE,"ports":[{"hostPort":80,"hostAddress":"::1"}]}          | network.ports[0].hostAddress        | ::1 leads into no sandbox
          {BLUE,"ports":[{"hostPort":80},{"hostPort":80,"hostAddress":"127.0.0.1"}]} | network.ports[1].hostPort | same as that of ports[0]
          {"egress":{"default":"deny"}}                                 | network.egress                      | needs a network
          {BLUE,"egress":{"rules":[{}]}}                                | network.egress.rules[0].action      | must be given
          {BLUE,"egress":{"rules":[{"action":"deny","to":"10.0.0.1/8"}]}} | network.egress.rules[0].to        | the network is 10.0.0.0/8
          {BLUE,"egress":{"rules":[{"action":"deny","ports":80}]}}      | network.egress.rules[0].ports       | need a protocol
          {BLUE,"egress":{"rules":[{"action":"deny","protocol":"tcp","ports":"90-80"}]}} | network.egress.rules[0].ports | 1 to 65535
          {BLUE,"rates":{"eth1":{}}}                                    | network.rates.eth1                  | none of this sandbox's
          {BLUE,"rates":{"eth0":{"ingress":"7kbit"}}}                   | network.rates.eth0.ingress          | 8kbit to 1Tbit
          {BLUE,"rates":{"eth0":{"ingress":"7 MB"}}}                    | network.rates.eth0.ingress          | for example "10Mbit"
          {"dns":{}}                                                    | network.dns                         | needs a network
          {BLUE,"dns":{"search":["a b"]}}                               | network.dns.search[0]               | 1 to 128 of the characters
          """)
  void refused(String network, String field, String saying) {
    String spec = "{\"name\":\"web\",\"network\":" + network.replace("BLUE", BLUE) + "}";
    Specs.assertRefused(field, saying, () -> check(spec));
  }

  @ParameterizedTest
  @CsvSource({"host", "joined"})
  void itTakesANetworkOfItsOwn(String kind) {
    String source = kind.equals("host") ? "\"host\"" : "{\"sandbox\":\"b\"}";
    Specs.assertRefused(
        "network",
        "needs namespaces.network to be \"new\"",
        () -> check("{\"namespaces\":{\"network\":" + source + "},\"network\":{" + BLUE + "}}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":"a b"}                                                | name          | must be 1 to 63
          {"name":"host"}                                               | name          | means something else
          {"subnets":[]}                                                | subnets       | must be one
          {"subnets":["10.0.0.1/24"]}                                   | subnets[0]    | the network is 10.0.0.0/24
          {"subnets":["10.0.0.0/31"]}                                   | subnets[0]    | a prefix of 8 to 30
          {"subnets":["10.0.0.0/7"]}                                    | subnets[0]    | a prefix of 8 to 30
          {"subnets":["10.0.0.0/300"]}                                  | subnets[0]    | a prefix is 0 to 32
          {"subnets":["fd00::/127"]}                                    | subnets[0]    | a prefix of 32 to 126
          {"subnets":["127.1.0.0/16"]}                                  | subnets[0]    | is no range for hosts
          {"subnets":["fe80::/64"]}                                     | subnets[0]    | is no range for hosts
          {"subnets":["::ffff:10.0.0.0/120"]}                           | subnets[0]    | an address is written as
          {"subnets":["10.0.0.0/24","10.1.0.0/24"]}                     | subnets       | one of IPv4 and one of IPv6
          {"subnets":["10.0.0.0/24"],"gateways":["10.0.1.1"]}           | gateways[0]   | is in none of the subnets
          {"subnets":["10.0.0.0/24"],"gateways":["10.0.0.255"]}         | gateways[0]   | of the network itself
          {"subnets":["10.0.0.0/24"],"gateways":["10.0.0.0"]}           | gateways[0]   | of the network itself
          {"mtu":1279,"subnets":["fd00::/64"]}                          | mtu           | must be 1280 or more for IPv6
          {"mtu":65536}                                                 | mtu           | must be 68 to 65535
          {"bridge":"br0"}                                              | bridge        | is not a known field
          """)
  void noNetwork(String request, String field, String saying) {
    Specs.assertRefused(
        field,
        saying,
        () -> Specs.VALIDATOR.check(SpecJson.read(Specs.bytes(request), NetworkRequest.class)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                                        | ends                  | must be given
          {"ends":[{"sandbox":"a","interface":"e"}]}                                                | ends                  | must be two
          {"ends":[{"sandbox":"a","interface":"e"},{"sandbox":"b"}]}                                | ends[1].interface     | must be given
          {"ends":[{"sandbox":"a","interface":"e"},{"sandbox":"a","interface":"e"}]}                | ends                  | one and the same
          {"ends":[{"sandbox":"a","interface":"e","addresses":["10.0.0.1"]},{"sandbox":"b","interface":"e"}]} | ends[0].addresses[0] | 10.0.0.1/24
          {"ends":[{"sandbox":"a","interface":"e","addresses":["0.0.0.0/0"]},{"sandbox":"b","interface":"e"}]} | ends[0].addresses[0] | cannot be that of an interface
          {"ends":[{"sandbox":"a","interface":"e"},{"sandbox":"b","interface":"e"}],"conditions":{"loss":101}} | conditions.loss  | must be 0 to 100
          {"ends":[{"sandbox":"a","interface":"e"},{"sandbox":"b","interface":"e"}],"conditions":{"jitter":1}} | conditions.jitter | at most the delay
          """)
  void noLink(String request, String field, String saying) {
    Specs.assertRefused(
        field,
        saying,
        () -> Specs.VALIDATOR.check(SpecJson.read(Specs.bytes(request), LinkSpec.class)));
  }
}
