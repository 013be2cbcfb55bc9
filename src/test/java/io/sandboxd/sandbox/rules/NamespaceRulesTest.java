package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.sandboxd.sandbox.Specs;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes with which namespaces. */
class NamespaceRulesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}
          {"namespaces":{"default":"host"}}
          {"namespaces":{"default":"host","network":"new"},"sysctls":{"net.ipv4.ip_forward":"1"}}
          {"namespaces":{"default":{"sandbox":"pod"},"pid":"new","mount":"new"}}
          {"namespaces":{"network":{"path":"/run/netns/blue"},"ipc":{"sandbox":"pod"},"uts":{"sandbox":"pod"}}}
          {"name":"a","namespaces":{"pid":{"sandbox":"b"},"user":"host"}}
          {"namespaces":{"pid":{"sandbox":"b"},"user":{"sandbox":"b"}}}
          {"namespaces":{"pid":{"sandbox":"b"},"mount":{"sandbox":"b"}}}
          {"namespaces":{"pid":{"sandbox":"b"},"mount":"host"}}
          {"namespaces":{"pid":"host"}}
          {"namespaces":{"mount":"host"},"mounts":[]}
          {"namespaces":{"uts":"host"},"sysctls":{"kernel.shmmax":"1","kernel.msgmni":"2","kernel.sem":"1 2 3 4","fs.mqueue.msg_max":"5"}}
          {"sysctls":{"user.max_user_namespaces":"0"}}
          {"namespaces":{"user":"host"},"mounts":[{"destination":"/q","type":"mqueue"}]}
          {"namespaces":{"user":"host","ipc":"host"},"mounts":[{"destination":"/q","type":"mqueue"}]}
          {"namespaces":{"time":"new"}}
          {"timeOffsets":{}}
          {"timeOffsets":{"boottime":"30d"},"namespaces":{"time":"new"}}
          {"idMappings":{},"namespaces":{"user":"host"}}
          {"idMappings":{"uid":[],"gid":[]}}
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
          {"namespaces":{"default":{"path":"/proc/1/ns/net"}}}          | namespaces.default         | one type only
          {"namespaces":{"network":{"path":"netns/blue"}}}              | namespaces.network.path    | must be an absolute path
          {"namespaces":{"network":{"path":"/a\\u0000"}}}               | namespaces.network.path    | has a NUL character
          {"namespaces":{"ipc":{"sandbox":""}}}                         | namespaces.ipc.sandbox     | must be 1 to 63
          {"namespaces":{"ipc":{"sandbox":"../x"}}}                     | namespaces.ipc.sandbox     | must be 1 to 63
          {"namespaces":{"default":{"sandbox":"a b"}}}                  | namespaces.default.sandbox | must be 1 to 63
          {"name":"a","namespaces":{"ipc":{"sandbox":"a"}}}             | namespaces.ipc.sandbox     | is this sandbox itself
          {"hostname":"a","namespaces":{"uts":"host"}}                  | hostname                   | needs namespaces.uts to be "new", but it is the host's
          {"hostname":"a","namespaces":{"default":"host"}}              | hostname                   | needs namespaces.uts to be "new", but it is the host's
          {"hostname":"a","namespaces":{"uts":{"sandbox":"b"}}}         | hostname                   | needs namespaces.uts to be "new", but it is joined from elsewhere
          {"domainname":"a","namespaces":{"uts":"host"}}                | domainname                 | make it so, or leave this out
          {"root":{"path":"/x"},"namespaces":{"mount":"host"}}          | root                       | needs namespaces.mount to be "new"
          {"root":{"path":"/x"},"namespaces":{"mount":{"sandbox":"b"}}} | root                       | joined from elsewhere
          {"mounts":[{"destination":"/t","type":"tmpfs"}],"namespaces":{"mount":"host"}}              | mounts | needs namespaces.mount to be "new"
          {"mounts":[{"destination":"/t","type":"tmpfs"}],"namespaces":{"mount":{"path":"/run/m"}}}   | mounts | needs namespaces.mount to be "new"
          {"timeOffsets":{},"namespaces":{"time":"host"}}               | timeOffsets                | needs namespaces.time to be "new"
          {"timeOffsets":{"monotonic":1},"namespaces":{"time":{"sandbox":"b"}}} | timeOffsets        | joined from elsewhere
          {"timeOffsets":{"monotonic":4611686019}}                      | timeOffsets.monotonic      | at most 4611686018 seconds
          {"timeOffsets":{"boottime":-4611686019}}                      | timeOffsets.boottime       | at most 4611686018 seconds
          {"idMappings":{"uid":[{"containerID":0,"hostID":1,"size":1}]},"namespaces":{"user":"host"}} | idMappings | needs namespaces.user to be "new"
          {"idMappings":{"gid":[{"containerID":0,"hostID":1,"size":1}]},"namespaces":{"user":{"sandbox":"b"}}} | idMappings | needs namespaces.user to be "new"
          {"namespaces":{"pid":{"sandbox":"b"}}}                        | namespaces.pid             | does not let a new user namespace mount /proc
          {"namespaces":{"pid":{"path":"/proc/9/ns/pid"},"user":"new","mount":"new"}} | namespaces.pid | cannot be joined while user and mount are new
          {"sysctls":{"net.ipv4.ip_forward":"1"},"namespaces":{"network":"host"}} | sysctls["net.ipv4.ip_forward"] | needs namespaces.network to be "new"
          {"sysctls":{"net.ipv4.ip_forward":"1"},"namespaces":{"network":{"path":"/run/n"}}} | sysctls["net.ipv4.ip_forward"] | needs namespaces.network to be "new"
          {"sysctls":{"kernel.shmmax":"1"},"namespaces":{"ipc":"host"}} | sysctls["kernel.shmmax"]   | needs namespaces.ipc to be "new"
          {"sysctls":{"kernel.msgmax":"1"},"namespaces":{"ipc":"host"}} | sysctls["kernel.msgmax"]   | needs namespaces.ipc to be "new"
          {"sysctls":{"kernel.sem":"1"},"namespaces":{"ipc":"host"}}    | sysctls["kernel.sem"]      | needs namespaces.ipc to be "new"
          {"sysctls":{"fs.mqueue.msg_max":"1"},"namespaces":{"ipc":"host"}} | sysctls["fs.mqueue.msg_max"] | needs namespaces.ipc to be "new"
          {"sysctls":{"user.max_net_namespaces":"1"},"namespaces":{"user":"host"}} | sysctls["user.max_net_namespaces"] | needs namespaces.user to be "new"
          {"sysctls":{"kernel.hostname":"a"}}                           | sysctls["kernel.hostname"]   | is set by the field hostname
          {"sysctls":{"kernel.domainname":"a"}}                         | sysctls["kernel.domainname"] | is set by the field domainname
          {"sysctls":{"kernel.pid_max":"1"}}                            | sysctls["kernel.pid_max"]    | belongs to no namespace
          {"sysctls":{"vm.swappiness":"1"}}                             | sysctls["vm.swappiness"]     | belongs to no namespace
          {"sysctls":{"fs.file-max":"1"}}                               | sysctls["fs.file-max"]       | belongs to no namespace
          {"sysctls":{"network":"1"}}                                   | sysctls.network              | belongs to no namespace
          {"mounts":[{"destination":"/p","type":"proc"}],"namespaces":{"pid":"host"}}       | mounts[0].type | proc shows the pid namespace
          {"mounts":[{"destination":"/s","type":"sysfs"}],"namespaces":{"network":"host"}}  | mounts[0].type | sysfs shows the network namespace
          {"mounts":[{"destination":"/q","type":"mqueue"}],"namespaces":{"ipc":{"sandbox":"b"}}} | mounts[0].type | make namespaces.ipc "new"
          {"mounts":[{"destination":"/c","type":"cgroup2"}],"namespaces":{"cgroup":"host"}} | mounts[0].type | cgroup2 shows the cgroup namespace
          """)
  void refused(String spec, String field, String saying) {
    Specs.assertRefused(field, saying, () -> Specs.checked(spec));
  }
}
