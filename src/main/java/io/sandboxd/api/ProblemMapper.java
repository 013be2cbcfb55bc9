package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** Answers what a resource, or the search for one, throws. */
@Provider
public final class ProblemMapper implements ExceptionMapper<Throwable> {
  private final CurrentVertxRequest current;

  ProblemMapper(CurrentVertxRequest current) {
    this.current = current;
  }

  @Override
  public Response toResponse(Throwable failure) {
    if (failure instanceof WebApplicationException other
        && other.getResponse().getStatus() < Response.Status.BAD_REQUEST.getStatusCode()) {
      return other.getResponse();
    }
    Problem problem = Problem.of(failure);
    Call.failed(current.getCurrent(), problem.code());
    Response.ResponseBuilder response =
        Response.status(problem.status()).type(Problem.MEDIA_TYPE).entity(problem.json());
    if (failure instanceof WebApplicationException refused) {
      String allowed = refused.getResponse().getHeaderString(HttpHeaders.ALLOW);
      if (allowed != null) {
        response.header(HttpHeaders.ALLOW, allowed);
      }
    }
    return response.build();
  }
}
