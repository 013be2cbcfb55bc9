package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.sandboxd.sandbox.Specs;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What single values may be: each limit from both sides. */
class FieldRulesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":"a"}
          {"name":"0.-_Z"}
          {"labels":{"example.org/a_b-c":""}}
          {"labels":{"a":"ünïcode 😀"}}
          {"hostname":"a"}
          {"hostname":"web-1.example_2.org","domainname":"example.org"}
          {"timeOffsets":{"monotonic":"-1h","boottime":4611686018}}
          {"root":{"path":"/"}}
          {"root":{"path":"/srv/../srv//x/"}}
          {"root":{"path":"/srv","readonly":true,"overlay":true}}
          {"resources":{"memory":{"max":"1Mi","high":"1Mi","swapMax":0}}}
          {"resources":{"memory":{"max":9223372036854775807}}}
          {"resources":{"memory":{"high":"2Gi"}}}
          {"resources":{"cpu":{"max":0.01,"weight":1,"cpuset":"0-3,5,7-8191"}}}
          {"resources":{"cpu":{"max":8192,"weight":10000}}}
          {"resources":{"pids":{"max":1}}}
          {"resources":{"pids":{"max":4194304}}}
          {"resources":{"io":[{"device":"/dev/a","rbps":1},{"device":"/dev/b","weight":10000}]}}
          {"resources":{"memory":{},"cpu":{},"pids":{},"io":[]}}
          {"sysctls":{"net.ipv4.conf.all.forwarding":"1","net.ipv4.tcp_rmem":"4096 131072 6291456"}}
          {"ttl":0.001}
          {"ttl":"3650d"}
          """)
  void taken(String spec) {
    assertDoesNotThrow(() -> Specs.checked(spec));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":""}                                       | name             | must be 1 to 63 of the characters
          {"name":"."}                                      | name             | begin with a letter or a digit
          {"name":".."}                                     | name             | begin with a letter or a digit
          {"name":"../etc"}                                 | name             | begin with a letter or a digit
          {"name":"a/b"}                                    | name             | must be 1 to 63 of the characters
          {"name":"-a"}                                     | name             | begin with a letter or a digit
          {"name":"a\\u0000"}                               | name             | must be 1 to 63 of the characters
          {"name":"a\\n"}                                   | name             | must be 1 to 63 of the characters
          {"name":"é"}                                      | name             | must be 1 to 63 of the characters
          {"name":"٣"}                                      | name             | must be 1 to 63 of the characters
          {"labels":{"":"x"}}                               | labels[""]       | is not a label's name
          {"labels":{"a=b":"x"}}                            | labels["a=b"]    | is not a label's name
          {"labels":{"a":null}}                             | labels.a         | must not be null
          {"labels":{"a":"x\\u001b[31m"}}                   | labels.a         | has a control character
          {"labels":{"a":"x\\ny"}}                          | labels.a         | has a control character
          {"hostname":""}                                   | hostname         | must be 1 to 64
          {"hostname":"-a"}                                 | hostname         | begin and end with a letter
          {"hostname":"a-"}                                 | hostname         | begin and end with a letter
          {"hostname":"a..b"}                               | hostname         | single dots
          {"hostname":"a b"}                                | hostname         | must be 1 to 64
          {"hostname":"bücher"}                             | hostname         | must be 1 to 64
          {"domainname":"(none)"}                           | domainname       | must be 1 to 64
          {"root":{}}                                       | root.path        | must be given
          {"root":{"path":""}}                              | root.path        | must be an absolute path
          {"root":{"path":"srv"}}                           | root.path        | must be an absolute path
          {"root":{"path":"/a\\u0000b"}}                    | root.path        | has a NUL character
          {"root":{"path":"/\\udc00"}}                      | root.path        | half of a surrogate pair
          {"mounts":[null]}                                 | mounts[0]        | must not be null
          {"resources":{"memory":{"max":1048575}}}          | resources.memory.max  | 1048576 bytes (1Mi) or more
          {"resources":{"memory":{"max":0}}}                | resources.memory.max  | 1048576 bytes (1Mi) or more
          {"resources":{"memory":{"high":4096}}}            | resources.memory.high | 1048576 bytes (1Mi) or more
          {"resources":{"memory":{"max":"2Mi","high":"3Mi"}}} | resources.memory.high | must not be more than max
          {"resources":{"cpu":{"max":0.009}}}               | resources.cpu.max     | must be 0.01 or more
          {"resources":{"cpu":{"max":0}}}                   | resources.cpu.max     | must be 0.01 or more
          {"resources":{"cpu":{"max":-1}}}                  | resources.cpu.max     | must be 0.01 or more
          {"resources":{"cpu":{"max":8192.1}}}              | resources.cpu.max     | can be at most 8192
          {"resources":{"cpu":{"max":1e999}}}               | resources.cpu.max     | can be at most 8192
          {"resources":{"cpu":{"weight":0}}}                | resources.cpu.weight  | must be 1 to 10000
          {"resources":{"cpu":{"weight":10001}}}            | resources.cpu.weight  | must be 1 to 10000
          {"resources":{"cpu":{"cpuset":""}}}               | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"cpu":{"cpuset":"0,"}}}             | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"cpu":{"cpuset":"3-1"}}}            | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"cpu":{"cpuset":"0-"}}}             | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"cpu":{"cpuset":"8192"}}}           | resources.cpu.cpuset  | at most 8191
          {"resources":{"cpu":{"cpuset":"0\\n1"}}}          | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"cpu":{"cpuset":"a"}}}              | resources.cpu.cpuset  | such as 0-1,3
          {"resources":{"pids":{"max":0}}}                  | resources.pids.max    | must be 1 or more
          {"resources":{"pids":{"max":-1}}}                 | resources.pids.max    | must be 1 or more
          {"resources":{"pids":{"max":4194305}}}            | resources.pids.max    | can be at most 4194304
          {"resources":{"io":[null]}}                       | resources.io[0]       | must not be null
          {"resources":{"io":[{"rbps":1}]}}                 | resources.io[0].device | must be given
          {"resources":{"io":[{"device":"vda","rbps":1}]}}  | resources.io[0].device | must be an absolute path
          {"resources":{"io":[{"device":"/dev/vda"}]}}      | resources.io[0]        | limits nothing
          {"resources":{"io":[{"device":"/dev/vda","rbps":0}]}}    | resources.io[0].rbps   | must be 1 or more
          {"resources":{"io":[{"device":"/dev/vda","wbps":0}]}}    | resources.io[0].wbps   | must be 1 or more
          {"resources":{"io":[{"device":"/dev/vda","riops":0}]}}   | resources.io[0].riops  | must be 1 or more
          {"resources":{"io":[{"device":"/dev/vda","wiops":-5}]}}  | resources.io[0].wiops  | must be 1 or more
          {"resources":{"io":[{"device":"/dev/vda","weight":0}]}}  | resources.io[0].weight | must be 1 to 10000
          {"resources":{"io":[{"device":"/a","rbps":1},{"device":"/a","wbps":1}]}} | resources.io[1].device | is there twice
          {"sysctls":{"net..x":"1"}}                        | sysctls["net..x"]        | is not a sysctl's name
          {"sysctls":{"net.x.":"1"}}                        | sysctls["net.x."]        | is not a sysctl's name
          {"sysctls":{"net.ipv4/../x":"1"}}                 | sysctls["net.ipv4/../x"] | is not a sysctl's name
          {"sysctls":{"../net":"1"}}                        | sysctls["../net"]        | is not a sysctl's name
          {"sysctls":{"net.a":null}}                        | sysctls["net.a"]         | must not be null
          {"sysctls":{"net.a":"1\\n2"}}                     | sysctls["net.a"]         | has a control character
          {"ttl":0}                                         | ttl                   | must be a millisecond or more
          {"ttl":-1}                                        | ttl                   | must be a millisecond or more
          {"ttl":"3651d"}                                   | ttl                   | can be at most 3650 days
          """)
  void refused(String spec, String field, String saying) {
    Specs.assertRefused(field, saying, () -> Specs.checked(spec));
  }
}
