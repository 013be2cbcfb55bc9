package io.sandboxd.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.linux.FakeSyscalls;
import io.sandboxd.process.UserLookup.Identity;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.ProcessSpec.User;
import io.sandboxd.sandbox.SandboxException;
import java.util.List;
import org.junit.jupiter.api.Test;

class UserLookupTest {
  private final FakeSyscalls kernel = new FakeSyscalls();

  private Identity find(User user) {
    return new UserLookup(kernel, kernel.fd()).find(user);
  }

  private static User user(String uid, String gid, String... groups) {
    return new User(
        IdOrName.parse(uid),
        gid == null ? null : IdOrName.parse(gid),
        groups.length == 0 ? null : List.of(groups).stream().map(IdOrName::parse).toList());
  }

  private void files() {
    kernel.files.put(
        "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/var/www:/bin/false\n");
    kernel.files.put("etc/group", "root:x:0:\nweb:x:34:\nssl:x:50:other,web\nlog:x:51:webber\n");
  }

  @Test
  void withoutFilesThereIsRoot() {
    assertEquals(new Identity(0, 0, List.of(), null), find(null));
    assertEquals(new Identity(7, 0, List.of(), null), find(user("7", null)));
  }

  @Test
  void aNameBringsItsGroupsAndHome() {
    files();
    assertEquals(new Identity(33, 34, List.of(50L), "/var/www"), find(user("web", null)));
  }

  @Test
  void aNumberBringsItsPrimaryGroupOnly() {
    files();
    assertEquals(new Identity(33, 34, List.of(), "/var/www"), find(user("33", null)));
  }

  @Test
  void whatIsSaidGoesFirst() {
    files();
    assertEquals(
        new Identity(33, 51, List.of(50L, 9L), "/var/www"), find(user("web", "log", "ssl", "9")));
  }

  /** 4294967295 is the -1 of setresgid(2), which would leave the process in the group of root. */
  @Test
  void whatIsNoIdNamesNobody() {
    kernel.files.put("etc/passwd", "web:x:4294967295:0::/:\nlog:x:33:9999999999::/:\n");
    kernel.files.put("etc/group", "web:x:4294967295:\nssl:x:4294967294:web\n");
    assertThrows(SandboxException.class, () -> find(user("web", null)));
    assertThrows(SandboxException.class, () -> find(user("log", null)));
    assertThrows(SandboxException.class, () -> find(user("0", "web")));
    assertEquals(4294967294L, find(user("0", "ssl")).gid());
  }

  @Test
  void namesThatAreNotThereAreRefused() {
    files();
    for (User asked :
        List.of(user("nobody", null), user("web", "none"), user("web", "34", "none"))) {
      assertThrows(SandboxException.class, () -> find(asked));
    }
  }

  /** Whoever rules the sandbox wrote the files. */
  @Test
  void oddFilesGiveNobodyRights() {
    kernel.files.put(
        "etc/passwd",
        "evil:x:-1:0::/:\nevil:x:99999999999:0::/:\nevil\n:::::::\nevil:x:0x0:0::/:\n\0\nevil:x: 0:0::/:\n");
    assertThrows(SandboxException.class, () -> find(user("evil", null)));
  }
}
