package io.sandboxd.sandbox;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.rules.SpecValidator;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.function.Executable;

/** Specs for tests, and the way every request goes: read, then checked. */
public final class Specs {
  public static final SpecValidator VALIDATOR = new SpecValidator();

  /** Every field that there is. */
  public static final String FULL =
      """
      {
        "name": "web",
        "labels": {"team": "a", "example.org/tier": "front end"},
        "namespaces": {"default": "new", "pid": "new", "mount": "new", "network": "new", "ipc": "new",
                       "uts": "new", "user": "new", "cgroup": "new", "time": "new"},
        "hostname": "web", "domainname": "example",
        "timeOffsets": {"monotonic": "24h", "boottime": "7d"},
        "idMappings": {"uid": [{"containerID": 0, "hostID": 100000, "size": 65536}],
                       "gid": [{"containerID": 0, "hostID": 200000, "size": 65536}]},
        "root": {"path": "/srv/alpine", "readonly": false, "overlay": true},
        "mounts": [{"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["ro"]},
                   {"destination": "/tmp", "type": "tmpfs", "options": ["nosuid", "size=64m"]}],
        "resources": {"memory": {"max": "64Mi", "high": "48Mi", "swapMax": 0},
                      "cpu": {"max": 0.5, "weight": 100, "cpuset": "0-1,3"},
                      "pids": {"max": 64},
                      "io": [{"device": "/dev/vda", "rbps": "10Mi", "wbps": "10Mi", "riops": 100,
                              "wiops": 100, "weight": 100}]},
        "network": {"links": []},
        "sysctls": {"net.ipv4.ip_forward": "0"},
        "ttl": "1h",
        "process": {"args": ["/bin/sh", "-c", "echo hi"], "env": {"A": "1"}, "cwd": "/",
                    "user": {"uid": 0, "gid": "www-data", "additionalGids": [5, "adm"]},
                    "tty": false, "stdin": "null", "output": "log",
                    "capabilities": ["CAP_NET_BIND_SERVICE"], "noNewPrivileges": true,
                    "rlimits": {"nofile": 1024, "core": "unlimited",
                                "stack": {"soft": 8388608, "hard": "unlimited"}},
                    "umask": 18, "oomScoreAdj": 0, "timeout": "30s",
                    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
                                "architectures": ["SCMP_ARCH_X86"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
                                "syscalls": [{"names": ["clone", "read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
                                              "args": [{"index": 0, "value": 6, "valueTwo": 4,
                                                        "op": "SCMP_CMP_MASKED_EQ"}]}]}}
      }
      """;

  private Specs() {}

  public static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  public static SandboxSpec read(String json) {
    return SpecJson.read(bytes(json), SandboxSpec.class);
  }

  public static SandboxSpec checked(String json) {
    return checkedBytes(bytes(json));
  }

  public static SandboxSpec checkedBytes(byte[] json) {
    SandboxSpec spec = SpecJson.read(json, SandboxSpec.class);
    VALIDATOR.check(spec);
    return spec;
  }

  /** What is refused must say where, and what to do about it. */
  public static void assertRefused(String field, String saying, Executable request) {
    SandboxException refusal = assertThrows(SandboxException.class, request);
    assertAll(
        () -> assertEquals(ErrorCode.INVALID_SPEC, refusal.code()),
        () -> assertEquals(field, refusal.fields().get("field")),
        () -> assertTrue(refusal.getMessage().startsWith(field + ": "), refusal.getMessage()),
        () -> assertTrue(refusal.getMessage().contains(saying), refusal.getMessage()));
  }
}
