package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.sandboxd.sandbox.Specs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be mounted how. */
class MountRulesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"destination":"/data","source":"/srv"}
          {"destination":"/data","source":"/srv/../srv/","type":"bind","options":["rbind","ro","nosuid","nodev","noexec","noidmap"]}
          {"destination":"/...","source":"/"}
          {"destination":"/t","type":"tmpfs"}
          {"destination":"/t","type":"tmpfs","options":["size=50%","mode=1777","uid=0","gid=5","nr_inodes=10k","noatime","nodiratime"]}
          {"destination":"/t","type":"tmpfs","options":["rw","suid","dev","exec","relatime","nosymfollow","size=1073741824"]}
          {"destination":"/proc","type":"proc","options":["hidepid=2","gid=0","subset=pid","ro"]}
          {"destination":"/proc","type":"proc","options":["hidepid=ptraceable"]}
          {"destination":"/sys","type":"sysfs","options":["ro"]}
          {"destination":"/dev/mqueue","type":"mqueue"}
          {"destination":"/dev/pts","type":"devpts","options":["newinstance","ptmxmode=0666","mode=620","gid=5","max=1024"]}
          {"destination":"/sys/fs/cgroup","type":"cgroup2"}
          """)
  void taken(String mount) {
    assertDoesNotThrow(() -> Specs.checked("{\"mounts\": [" + mount + "]}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type":"tmpfs"}                                                  | mounts[0].destination | must be given
          {"destination":"","type":"tmpfs"}                                 | mounts[0].destination | must be an absolute path
          {"destination":"data","type":"tmpfs"}                             | mounts[0].destination | must be an absolute path
          {"destination":"/","type":"tmpfs"}                                | mounts[0].destination | must be below the root directory
          {"destination":"/a/","type":"tmpfs"}                              | mounts[0].destination | without a slash at its end
          {"destination":"//a","type":"tmpfs"}                              | mounts[0].destination | without empty parts
          {"destination":"/a/./b","type":"tmpfs"}                           | mounts[0].destination | without . and ..
          {"destination":"/a/../../b","type":"tmpfs"}                       | mounts[0].destination | without . and ..
          {"destination":"/..","type":"tmpfs"}                              | mounts[0].destination | without . and ..
          {"destination":"/a\\u0000","type":"tmpfs"}                        | mounts[0].destination | has a NUL character
          {"destination":"/a"}                                              | mounts[0].type        | must be given when there is no source
          {"destination":"/a","type":"ext4"}                                | mounts[0].type        | must be one of bind, tmpfs
          {"destination":"/a","type":"BIND","source":"/b"}                  | mounts[0].type        | must be one of bind, tmpfs
          {"destination":"/a","type":""}                                    | mounts[0].type        | must be one of bind, tmpfs
          {"destination":"/a","type":"bind"}                                | mounts[0].source      | must be given for a bind mount
          {"destination":"/a","type":"bind","source":"b"}                   | mounts[0].source      | must be an absolute path
          {"destination":"/a","source":"/b\\u0000"}                         | mounts[0].source      | has a NUL character
          {"destination":"/a","type":"tmpfs","source":"/b"}                 | mounts[0].source      | leave it out for tmpfs
          {"destination":"/a","type":"proc","source":"/b"}                  | mounts[0].source      | leave it out for proc
          {"destination":"/a","source":"/b","options":[null]}               | mounts[0].options[0]  | must not be null
          {"destination":"/a","source":"/b","options":[""]}                 | mounts[0].options[0]  | is not an option of bind
          {"destination":"/a","source":"/b","options":["ro","size=1"]}      | mounts[0].options[1]  | is not an option of bind: it has
          {"destination":"/a","source":"/b","options":["ro","ro"]}          | mounts[0].options[1]  | speaks of the same as ro
          {"destination":"/a","source":"/b","options":["bind","rbind"]}     | mounts[0].options[1]  | speaks of the same as bind
          {"destination":"/a","type":"tmpfs","options":["ro","rw"]}         | mounts[0].options[1]  | speaks of the same as ro
          {"destination":"/a","type":"tmpfs","options":["dev","nodev"]}     | mounts[0].options[1]  | speaks of the same as dev
          {"destination":"/a","type":"tmpfs","options":["size=1","size=2"]} | mounts[0].options[1]  | speaks of the same as size=1
          {"destination":"/a","type":"tmpfs","options":["rbind"]}           | mounts[0].options[0]  | is not an option of tmpfs
          {"destination":"/a","type":"tmpfs","options":["size="]}           | mounts[0].options[0]  | is not an option of tmpfs
          {"destination":"/a","type":"tmpfs","options":["size=1,mode=0"]}   | mounts[0].options[0]  | is not an option of tmpfs
          {"destination":"/a","type":"tmpfs","options":["mode=999"]}        | mounts[0].options[0]  | is not an option of tmpfs
          {"destination":"/a","type":"tmpfs","options":["uid=-1"]}          | mounts[0].options[0]  | is not an option of tmpfs
          {"destination":"/a","type":"tmpfs","options":["context=x"]}       | mounts[0].options[0]  | it has dev, exec
          {"destination":"/a","type":"proc","options":["hidepid=3"]}        | mounts[0].options[0]  | is not an option of proc
          {"destination":"/a","type":"sysfs","options":["size=1"]}          | mounts[0].options[0]  | is not an option of sysfs
          {"destination":"/a","type":"devpts","options":["mode=8"]}         | mounts[0].options[0]  | is not an option of devpts
          """)
  void refused(String mount, String field, String saying) {
    Specs.assertRefused(field, saying, () -> Specs.checked("{\"mounts\": [" + mount + "]}"));
  }

  @Test
  void pathsHaveTheKernelsLength() {
    String longest = "/" + "x".repeat(4_094);
    assertDoesNotThrow(
        () ->
            Specs.checked(
                "{\"mounts\": [{\"destination\": \"%s\", \"source\": \"%s\"}]}"
                    .formatted(longest, longest)));
    Specs.assertRefused(
        "mounts[0].source",
        "at most 4095 bytes in UTF-8, but has 4096",
        () ->
            Specs.checked(
                "{\"mounts\": [{\"destination\": \"/a\", \"source\": \"%sx\"}]}"
                    .formatted(longest)));
    // Bytes count, not characters.
    Specs.assertRefused(
        "mounts[0].destination",
        "but has 6001",
        () ->
            Specs.checked(
                "{\"mounts\": [{\"destination\": \"/%s\", \"source\": \"/\"}]}"
                    .formatted("é".repeat(3_000))));
    assertDoesNotThrow(
        () ->
            Specs.checked(
                "{\"mounts\": [{\"destination\": \"%s\", \"source\": \"/\"}]}"
                    .formatted("/x".repeat(2_047))));
  }
}
