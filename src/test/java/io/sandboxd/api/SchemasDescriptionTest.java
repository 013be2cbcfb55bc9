package io.sandboxd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonView;
import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.cgroup.Stats;
import io.sandboxd.events.AuditedCall;
import io.sandboxd.events.Event;
import io.sandboxd.events.EventType;
import io.sandboxd.lifecycle.ExplainSandbox;
import io.sandboxd.lifecycle.ListNamespaces;
import io.sandboxd.lifecycle.ReadSecurity;
import io.sandboxd.lifecycle.ReadStats;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.ExecRequest;
import io.sandboxd.sandbox.ExecResult;
import io.sandboxd.sandbox.ExitStatus;
import io.sandboxd.sandbox.IdMapping;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.Leak;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.ProcessSpec;
import io.sandboxd.sandbox.ProcessStatus;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.SandboxUsage;
import io.sandboxd.sandbox.Seccomp;
import io.sandboxd.sandbox.SeccompArchitecture;
import io.sandboxd.sandbox.SeccompProfile;
import io.sandboxd.sandbox.Signal;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.net.BitRate;
import io.sandboxd.sandbox.net.Cidr;
import io.sandboxd.sandbox.net.Conditions;
import io.sandboxd.sandbox.net.Egress;
import io.sandboxd.sandbox.net.InterfaceCounters;
import io.sandboxd.sandbox.net.InterfaceName;
import io.sandboxd.sandbox.net.InterfaceStatus;
import io.sandboxd.sandbox.net.IpAddress;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.LinkStatus;
import io.sandboxd.sandbox.net.NetworkRequest;
import io.sandboxd.sandbox.net.NetworkSpec;
import io.sandboxd.sandbox.net.NetworkStatus;
import io.sandboxd.sandbox.net.PortRange;
import io.sandboxd.sandbox.net.Protocol;
import io.sandboxd.sandbox.net.PublishedPort;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The schemas of openapi.yaml have the fields of the model, with the same types and limits. */
class SchemasDescriptionTest {
  /** Records by the name of their schema, which is their own but for nested ones of other homes. */
  private static final Map<Class<?>, String> RENAMED =
      Map.ofEntries(
          Map.entry(ReadStats.Figures.class, "Stats"),
          Map.entry(Stats.Memory.class, "MemoryStats"),
          Map.entry(Stats.Cpu.class, "CpuStats"),
          Map.entry(Stats.Pids.class, "PidsStats"),
          Map.entry(Stats.Io.class, "IoStats"),
          Map.entry(Event.Subject.class, "EventSandbox"),
          Map.entry(Egress.Rule.class, "EgressRule"),
          Map.entry(Egress.Action.class, "EgressAction"),
          Map.entry(LinkSpec.End.class, "LinkEnd"),
          Map.entry(LinkStatus.End.class, "LinkEndStatus"),
          Map.entry(NetworkStatus.Member.class, "NetworkMember"),
          Map.entry(Event.Actor.class, "EventProcess"),
          Map.entry(SeccompProfile.CallRule.class, "SeccompRule"),
          Map.entry(SeccompProfile.Condition.class, "SeccompCondition"),
          Map.entry(SeccompProfile.Action.class, "SeccompAction"),
          Map.entry(SeccompProfile.Operator.class, "SeccompOperator"),
          Map.entry(SeccompProfile.Flag.class, "SeccompFlag"));

  private static final List<Class<?>> RECORDS =
      List.of(
          SandboxSpec.class,
          SandboxSpec.TimeOffsets.class,
          SandboxSpec.IdMappings.class,
          SandboxSpec.Root.class,
          SandboxSpec.Mount.class,
          NetworkSpec.class,
          NetworkSpec.Attachment.class,
          NetworkSpec.Cable.class,
          NetworkSpec.Route.class,
          NetworkSpec.Rates.class,
          NetworkSpec.Dns.class,
          PublishedPort.class,
          Egress.class,
          Egress.Rule.class,
          Conditions.class,
          LinkSpec.class,
          LinkSpec.End.class,
          LinkStatus.class,
          LinkStatus.End.class,
          LinkResource.LinkList.class,
          NetworkRequest.class,
          NetworkStatus.class,
          NetworkStatus.Member.class,
          NetworkResource.NetworkList.class,
          InterfaceStatus.class,
          SandboxSpec.Device.class,
          IdMapping.class,
          Resources.class,
          Resources.Memory.class,
          Resources.Cpu.class,
          Resources.Pids.class,
          Resources.Io.class,
          ProcessSpec.class,
          ProcessSpec.User.class,
          ProcessSpec.ConsoleSize.class,
          SeccompProfile.class,
          SeccompProfile.CallRule.class,
          SeccompProfile.Condition.class,
          ExecRequest.class,
          KillRequest.class,
          ProcessResource.ProcessKill.class,
          ProcessResource.WindowSize.class,
          SandboxStatus.class,
          SandboxStatus.NamespaceStatus.class,
          SandboxResource.SandboxList.class,
          SandboxResource.NamespaceList.class,
          ListNamespaces.Shared.class,
          ReadSecurity.Security.class,
          ReadSecurity.IdMaps.class,
          ReadSecurity.Capabilities.class,
          ReadSecurity.SeccompState.class,
          ReadSecurity.DeviceList.class,
          ReadSecurity.MountPoint.class,
          ProcessStatus.class,
          ProcessStatus.Usage.class,
          ProcessResource.ProcessList.class,
          ProcessResource.Ended.class,
          ExecResult.class,
          ExitStatus.class,
          SandboxUsage.class,
          SandboxUsage.Waiting.class,
          SystemResource.LeakList.class,
          SystemResource.Reaped.class,
          Leak.class,
          ExplainSandbox.Explanation.class,
          ExplainSandbox.ExplainedStep.class,
          ReadStats.Figures.class,
          InterfaceCounters.class,
          Stats.Memory.class,
          Stats.Cpu.class,
          Stats.Pids.class,
          Stats.Io.class,
          Stats.Pressure.class,
          Stats.Stall.class,
          Stats.Line.class,
          Event.class,
          Event.Subject.class,
          Event.Actor.class,
          AuditedCall.class,
          Owner.class,
          InfoResource.Info.class,
          InfoResource.CgroupInfo.class,
          InfoResource.Limits.class);

  private static final List<Class<? extends Enum<?>>> ENUMS =
      List.of(
          Protocol.class,
          Egress.Action.class,
          NamespaceType.class,
          SandboxState.class,
          SandboxStatus.Origin.class,
          ProcessStatus.State.class,
          Leak.Kind.class,
          ExitStatus.Reason.class,
          ExecResult.Encoding.class,
          EventType.class,
          SeccompArchitecture.class,
          SeccompProfile.Action.class,
          SeccompProfile.Operator.class,
          SeccompProfile.Flag.class);

  /** Values with a form of their own: what reads and writes them has tests of its own. */
  private static final Map<Class<?>, String> SCALARS =
      Map.ofEntries(
          Map.entry(ByteSize.class, "ByteSize"),
          Map.entry(Duration.class, "Duration"),
          Map.entry(Instant.class, "Instant"),
          Map.entry(Signal.class, "Signal"),
          Map.entry(IdOrName.class, "IdOrName"),
          Map.entry(NamespaceSource.class, "NamespaceSource"),
          Map.entry(SandboxSpec.Namespaces.class, "Namespaces"),
          Map.entry(ProcessSpec.Rlimit.class, "Rlimit"),
          Map.entry(Seccomp.class, "Seccomp"),
          Map.entry(IpAddress.class, "IpAddress"),
          Map.entry(Cidr.class, "Cidr"),
          Map.entry(InterfaceName.class, "InterfaceName"),
          Map.entry(BitRate.class, "BitRate"),
          Map.entry(PortRange.class, "PortRange"));

  /** What is described and is no type of the code. */
  private static final Set<String> OTHERS =
      Set.of("Problem", "ErrorCode", "Limit", "RlimitValue", "SandboxPatch", "Health");

  private final ApiDescription description = ApiDescription.read();

  static String nameOf(Class<?> type) {
    return RENAMED.getOrDefault(type, type.getSimpleName());
  }

  @Test
  void everySchemaIsLookedAt() {
    Set<String> known = new TreeSet<>(OTHERS);
    known.addAll(SCALARS.values());
    Stream.concat(RECORDS.stream(), ENUMS.stream()).forEach(type -> known.add(nameOf(type)));
    assertEquals(
        known, new TreeSet<>(ApiDescription.names(description.root().at("/components/schemas"))));
  }

  @Test
  void recordsHaveTheSameFields() {
    for (Class<?> type : RECORDS) {
      assertEquals(
          new TreeSet<>(fields(type).keySet()),
          new TreeSet<>(ApiDescription.names(schema(type).path("properties"))),
          nameOf(type));
      assertEquals("false", schema(type).path("additionalProperties").asText(), nameOf(type));
    }
  }

  @Test
  void fieldsHaveTheSameTypes() {
    eachField(
        (where, component, schema) -> assertSameType(where, component.getGenericType(), schema));
  }

  @Test
  void fieldsHaveTheSameLimits() {
    eachField(
        (where, component, schema) -> {
          annotation(component, Pattern.class)
              .ifPresent(
                  pattern -> {
                    String expected = pattern.regexp();
                    List<String> words = ApiDescription.texts(schema.path("enum"));
                    if (words.isEmpty()) {
                      assertEquals("^" + expected + "$", schema.path("pattern").asText(), where);
                    } else {
                      assertEquals(List.of(expected.split("\\|")), words, where);
                    }
                  });
          annotation(component, Size.class)
              .ifPresent(
                  size -> {
                    String keyword =
                        component.getType() == Map.class ? "maxProperties" : "maxItems";
                    assertEquals(size.max(), schema.path(keyword).asInt(-1), where);
                  });
          annotation(component, Min.class)
              .ifPresent(min -> assertEquals(min.value(), schema.path("minimum").asLong(), where));
          annotation(component, Max.class)
              .ifPresent(max -> assertEquals(max.value(), schema.path("maximum").asLong(), where));
        });
  }

  @Test
  void whatMustBeGivenIsTheSame() {
    for (Class<?> type :
        List.of(
            SandboxSpec.Root.class,
            SandboxSpec.Mount.class,
            Resources.Io.class,
            ProcessSpec.class,
            SandboxSpec.class,
            SeccompProfile.class,
            SeccompProfile.CallRule.class,
            SeccompProfile.Condition.class,
            KillRequest.class)) {
      Set<String> written = new TreeSet<>();
      fields(type)
          .forEach(
              (name, component) -> {
                if (annotation(component, NotNull.class).isPresent()
                    || annotation(component, NotEmpty.class).isPresent()) {
                  written.add(name);
                }
              });
      assertEquals(
          written,
          new TreeSet<>(ApiDescription.texts(schema(type).path("required"))),
          nameOf(type));
    }
  }

  @Test
  void enumsHaveTheSameWords() {
    for (Class<? extends Enum<?>> type : ENUMS) {
      Set<String> words =
          Arrays.stream(type.getEnumConstants())
              .map(constant -> SpecJson.toTree(constant).asText())
              .collect(Collectors.toSet());
      assertEquals(
          words, Set.copyOf(ApiDescription.texts(schema(type).path("enum"))), nameOf(type));
    }
  }

  private interface Check {
    void accept(String where, RecordComponent component, JsonNode schema);
  }

  private void eachField(Check check) {
    for (Class<?> type : RECORDS) {
      fields(type)
          .forEach(
              (name, component) ->
                  check.accept(
                      nameOf(type) + "." + name,
                      component,
                      schema(type).path("properties").path(name)));
    }
  }

  private JsonNode schema(Class<?> type) {
    return description.schema(nameOf(type));
  }

  /** As clients see them: by the name they have in JSON. */
  private static Map<String, RecordComponent> fields(Class<?> type) {
    Map<String, RecordComponent> fields = new LinkedHashMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Field field = field(component);
      if (field.isAnnotationPresent(JsonUnwrapped.class)) {
        fields.putAll(fields(component.getType()));
      } else if (!field.isAnnotationPresent(JsonView.class)) {
        JsonProperty renamed = field.getAnnotation(JsonProperty.class);
        fields.put(renamed == null ? component.getName() : renamed.value(), component);
      }
    }
    return fields;
  }

  private void assertSameType(String where, Type type, JsonNode schema) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      if (generic.getRawType() == List.class) {
        assertTrue(types(schema).contains("array"), where);
        if (schema.path("maxItems").asInt(-1) != 0) {
          assertSameType(where + "[]", arguments[0], schema.path("items"));
        }
      } else {
        assertTrue(types(schema).contains("object"), where);
        assertSameType(where + "{}", arguments[1], schema.path("additionalProperties"));
      }
      return;
    }
    Class<?> simple = (Class<?>) type;
    if (SCALARS.containsKey(simple)) {
      Set<String> allowed = new TreeSet<>(Set.of(SCALARS.get(simple)));
      if (simple == ByteSize.class) {
        allowed.add("Limit");
      }
      assertTrue(allowed.contains(reference(schema)), where + " is a " + reference(schema));
    } else if (simple.isRecord() || simple.isEnum()) {
      assertEquals(nameOf(simple), reference(schema), where);
    } else {
      assertTrue(types(schema).contains(primitive(simple)), where + ": " + schema);
    }
  }

  private static String reference(JsonNode schema) {
    return schema.path("$ref").asText().replace("#/components/schemas/", "");
  }

  private static Set<String> types(JsonNode schema) {
    JsonNode type = schema.path("type");
    return type.isArray() ? Set.copyOf(ApiDescription.texts(type)) : Set.of(type.asText());
  }

  private static String primitive(Class<?> type) {
    if (type == String.class) {
      return "string";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "boolean";
    }
    if (type == Double.class || type == double.class) {
      return "number";
    }
    if (List.of(Integer.class, int.class, Long.class, long.class, BigInteger.class)
        .contains(type)) {
      return "integer";
    }
    throw new AssertionError("no schema stands for " + type);
  }

  private static <A extends Annotation> Optional<A> annotation(
      RecordComponent component, Class<A> annotation) {
    return Optional.ofNullable(field(component).getAnnotation(annotation));
  }

  private static Field field(RecordComponent component) {
    try {
      return component.getDeclaringRecord().getDeclaredField(component.getName());
    } catch (NoSuchFieldException e) {
      throw new AssertionError(e);
    }
  }
}
