package io.sandboxd.api;

import io.sandboxd.lifecycle.CreateNetwork;
import io.sandboxd.lifecycle.DeleteNetwork;
import io.sandboxd.lifecycle.ListNetworks;
import io.sandboxd.sandbox.net.NetworkRequest;
import io.sandboxd.sandbox.net.NetworkStatus;
import io.sandboxd.sandbox.rules.SpecValidator;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.List;

/** Networks as resources. */
@Path("/v1/networks")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class NetworkResource {
  /** The answer of a list. */
  public record NetworkList(List<NetworkStatus> networks) {}

  private final SpecValidator validator;
  private final CreateNetwork create;
  private final ListNetworks list;
  private final DeleteNetwork delete;

  NetworkResource(
      SpecValidator validator, CreateNetwork create, ListNetworks list, DeleteNetwork delete) {
    this.validator = validator;
    this.create = create;
    this.list = list;
    this.delete = delete;
  }

  @POST
  public Response create(NetworkRequest request, @Context RoutingContext http) {
    validator.check(request);
    NetworkStatus network = create.create(request, Call.of(http).caller());
    return Response.created(URI.create("/v1/networks/" + network.name()))
        .entity(network.with(List.of()))
        .build();
  }

  @GET
  public NetworkList list(@Context RoutingContext http) {
    return new NetworkList(list.all(Call.of(http).caller()));
  }

  @GET
  @Path("{network}")
  public NetworkStatus inspect(@Context RoutingContext http) {
    Call call = Call.of(http);
    return list.require(call.subject(), call.caller());
  }

  @DELETE
  @Path("{network}")
  public void delete(@Context RoutingContext http) {
    delete.delete(Call.of(http).subject());
  }
}
