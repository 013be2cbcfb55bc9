package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.Capability;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.Policy;
import io.sandboxd.sandbox.Policy.Tree;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyRulesTest {
  private static final Caller USER = Caller.of(1000, 1000, Set.of(27L), 1, 4L);
  private static final Caller ADMIN = Caller.of(1001, 1001, Set.of(27L, 4L), 1, 4L);

  private static final Policy POLICY =
      new Policy(
          3,
          new ByteSize(1 << 20),
          0.5,
          10L,
          Set.of(NamespaceType.TIME),
          List.of(new Tree("/netns", false)),
          List.of(new Tree("/srv", false), new Tree("/srv/rw", true)),
          List.of(new Tree("/srv", false), new Tree("/srv/rw", true)),
          Set.of(Capability.CHOWN, Capability.KILL),
          false);

  private static final Resources LOWER =
      new Resources(
          new Resources.Memory(new ByteSize(1000), null, null), null, new Resources.Pids(3L), null);

  private final PolicyRules rules = new PolicyRules(POLICY, Resources.NONE, 4096);

  @Test
  void anAdminIsRootOrInTheGroup() {
    assertEquals(true, ADMIN.admin());
    assertEquals(true, Caller.of(0, 5, Set.of(), 1, null).admin());
    assertEquals(true, Caller.of(7, 4, Set.of(), 1, 4L).admin());
    assertEquals(false, USER.admin());
    assertEquals(false, Caller.of(7, 0, Set.of(0L), 1, null).admin());
  }

  @Test
  void oneSeesOnesOwn() {
    assertEquals(true, USER.sees(new Owner(1000, 5)));
    assertEquals(false, USER.sees(new Owner(1001, 1000)));
    assertEquals(false, USER.sees(null));
    assertEquals(true, ADMIN.sees(null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'namespaces':{'user':'host'}} | namespaces.user | host-namespaces",
        "{'namespaces':{'default':'host'}} | namespaces.mount | host-namespaces",
        "{'namespaces':{'network':{'path':'/proc/1/ns/net'}}} | namespaces.network.path | join-paths",
        "{'namespaces':{'network':{'path':'/netnsx/a'}}} | namespaces.network.path | join-paths",
        "{'root':{'path':'/'}} | root.path | roots",
        "{'root':{'path':'/etc','readonly':true}} | root.path | roots",
        "{'root':{'path':'/srv-2','readonly':true}} | root.path | roots",
        "{'root':{'path':'/srv/a'}} | root.readonly | roots",
        "{'root':{'path':'/srv/a','readonly':false}} | root.readonly | roots",
        "{'mounts':[{'source':'/etc/passwd','destination':'/x','options':['ro']}]} | mounts[0].source | binds",
        "{'mounts':[{'source':'/srv/a','destination':'/x'}]} | mounts[0].options | binds",
        "{'resources':{'memory':{'max':1048577}}} | resources.memory.max | memory-max",
        "{'resources':{'memory':{'swapMax':1048577}}} | resources.memory.swapMax | memory-max",
        "{'resources':{'cpu':{'max':0.51}}} | resources.cpu.max | cpu-max",
        "{'resources':{'cpu':{'weight':101}}} | resources.cpu.weight | cpu-max",
        "{'resources':{'pids':{'max':11}}} | resources.pids.max | pids-max",
        "{'process':{'args':['a'],'capabilities':['KILL','NET_RAW']}} | process.capabilities[1] | capabilities",
        "{'process':{'args':['a'],'seccomp':'unconfined'}} | process.seccomp | seccomp-unconfined"
      })
  void whatGoesBeyondIsRefused(String spec, String field, String rule) {
    refused(spec, field, "sandboxd.policy-" + rule);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'idMappings':{'uid':[{'containerID':0,'hostID':0,'size':1}]}} | idMappings | admin-group",
        "{'resources':{'io':[{'device':'/dev/sda','rbps':1}]}} | resources.io | admin-group",
        "{'mounts':[{'source':'/srv/rw/a','destination':'/x','options':['noidmap']}]} | mounts[0].options | admin-group",
        "{'process':{'args':['a'],'oomScoreAdj':-1}} | process.oomScoreAdj | admin-group",
        "{'process':{'args':['a'],'outputRetention':65536}} | process.outputRetention | output-retention",
        "{'devices':[]} | devices | admin-group",
        "{'maskedPaths':[]} | maskedPaths | admin-group",
        "{'readonlyPaths':['/proc/sys']} | readonlyPaths | admin-group",
        "{'outputRetention':65536} | outputRetention | output-retention"
      })
  void whatNoRuleAllowsIsForAdmins(String spec, String field, String setting) {
    refused(spec, field, "sandboxd." + setting);
  }

  private void refused(String text, String field, String rule) {
    SandboxSpec spec = Specs.read(text.replace('\'', '"'));
    SandboxException refusal = assertThrows(SandboxException.class, () -> rules.admit(spec, USER));
    assertEquals(ErrorCode.NOT_PERMITTED, refusal.code());
    assertEquals(field, refusal.fields().get("field"));
    assertEquals(rule, refusal.fields().get("rule"));
    assertSame(spec, rules.admit(spec, ADMIN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'namespaces':{'time':'host','user':{'sandbox':'own'}}}",
        "{'namespaces':{'network':{'path':'/netns/blue'}}}",
        "{'root':{'path':'/srv/a','readonly':true}}",
        "{'root':{'path':'/srv','overlay':true}}",
        "{'root':{'path':'/srv/rw/a'}}",
        "{'mounts':[{'source':'/srv/a','destination':'/x','options':['ro']}]}",
        "{'mounts':[{'source':'/srv/rw','destination':'/x'}]}",
        "{'mounts':[{'type':'tmpfs','destination':'/x'}]}",
        "{'idMappings':{'uid':[],'gid':[]}}",
        "{'resources':{'memory':{'max':1048576},'cpu':{'max':0.5},'pids':{'max':10}}}",
        "{'process':{'args':['a'],'capabilities':['KILL'],'oomScoreAdj':5}}"
      })
  void whatStaysWithinIsNot(String text) {
    assertDoesNotThrow(() -> rules.admit(Specs.read(text.replace('\'', '"')), USER));
  }

  @Test
  void whatIsNotAskedForIsTheLimit() {
    SandboxSpec spec = rules.admit(Specs.read("{\"process\":{\"args\":[\"a\"]}}"), USER);
    assertEquals(1 << 20, spec.resources().memory().max().bytes());
    assertEquals(0.5, spec.resources().cpu().max());
    assertEquals(10, spec.resources().pids().max());
    assertEquals(List.of("CAP_CHOWN", "CAP_KILL"), spec.process().capabilities());
  }

  @Test
  void whatEverybodyHasIsNotMoreThanThat() {
    SandboxSpec asked = Specs.read("{}");
    SandboxSpec spec = new PolicyRules(POLICY, LOWER, 4096).admit(asked, USER);
    assertEquals(1000, spec.resources().memory().max().bytes());
    assertEquals(3, spec.resources().pids().max());
  }

  @Test
  void withoutLimitsNothingIsAdded() {
    Policy free =
        new Policy(
            3,
            null,
            null,
            null,
            Set.of(NamespaceType.TIME),
            List.of(),
            List.of(),
            List.of(),
            Capability.DEFAULT,
            true);
    SandboxSpec spec =
        new PolicyRules(free, LOWER, 4096)
            .admit(Specs.read("{\"process\":{\"args\":[\"a\"]}}"), USER);
    assertNull(spec.resources().memory());
    assertNull(spec.process().capabilities());
  }

  @Test
  void aSandboxThatIsOlderThanThePolicyGivesNoMore() {
    SandboxSpec old = Specs.read("{\"namespaces\":{\"user\":\"host\"}}");
    SandboxSpec run = Specs.read("{\"process\":{\"args\":[\"a\"]}}");
    assertThrows(SandboxException.class, () -> rules.admit(run.process(), old, USER));
    assertDoesNotThrow(() -> rules.admit(run.process(), old, ADMIN));
  }

  @Test
  void soManyAndNoMore() {
    assertDoesNotThrow(() -> rules.requireRoom(() -> 2, USER));
    assertThrows(SandboxException.class, () -> rules.requireRoom(() -> 3, USER));
    assertDoesNotThrow(() -> rules.requireRoom(() -> 3, ADMIN));
  }

  @Test
  void theInnermostTreeCounts() {
    assertEquals("/srv/rw", rules.requireTree("root.path", "/srv/rw/x").path());
    assertEquals("/srv", rules.requireTree("root.path", "/srv/rwx").path());
  }
}
