package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What one process may ask for; as a sandbox's main one, which says all that an exec's rules say
 * too.
 */
class ProcessRulesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"args\":[\"/bin/sh\",\"\",\"\\n\\t\\u0001\"]}",
        "{\"args\":[\"x\"],\"env\":{\"A\":\"\",\"b c\":\"=\",\"é\":\"\\n\"}}",
        "{\"args\":[\"x\"],\"cwd\":\"/a/../b/\"}",
        "{\"args\":[\"x\"],\"user\":{}}",
        "{\"args\":[\"x\"],\"user\":{\"uid\":65535,\"gid\":\"www-data\",\"additionalGids\":[0,\"adm\"]}}",
        "{\"args\":[\"x\"],\"user\":{\"uid\":\"DOM\\\\user$\"}}",
        "{\"args\":[\"x\"],\"capabilities\":[]}",
        "{\"args\":[\"x\"],\"capabilities\":[\"CAP_KILL\",\"net_admin\",\"Cap_Bpf\"]}",
        "{\"args\":[\"x\"],\"rlimits\":{\"nofile\":0,\"RLIMIT_CORE\":\"unlimited\",\"as\":{\"soft\":1,\"hard\":1}}}",
        "{\"args\":[\"x\"],\"rlimits\":{\"cpu\":{\"soft\":9,\"hard\":\"unlimited\"}}}",
        "{\"args\":[\"x\"],\"umask\":0}",
        "{\"args\":[\"x\"],\"umask\":511,\"oomScoreAdj\":1000,\"timeout\":\"1ms\"}",
        "{\"args\":[\"x\"],\"tty\":false,\"stdin\":\"null\",\"output\":\"log\",\"seccomp\":\"default\"}"
      })
  void taken(String process) {
    assertDoesNotThrow(() -> check(process));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                 | args               | must name a command
          {"args":[]}                                        | args               | must name a command
          {"args":[""]}                                      | args[0]            | must name a command, not be empty
          {"args":[null]}                                    | args[0]            | must not be null
          {"args":["x",null]}                                | args[1]            | must not be null
          {"args":["a\\u0000b"]}                             | args[0]            | has a NUL character
          {"args":["x","\\u0000"]}                           | args[1]            | has a NUL character
          {"args":["x","\\ud800"]}                           | args[1]            | half of a surrogate pair
          {"args":["x","\\ude00\\ud83d"]}                    | args[1]            | half of a surrogate pair
          {"args":["x"],"env":{"":"a"}}                      | env[""]            | is not a variable's name
          {"args":["x"],"env":{"A=B":"a"}}                   | env["A=B"]         | is not a variable's name
          {"args":["x"],"env":{"A\\u0000":"a"}}              | env["A\\u0000"]    | has a NUL character
          {"args":["x"],"env":{"A":"a\\u0000"}}              | env.A              | has a NUL character
          {"args":["x"],"env":{"A":null}}                    | env.A              | must not be null
          {"args":["x"],"env":{"A":"\\udc00"}}               | env.A              | half of a surrogate pair
          {"args":["x"],"cwd":""}                            | cwd                | must be an absolute path
          {"args":["x"],"cwd":"tmp"}                         | cwd                | must be an absolute path
          {"args":["x"],"cwd":"/\\u0000"}                    | cwd                | has a NUL character
          {"args":["x"],"user":{"uid":-1}}                   | user.uid           | must be 0 to 4294967294
          {"args":["x"],"user":{"uid":4294967295}}           | user.uid           | must be 0 to 4294967294
          {"args":["x"],"user":{"gid":"4294967295"}}         | user.gid           | must be 0 to 4294967294
          {"args":["x"],"user":{"uid":""}}                   | user.uid           | must be a number or a name
          {"args":["x"],"user":{"uid":"a:b"}}                | user.uid           | must be a number or a name
          {"args":["x"],"user":{"gid":"a b"}}                | user.gid           | must be a number or a name
          {"args":["x"],"user":{"gid":"a\\u0000"}}           | user.gid           | must be a number or a name
          {"args":["x"],"user":{"additionalGids":[0,-5]}}    | user.additionalGids[1] | must be 0 to 4294967294
          {"args":["x"],"user":{"additionalGids":[null]}}    | user.additionalGids[0] | must not be null
          {"args":["x"],"capabilities":["CAP_FLY"]}          | capabilities[0]    | is not a capability
          {"args":["x"],"capabilities":["CAP_KILL","ALL"]}   | capabilities[1]    | is not a capability
          {"args":["x"],"capabilities":[null]}               | capabilities[0]    | must not be null
          {"args":["x"],"rlimits":{"files":1}}               | rlimits.files      | there are cpu, fsize, data
          {"args":["x"],"rlimits":{"nofile":null}}           | rlimits.nofile     | must not be null
          {"args":["x"],"rlimits":{"nofile":{"soft":2,"hard":1}}}             | rlimits.nofile | not more than the hard one
          {"args":["x"],"rlimits":{"nofile":{"soft":"unlimited","hard":1}}}   | rlimits.nofile | not more than the hard one
          {"args":["x"],"rlimits":{"nofile":1,"NOFILE":1}}   | rlimits.NOFILE     | is there twice, in two spellings
          {"args":["x"],"umask":-1}                          | umask              | must be 0 to 511
          {"args":["x"],"umask":512}                         | umask              | must be 0 to 511
          {"args":["x"],"oomScoreAdj":-1001}                 | oomScoreAdj        | must be -1000 to 1000
          {"args":["x"],"oomScoreAdj":1001}                  | oomScoreAdj        | must be -1000 to 1000
          {"args":["x"],"timeout":0}                         | timeout            | must be a millisecond or more
          {"args":["x"],"timeout":-5}                        | timeout            | must be a millisecond or more
          {"args":["x"],"stdin":""}                          | stdin              | must be "null" or "pipe"
          {"args":["x"],"output":"file"}                     | output             | must be "log" or "stream"
          {"args":["x"],"tty":true,"output":"stream"}        | output             | must be "log" with tty
          {"args":["x"],"consoleSize":{"height":1,"width":1}} | consoleSize       | set tty too
          {"args":["x"],"tty":true,"consoleSize":{"height":0,"width":1}} | consoleSize.height | 1 to 65535
          {"args":["x"],"tty":true,"consoleSize":{"height":1}} | consoleSize.width | 1 to 65535
          {"args":["x"],"outputRetention":65535}             | outputRetention    | must be 65536 bytes
          {"args":["x"],"outputRetention":"2Ti"}             | outputRetention    | must be 65536 bytes
          {"args":["x"],"output":"stream","outputRetention":"1Mi"} | outputRetention | keeps nothing
          {"args":["x"],"seccomp":"strict"} | seccomp | must be "default", "unconfined" or an object
          {"args":["x"],"seccomp":5} | seccomp | must be "default", "unconfined" or an object
          {"args":["x"],"seccomp":{}} | seccomp.defaultAction | must be given
          {"args":["x"],"seccomp":{"defaultAction":"ALLOW"}} | seccomp.defaultAction | is not an action: there are SCMP_ACT_KILL
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_NOTIFY"}} | seccomp.defaultAction | an answer that nobody gives
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"}} | seccomp.listenerPath | is not a known field
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}} | seccomp.defaultErrnoRet | does not go with SCMP_ACT_ALLOW
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4095}} | seccomp.defaultErrnoRet | must be 0 to 4094
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_VAX"]}} | seccomp.architectures[0] | is not an architecture
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_TSYNC"]}} | seccomp.flags[0] | begins with one thread
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}} | seccomp.flags[0] | is for SCMP_ACT_NOTIFY
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{}]}} | seccomp.syscalls[0].action | must be given
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[null]}} | seccomp.syscalls[0] | must not be null
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_LOG"}]}} | seccomp.syscalls[0].names | at least one
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a b"],"action":"SCMP_ACT_LOG"}]}} | seccomp.syscalls[0].names[0] | is not the name of a system call
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","errnoRet":1}]}} | seccomp.syscalls[0].errnoRet | does not go with SCMP_ACT_LOG
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}} | seccomp.syscalls[0].args[0].index | 0 to 5
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":-1,"op":"SCMP_CMP_EQ"}]}]}} | seccomp.syscalls[0].args[0].value | at most 64 bits without a sign
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":18446744073709551616,"op":"SCMP_CMP_EQ"}]}]}} | seccomp.syscalls[0].args[0].value | at most 64 bits without a sign
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":"1","op":"SCMP_CMP_EQ"}]}]}} | seccomp.syscalls[0].args[0].value | must be an integer
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":1,"valueTwo":1,"op":"SCMP_CMP_EQ"}]}]}} | seccomp.syscalls[0].args[0].valueTwo | SCMP_CMP_MASKED_EQ only
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":1,"op":"EQ"}]}]}} | seccomp.syscalls[0].args[0].op | is not a comparison
          {"args":["x"],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},{"names":["open","read"],"action":"SCMP_ACT_ERRNO"}]}} | seccomp.syscalls[0] | contradicts syscalls[1], which says something else of every read
          """)
  void refused(String process, String field, String saying) {
    Specs.assertRefused("process." + field, saying, () -> check(process));
  }

  /** What libseccomp makes of conditions grows faster than they do. */
  @Test
  void conditionsOfSystemCallsAreBounded() {
    assertDoesNotThrow(() -> check(filter(128, 1)));
    Specs.assertRefused(
        "process.seccomp.syscalls[128]", "more than 128 conditions", () -> check(filter(129, 1)));
    assertDoesNotThrow(() -> check(filter(2, 6)));
    Specs.assertRefused(
        "process.seccomp.syscalls[2]",
        "is one too many about chmod: at most 2",
        () -> check(filter(3, 2)));
    String names = ",\"x\"".repeat(1_023);
    String rule = "{\"names\":[\"chmod\"%s],\"action\":\"SCMP_ACT_LOG\"}".formatted(names);
    Specs.assertRefused(
        "process.seccomp.syscalls",
        "at most 4096 names in all rules together, but has 5120",
        () -> check(filter(String.join(",", Collections.nCopies(5, rule)))));
  }

  /** So many rules for one call, with so many conditions each. */
  private static String filter(int rules, int conditions) {
    String condition = "{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}";
    String rule =
        "{\"names\":[\"chmod\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[%s]}"
            .formatted(String.join(",", Collections.nCopies(conditions, condition)));
    return filter(String.join(",", Collections.nCopies(rules, rule)));
  }

  private static String filter(String rules) {
    return "{\"args\":[\"x\"],\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[%s]}}"
        .formatted(rules);
  }

  @Test
  void stringsHaveTheKernelsLength() {
    String longest = "x".repeat(131_071);
    assertDoesNotThrow(() -> check("{\"args\":[\"x\",\"%s\"]}".formatted(longest)));
    Specs.assertRefused(
        "process.args[1]",
        "at most 131071 bytes in UTF-8, but has 131072",
        () -> check("{\"args\":[\"x\",\"%sx\"]}".formatted(longest)));
    Specs.assertRefused(
        "process.args[0]",
        "must name a command, so have at most 4095 bytes",
        () -> check("{\"args\":[\"%s\"]}".formatted("x".repeat(10_000))));
    assertDoesNotThrow(() -> check("{\"args\":[\"x\",\"%s\"]}".formatted("x".repeat(10_000))));
    // With its name and the equals sign it is one string to the kernel.
    assertDoesNotThrow(
        () -> check("{\"args\":[\"x\"],\"env\":{\"A\":\"%s\"}}".formatted("x".repeat(131_069))));
    Specs.assertRefused(
        "process.env.A",
        "must have, with its name, at most 131071 bytes",
        () -> check("{\"args\":[\"x\"],\"env\":{\"A\":\"%s\"}}".formatted("x".repeat(131_070))));
  }

  @Test
  void allStringsTogetherAreBounded() {
    String quarter = ",\"" + "x".repeat(131_071) + "\"";
    assertDoesNotThrow(() -> check("{\"args\":[\"x\"%s]}".formatted(quarter.repeat(3))));
    Specs.assertRefused(
        "process.args",
        "args and env together can have at most 524288 bytes, but have 524290",
        () -> check("{\"args\":[\"x\"%s]}".formatted(quarter.repeat(4))));
    Specs.assertRefused(
        "process.env",
        "args and env together",
        () ->
            check(
                "{\"args\":[\"x\"],\"env\":{\"A\":\"%1$s\",\"B\":\"%1$s\",\"C\":\"%1$s\",\"D\":\"%1$s\",\"E\":\"%1$s\"}}"
                    .formatted("x".repeat(110_000))));
  }

  @Test
  void listsAreBounded() {
    Specs.assertRefused(
        "process.args",
        "at most 8192",
        () -> check("{\"args\":[%s]}".formatted(many("\"x\"", 8_193))));
    Specs.assertRefused(
        "process.user.additionalGids",
        "at most 64 groups",
        () ->
            check(
                "{\"args\":[\"x\"],\"user\":{\"additionalGids\":[%s]}}".formatted(many("1", 65))));
    Specs.assertRefused(
        "process.capabilities",
        "at most 64",
        () -> check("{\"args\":[\"x\"],\"capabilities\":[%s]}".formatted(many("\"KILL\"", 65))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                                | {"uid":65535,"gid":65535}
          {"namespaces":{"user":"host"}}                                                    | {"uid":4294967294}
          {"namespaces":{"user":{"sandbox":"b"}}}                                           | {"uid":4294967294}
          {"idMappings":{"uid":[{"containerID":0,"hostID":5,"size":1}]}}                    | {"uid":0,"gid":0}
          {"idMappings":{"uid":[{"containerID":0,"hostID":5,"size":1},{"containerID":1000,"hostID":1000,"size":2}]}} | {"uid":1001,"gid":1001}
          """)
  void mappedUsersAreTaken(String spec, String user) {
    assertDoesNotThrow(() -> check(spec, user));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                             | {"uid":65536}                  | uid
          {}                                                             | {"gid":65536}                  | gid
          {}                                                             | {"additionalGids":[1,65536]}   | additionalGids[1]
          {"idMappings":{"uid":[{"containerID":0,"hostID":5,"size":1}]}} | {"uid":1}                      | uid
          {"idMappings":{"uid":[{"containerID":0,"hostID":5,"size":1}]}} | {"gid":1}                      | gid
          {"idMappings":{"uid":[{"containerID":0,"hostID":5,"size":1},{"containerID":9,"hostID":9,"size":1}]}} | {"uid":8} | uid
          """)
  void unmappedUsersAreRefused(String spec, String user, String field) {
    Specs.assertRefused(
        "process.user." + field, "is mapped to no id of the host", () -> check(spec, user));
  }

  @Test
  void theOomScoreCannotBeLoweredInside() {
    String process = "{\"args\":[\"x\"],\"oomScoreAdj\":-1}";
    Specs.assertRefused("process.oomScoreAdj", "must not be negative", () -> check(process));
    SandboxSpec onHost =
        Specs.read("{\"namespaces\":{\"user\":\"host\"},\"process\":" + process + "}");
    assertDoesNotThrow(() -> Specs.VALIDATOR.check(onHost));
  }

  private static void check(String process) {
    Specs.checked("{\"process\":" + process + "}");
  }

  private static void check(String spec, String user) {
    String rest = spec.equals("{}") ? "" : "," + spec.substring(1, spec.length() - 1);
    Specs.checked("{\"process\":{\"args\":[\"x\"],\"user\":" + user + "}" + rest + "}");
  }

  private static String many(String element, int count) {
    return String.join(",", Collections.nCopies(count, element));
  }
}
