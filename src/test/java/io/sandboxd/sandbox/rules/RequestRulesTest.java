package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestRulesTest {
  private static final SandboxSpec SANDBOX = Specs.read("{}");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"args\":[\"x\"]}",
        "{\"args\":[\"x\"],\"id\":\"e-1\",\"wait\":true,\"maxOutput\":0}",
        "{\"args\":[\"x\"],\"wait\":false,\"maxOutput\":\"16Mi\"}",
        "{\"args\":[\"x\"],\"input\":\"a\\u0000b\\n\"}",
        "{\"args\":[\"x\"],\"input\":\"\"}",
        "{\"args\":[\"x\"],\"inputBase64\":\"AP8=\"}"
      })
  void taken(String exec) {
    assertDoesNotThrow(() -> exec(exec));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                              | args        | must name a command
          {"args":[""]}                                   | args[0]     | must name a command
          {"args":["x"],"id":"main"}                      | id          | is the main process's
          {"args":["x"],"id":"../x"}                      | id          | must be 1 to 63
          {"args":["x"],"id":""}                          | id          | must be 1 to 63
          {"args":["x"],"input":"\\ud800"}                | input       | half of a surrogate pair
          {"args":["x"],"input":"a","inputBase64":"AP8="} | inputBase64 | together with input
          {"args":["x"],"inputBase64":"A"}                | inputBase64 | is not Base64
          {"args":["x"],"inputBase64":"AP8_"}             | inputBase64 | is not Base64
          {"args":["x"],"inputBase64":"AP8=\\n"}          | inputBase64 | is not Base64
          {"args":["x"],"maxOutput":"17Mi"}               | maxOutput   | at most 16777216 bytes
          {"args":["x"],"tty":true,"input":""}            | input       | cannot be given with tty
          {"args":["x"],"stdin":"pipe","inputBase64":""}  | inputBase64 | cannot be given with stdin
          {"args":["x"],"output":"stream","wait":true}    | wait        | a stream is not
          {"args":["x"],"user":{"uid":65536}}             | user.uid    | is mapped to no id
          {"args":["x"],"timeout":0}                      | timeout     | must be a millisecond or more
          """)
  void refused(String exec, String field, String saying) {
    Specs.assertRefused(field, saying, () -> exec(exec));
  }

  @Test
  void inputIsBounded() {
    String limit = "A".repeat(16 << 20);
    assertDoesNotThrow(() -> exec("{\"args\":[\"x\"],\"input\":\"" + limit + "\"}"));
    Specs.assertRefused(
        "input",
        "at most 16777216 bytes",
        () -> exec("{\"args\":[\"x\"],\"input\":\"" + limit + "A\"}"));
    Specs.assertRefused(
        "inputBase64",
        "at most 16777216 bytes",
        () ->
            exec(
                "{\"args\":[\"x\"],\"inputBase64\":\""
                    + "AAAA".repeat((16 << 20) / 3 + 2)
                    + "\"}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"process\":\"e1\"}",
        "{\"signal\":1,\"all\":true}",
        "{\"process\":\"e1\",\"all\":false}"
      })
  void killsAreTaken(String kill) {
    assertDoesNotThrow(() -> kill(kill));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"process":"main","all":true} | process | together with all
          {"process":"a/b"}             | process | must be 1 to 63
          {"process":""}                | process | must be 1 to 63
          """)
  void killsAreRefused(String kill, String field, String saying) {
    Specs.assertRefused(field, saying, () -> kill(kill));
  }

  private static void exec(String json) {
    Specs.VALIDATOR.check(SpecJson.read(Specs.bytes(json), ExecRequest.class), SANDBOX);
  }

  private static void kill(String json) {
    Specs.VALIDATOR.check(SpecJson.read(Specs.bytes(json), KillRequest.class));
  }
}
