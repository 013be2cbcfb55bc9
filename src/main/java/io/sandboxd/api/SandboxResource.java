package io.sandboxd.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.sandboxd.lifecycle.DeleteSandbox;
import io.sandboxd.lifecycle.ExplainSandbox;
import io.sandboxd.lifecycle.KillSandbox;
import io.sandboxd.lifecycle.LaunchSandbox;
import io.sandboxd.lifecycle.ListNamespaces;
import io.sandboxd.lifecycle.PauseSandbox;
import io.sandboxd.lifecycle.ReadSecurity;
import io.sandboxd.lifecycle.StageTimes;
import io.sandboxd.lifecycle.StartSandbox;
import io.sandboxd.lifecycle.UpdateSandbox;
import io.sandboxd.registry.Sandbox;
import io.sandboxd.registry.SandboxRegistry;
import io.sandboxd.sandbox.KillRequest;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.SandboxState;
import io.sandboxd.sandbox.SandboxStatus;
import io.sandboxd.sandbox.json.SpecJson;
import io.sandboxd.sandbox.rules.SandboxPatch;
import io.sandboxd.sandbox.rules.SpecValidator;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Arrays;
import java.util.List;

/** Sandboxes as resources. */
@Path("/v1/sandboxes")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class SandboxResource {
  /** How long which stage took (W3C Server Timing). */
  static final String SERVER_TIMING = "Server-Timing";

  /** The answer of a list. */
  public record SandboxList(List<SandboxStatus> sandboxes) {}

  /** The answer of a list of namespaces. */
  public record NamespaceList(List<ListNamespaces.Shared> namespaces) {}

  private final SandboxRegistry registry;
  private final SpecValidator validator;
  private final LaunchSandbox launch;
  private final ExplainSandbox explain;
  private final StartSandbox start;
  private final KillSandbox kill;
  private final PauseSandbox pause;
  private final UpdateSandbox update;
  private final DeleteSandbox delete;
  private final ListNamespaces namespaces;
  private final ReadSecurity security;

  SandboxResource(
      SandboxRegistry registry,
      SpecValidator validator,
      LaunchSandbox launch,
      ExplainSandbox explain,
      StartSandbox start,
      KillSandbox kill,
      PauseSandbox pause,
      UpdateSandbox update,
      DeleteSandbox delete,
      ListNamespaces namespaces,
      ReadSecurity security) {
    this.registry = registry;
    this.validator = validator;
    this.launch = launch;
    this.explain = explain;
    this.start = start;
    this.kill = kill;
    this.pause = pause;
    this.update = update;
    this.delete = delete;
    this.namespaces = namespaces;
    this.security = security;
  }

  @POST
  public Response create(
      SandboxSpec spec,
      @HeaderParam(InputRoute.KEY_HEADER) String key,
      @QueryParam("start") String start,
      @QueryParam("dryRun") String dryRun,
      @Context RoutingContext http) {
    Call call = Call.of(http);
    boolean andStart = Query.flag("start", start);
    boolean onlyExplain = Query.flag("dryRun", dryRun);
    StageTimes times = new StageTimes();
    validator.check(spec);
    if (onlyExplain) {
      return Response.ok(explain.explain(spec, call.caller())).build();
    }
    RequestKey same =
        Query.key(key) == null ? null : RequestKey.of(key, SpecJson.write(List.of(andStart, spec)));
    Sandbox sandbox = launch.launch(spec, andStart, same, call.caller(), times);
    call.about(sandbox);
    return Response.created(URI.create("/v1/sandboxes/" + sandbox.name()))
        .header(SERVER_TIMING, times.header())
        .entity(sandbox.shown())
        .build();
  }

  @GET
  public SandboxList list(
      @QueryParam("label") List<String> labels,
      @QueryParam("state") List<String> states,
      @Context RoutingContext http) {
    states.forEach(SandboxResource::requireState);
    return new SandboxList(
        registry.all(Call.of(http).caller()).stream()
            .filter(s -> labels.stream().allMatch(label -> hasLabel(s, label)))
            .filter(s -> states.isEmpty() || states.contains(s.state().word()))
            .map(Sandbox::shown)
            .toList());
  }

  private static void requireState(String word) {
    List<String> words = Arrays.stream(SandboxState.values()).map(SandboxState::word).toList();
    if (!words.contains(word)) {
      throw SandboxException.invalid("state", "must be one of " + String.join(", ", words));
    }
  }

  /** {@code k=v}, or {@code k} for any value. */
  private static boolean hasLabel(Sandbox sandbox, String label) {
    int equals = label.indexOf('=');
    String key = equals < 0 ? label : label.substring(0, equals);
    String value = sandbox.status().labels().get(key);
    return value != null && (equals < 0 || value.equals(label.substring(equals + 1)));
  }

  @GET
  @Path("{name}")
  public SandboxStatus inspect(@Context RoutingContext http) {
    return Call.of(http).sandbox().shown();
  }

  @PATCH
  @Path("{name}")
  @Consumes({MediaType.APPLICATION_JSON, JsonBodies.MERGE_PATCH})
  public SandboxStatus update(JsonNode patch, @Context RoutingContext http) {
    Call call = Call.of(http);
    return update
        .update(
            call.sandbox(), current -> SandboxPatch.of(current, patch, validator), call.caller())
        .shown();
  }

  @DELETE
  @Path("{name}")
  public void delete(@QueryParam("force") String force, @Context RoutingContext http) {
    Call call = Call.of(http);
    delete.delete(call.sandbox(), Query.flag("force", force), call.peer().name());
  }

  @POST
  @Path("{name}/start")
  public SandboxStatus start(@Context RoutingContext http) {
    Call call = Call.of(http);
    StageTimes times = new StageTimes();
    Sandbox sandbox = start.start(call.sandbox(), call.caller(), times);
    http.response().putHeader(SERVER_TIMING, times.header());
    return sandbox.shown();
  }

  @POST
  @Path("{name}/kill")
  public void kill(KillRequest request, @Context RoutingContext http) {
    Call call = Call.of(http);
    validator.check(request);
    kill.kill(call.sandbox(), request, call.peer().name());
  }

  @POST
  @Path("{name}/pause")
  public SandboxStatus pause(@Context RoutingContext http) {
    return pause.pause(Call.of(http).sandbox()).shown();
  }

  @POST
  @Path("{name}/resume")
  public SandboxStatus resume(@Context RoutingContext http) {
    return pause.resume(Call.of(http).sandbox()).shown();
  }

  @GET
  @Path("{name}/namespaces")
  public NamespaceList namespaces(@Context RoutingContext http) {
    Call call = Call.of(http);
    return new NamespaceList(namespaces.list(call.sandbox(), call.caller()));
  }

  @GET
  @Path("{name}/security")
  public ReadSecurity.Security security(
      @QueryParam("process") String process, @Context RoutingContext http) {
    return security.read(Call.of(http).sandbox(), process);
  }
}
