package io.sandboxd.process;

import io.sandboxd.Fuzz;
import io.sandboxd.linux.FakeSyscalls;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.ProcessSpec.User;
import io.sandboxd.sandbox.SandboxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a sandbox has in its /etc is its own business. */
class FuzzedUserLookupTest {
  @Test
  void anyFilesAnswerOrRefuse() {
    Fuzz.text(
        "/etc/passwd",
        List.of(
            "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/var/www:/bin/false\n",
            "root:x:0:\nweb:x:34:\nssl:x:50:other,web\nlog:x:51:webber\n",
            "a:b:4294967295:-1:::\n:::::::\n\n"),
        input -> {
          FakeSyscalls kernel = new FakeSyscalls();
          String text = new String(input, StandardCharsets.ISO_8859_1);
          kernel.files.put("etc/passwd", text);
          kernel.files.put("etc/group", text);
          for (String name : List.of("web", "33", "0")) {
            IdOrName id = IdOrName.parse(name);
            try {
              UserLookup.Identity found =
                  new UserLookup(kernel, kernel.fd()).find(new User(id, id, List.of(id)));
              for (long number : List.of(found.uid(), found.gid())) {
                if (number < 0 || number >= (1L << 32) - 1) {
                  throw new AssertionError("id " + number);
                }
              }
            } catch (SandboxException e) {
              // There is no such name.
            }
          }
        });
  }
}
