package io.sandboxd.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sandboxd.linux.Blob;
import io.sandboxd.linux.SeccompFilter;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcessPlannerTest {
  private static ProcessPlanner.Process process(
      long uid, boolean ambient, Map<String, String> env, String... args) {
    return new ProcessPlanner.Process(
        List.of(args),
        env,
        "/",
        uid,
        uid,
        List.of(5L),
        0x400,
        ambient,
        true,
        Map.of(7, new Rlimit(64, -1)),
        022,
        null,
        null,
        false);
  }

  private static ProcessPlanner.Process filtered(boolean noNewPrivileges) {
    SeccompFilter filter = new SeccompFilter(2, Blob.of(new byte[16]));
    return new ProcessPlanner.Process(
        List.of("/bin/true"),
        Map.of(),
        "/",
        0,
        0,
        List.of(),
        0,
        false,
        noNewPrivileges,
        Map.of(),
        022,
        null,
        filter,
        false);
  }

  @Test
  void aFilterIsInstalledLast() {
    String plan = plan(filtered(true));
    assertEquals(
        """
        no_new_privs()
        chdir("/")
        seccomp(2, 16 bytes, sha256 374708fff7719dd5)
        exec([/bin/true], [/bin/true], [])
        """,
        plan.substring(plan.indexOf("no_new")));
  }

  /** It takes CAP_SYS_ADMIN then. */
  @Test
  void aFilterComesBeforeThePrivilegesGoIfTheyAreNotRenounced() {
    String plan = plan(filtered(false));
    assertEquals(
        "umask(18)\nseccomp(2, 16 bytes, sha256 374708fff7719dd5)\ngroups([])\nbounding(0)\n",
        plan.substring(plan.indexOf("umask"), plan.indexOf("user")));
    assertEquals(plan.indexOf("seccomp"), plan.lastIndexOf("seccomp"));
  }

  private static String plan(ProcessPlanner.Process process) {
    StringBuilder text = new StringBuilder();
    ProcessPlanner.steps(process, List.of()).forEach(step -> text.append(step).append('\n'));
    return text.toString();
  }

  @Test
  void rootKeepsItsCapabilities() {
    assertEquals(
        """
        stdio(0, 1, 2)
        setsid()
        rlimit(7, 64, -1)
        umask(18)
        groups([5])
        bounding(1024)
        user(0, 0)
        capabilities(1024, 1024, 0)
        ambient(0)
        no_new_privs()
        chdir("/")
        exec([/bin/true], [/bin/true], [A=1])
        """,
        plan(process(0, false, Map.of("A", "1"), "/bin/true")));
  }

  /**
   * Without a word about capabilities, another user has none, as the kernel takes them at
   * setresuid(2).
   */
  @Test
  void anotherUserHasNone() {
    String plan = plan(process(1000, false, Map.of(), "/bin/true"));
    assertEquals(
        "groups([5])\nbounding(1024)\nuser(1000, 1000)\nno_new_privs()\n",
        plan.substring(plan.indexOf("groups"), plan.indexOf("chdir")));
  }

  @Test
  void whatAnotherUserIsGivenSurvivesTheExec() {
    String plan = plan(process(1000, true, Map.of(), "/bin/true"));
    assertEquals(
        "keep_caps()\nuser(1000, 1000)\ncapabilities(1024, 1024, 1024)\nambient(1024)\n",
        plan.substring(plan.indexOf("keep"), plan.indexOf("no_new")));
  }

  @Test
  void aCommandWithoutASlashIsLookedUpInItsOwnPath() {
    String plan = plan(process(0, false, Map.of("PATH", "/a::/b"), "tool", "x"));
    assertEquals(
        "exec([/a/tool, tool, /b/tool], [tool, x], [PATH=/a::/b])\n",
        plan.substring(plan.indexOf("exec")));
  }

  @Test
  void aTerminalAndACgroupComeBeforeThePrivilegesGo() {
    ProcessPlanner.Process plain = process(1000, false, Map.of(), "/bin/true");
    ProcessPlanner.Process withTerminal =
        new ProcessPlanner.Process(
            plain.args(),
            plain.env(),
            plain.cwd(),
            plain.uid(),
            plain.gid(),
            plain.additionalGids(),
            plain.capabilities(),
            plain.ambient(),
            plain.noNewPrivileges(),
            plain.rlimits(),
            plain.umask(),
            plain.oomScoreAdj(),
            plain.filter(),
            true);
    StringBuilder text = new StringBuilder();
    ProcessPlanner.steps(withTerminal, List.of(4, 5))
        .forEach(step -> text.append(step).append('\n'));
    assertEquals(
        """
        write_fd(4, "0")
        write_fd(5, "0")
        stdio(0, 1, 2)
        setsid()
        terminal()
        """,
        text.substring(0, text.indexOf("rlimit")));
  }
}
