package io.sandboxd.sandbox.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are not of the contract's form: where, and what it wants instead. */
class RefusedJsonTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"nme":"a"}                                             | nme                           | is not a known field: this object has devices, domainname
          {"resources":{"memory":{"mx":1}}}                       | resources.memory.mx           | this object has high, max, swapMax
          {"mounts":[{"destination":"/a"},{"src":"/b"}]}          | mounts[1].src                 | is not a known field
          {"process":{"rlimits":{"nofile":{"soft":1,"max":2}}}}   | process.rlimits.nofile.max    | this object has hard, soft
          {"namespaces":{"mnt":"new"}}                            | namespaces.mnt                | this object has cgroup, default, ipc, mount
          {"namespaces":{"pid":{"name":"a"}}}                     | namespaces.pid.name           | this object has path, sandbox
          {"process":{"a b":1}}                                   | process["a b"]                | is not a known field
          {"name":"a","name":"b"}                                 | name                          | is there twice
          {"root":{"path":"/a","path":"/b"}}                      | root.path                     | is there twice
          {"mounts":[{"type":"a"},{"type":"a","type":"a"}]}       | mounts[1].type                | is there twice
          {"labels":{"a":"1","a":"1"}}                            | labels.a                      | is there twice
          {"namespaces":{"pid":"new","pid":"new"}}                | namespaces.pid                | is there twice
          {"network":{"links":[{"a":1,"a":2}]}}                   | network.links[0].a            | is there twice
          {"name":5}                                              | name                          | must be a string
          {"name":true}                                           | name                          | must be a string
          {"name":["a"]}                                          | name                          | must be a string
          {"hostname":{}}                                         | hostname                      | must be a string
          {"labels":{"a":5}}                                      | labels.a                      | must be a string
          {"labels":[]}                                           | labels                        | must be an object
          {"labels":""}                                           | labels                        | must be an object
          {"mounts":{}}                                           | mounts                        | must be an array
          {"mounts":""}                                           | mounts                        | must be an array
          {"root":"/srv"}                                         | root                          | must be an object
          {"root":""}                                             | root                          | must be an object
          {"root":{"path":"/x","readonly":1}}                     | root.readonly                 | must be true or false
          {"root":{"path":"/x","readonly":"true"}}                | root.readonly                 | must be true or false
          {"resources":{"cpu":{"weight":"5"}}}                    | resources.cpu.weight          | must be an integer of at most 32 bits
          {"resources":{"cpu":{"weight":""}}}                     | resources.cpu.weight          | must be an integer
          {"resources":{"cpu":{"weight":5.0}}}                    | resources.cpu.weight          | must be an integer
          {"resources":{"cpu":{"weight":1.5}}}                    | resources.cpu.weight          | must be an integer
          {"resources":{"cpu":{"weight":true}}}                   | resources.cpu.weight          | must be an integer
          {"resources":{"cpu":{"weight":50000000000}}}            | resources.cpu.weight          | is out of range
          {"resources":{"cpu":{"max":"0.5"}}}                     | resources.cpu.max             | must be a number
          {"resources":{"cpu":{"max":"NaN"}}}                     | resources.cpu.max             | must be a number
          {"resources":{"cpu":{"max":1e99999999999}}}             | resources.cpu.max             | must be a number
          {"resources":{"pids":{"max":99999999999999999999}}}     | resources.pids.max            | is out of range
          {"resources":{"memory":{"max":-1}}}                     | resources.memory.max          | cannot be negative
          {"resources":{"memory":{"max":"-1Mi"}}}                 | resources.memory.max          | for example "64Mi"
          {"resources":{"memory":{"max":1.5}}}                    | resources.memory.max          | must be a size
          {"resources":{"memory":{"max":true}}}                   | resources.memory.max          | must be a size
          {"resources":{"memory":{"max":{"bytes":1}}}}            | resources.memory.max          | must be a size
          {"resources":{"memory":{"max":9223372036854775808}}}    | resources.memory.max          | is out of range
          {"resources":{"memory":{"max":"9000000000Gi"}}}         | resources.memory.max          | a size is at most
          {"resources":{"io":[{"device":"/dev/vda"},5]}}          | resources.io[1]               | must be an object
          {"ttl":"soon"}                                          | ttl                           | for example "1h30m"
          {"ttl":true}                                            | ttl                           | must be a duration
          {"ttl":1e11}                                            | ttl                           | a duration is at most
          {"process":{"timeout":1e999999999}}                     | process.timeout               | a duration is at most
          {"process":{"timeout":1e99999999999}}                   | process.timeout               | must be a duration
          {"process":{"args":"x"}}                                | process.args                  | must be an array
          {"process":{"args":[1]}}                                | process.args[0]               | must be a string
          {"process":{"args":["a",["b"]]}}                        | process.args[1]               | must be a string
          {"process":{"env":{"A":1}}}                             | process.env.A                 | must be a string
          {"process":{"umask":"022"}}                             | process.umask                 | must be an integer
          {"process":{"user":{"uid":[]}}}                         | process.user.uid              | must be a number or a name
          {"process":{"user":{"uid":1.0}}}                        | process.user.uid              | must be a number or a name
          {"process":{"user":{"additionalGids":[0,true]}}}        | process.user.additionalGids[1]| must be a number or a name
          {"process":{"rlimits":{"nofile":-1}}}                   | process.rlimits.nofile        | must be a number, "unlimited"
          {"process":{"rlimits":{"nofile":"5"}}}                  | process.rlimits.nofile        | must be a number, "unlimited"
          {"process":{"rlimits":{"nofile":{"soft":1}}}}           | process.rlimits.nofile        | must have both soft and hard
          {"process":{"rlimits":{"nofile":{"soft":1.5}}}}         | process.rlimits.nofile.soft   | must be a number or "unlimited"
          {"process":{"rlimits":{"nofile":{"soft":null}}}}        | process.rlimits.nofile.soft   | must be a number or "unlimited"
          {"idMappings":{"uid":[{"containerID":0,"size":1}]}}     | idMappings.uid[0].hostID      | must be an integer
          {"idMappings":{"uid":[{"containerID":"0"}]}}            | idMappings.uid[0].containerID | must be an integer
          {"namespaces":[]}                                       | namespaces                    | must be an object
          {"namespaces":{"pid":"nwe"}}                            | namespaces.pid                | must be "new", "host"
          {"namespaces":{"pid":{}}}                               | namespaces.pid                | must be "new", "host"
          {"namespaces":{"pid":true}}                             | namespaces.pid                | must be "new", "host"
          {"namespaces":{"pid":{"path":5}}}                       | namespaces.pid.path           | must be a string
          {"namespaces":{"pid":{"path":"/a","sandbox":"b"}}}      | namespaces.pid                | not both
          """)
  void saysWhereAndWhat(String json, String field, String saying) {
    Specs.assertRefused(field, saying, () -> Specs.read(json));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"signal":"FOO"}  | signal  | a number (1 to 64) or a name such as TERM
          {"signal":0}      | signal  | 1 to 64
          {"signal":65}     | signal  | 1 to 64
          {"signal":-1}     | signal  | 1 to 64
          {"signal":4294967305} | signal | 1 to 64
          {"signal":9.0}    | signal  | must be a signal's name or number
          {"process":1}     | process | must be a string
          {"all":"yes"}     | all     | must be true or false
          {"pid":1}         | pid     | this object has all, process, signal
          """)
  void killSaysWhereAndWhat(String json, String field, String saying) {
    Specs.assertRefused(field, saying, () -> SpecJson.read(Specs.bytes(json), KillRequest.class));
  }

  @Test
  void execKnowsItsFieldsByTheContractsNames() {
    Specs.assertRefused(
        "waitForEnd",
        "umask, user, wait",
        () -> SpecJson.read(Specs.bytes("{\"waitForEnd\": true}"), ExecRequest.class));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{", "}", "{\"a\"", "{'a': 1}", "{a: 1}", "{\"name\": \"a\",}", "{\"ttl\": 01}",
            "{\"ttl\": NaN}", "{\"ttl\": +1}",
        "// x\n{}", "{} {}", "{} x", "{\"name\": \"a\nb\"}", "nul", "\ufeff\ufeff{}", "", "  ",
            "null",
        "{\"name\": \"\\x41\"}"
      })
  void whatIsNotJsonIsMalformed(String body) {
    assertMalformed(Specs.bytes(body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "5", "\"x\"", "true"})
  void otherThanAnObjectIsRefused(String body) {
    SandboxException refusal = assertThrows(SandboxException.class, () -> Specs.read(body));
    assertEquals(ErrorCode.INVALID_SPEC, refusal.code());
    assertEquals("The body must be an object.", refusal.getMessage());
  }

  @Test
  void bytesThatAreNotUtf8AreMalformed() {
    byte[] latin1 = {'{', '"', 'n', 'a', 'm', 'e', '"', ':', '"', (byte) 0xe9, '"', '}'};
    assertMalformed(latin1);
  }

  @Test
  void messagesDoNotSpeakOfTheInside() {
    SandboxException refusal =
        assertThrows(SandboxException.class, () -> Specs.read("{\"process\":{\"args\":[{}]}}"));
    assertTrue(
        !refusal.getMessage().contains("java") && !refusal.getMessage().contains("Deserializer"));
  }

  static void assertMalformed(byte[] body) {
    SandboxException refusal =
        assertThrows(SandboxException.class, () -> SpecJson.read(body, SandboxSpec.class));
    assertEquals(ErrorCode.MALFORMED, refusal.code(), refusal.getMessage());
  }
}
