package io.sandboxd.api;

import io.sandboxd.lifecycle.Links;
import io.sandboxd.sandbox.net.LinkSpec;
import io.sandboxd.sandbox.net.LinkStatus;
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

/** Links as resources. */
@Path("/v1/links")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
public class LinkResource {
  /** The answer of a list. */
  public record LinkList(List<LinkStatus> links) {}

  private final SpecValidator validator;
  private final Links links;

  LinkResource(SpecValidator validator, Links links) {
    this.validator = validator;
    this.links = links;
  }

  @POST
  public Response create(LinkSpec spec, @Context RoutingContext http) {
    validator.check(spec);
    LinkStatus link = links.create(spec, Call.of(http).caller());
    return Response.created(URI.create("/v1/links/" + link.name())).entity(link).build();
  }

  @GET
  public LinkList list(@Context RoutingContext http) {
    return new LinkList(links.all(Call.of(http).caller()));
  }

  @GET
  @Path("{link}")
  public LinkStatus inspect(@Context RoutingContext http) {
    Call call = Call.of(http);
    return links.require(call.subject(), call.caller());
  }

  @DELETE
  @Path("{link}")
  public void delete(@Context RoutingContext http) {
    Call call = Call.of(http);
    links.delete(call.subject(), call.caller());
  }
}
