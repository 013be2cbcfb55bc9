package io.sandboxd.api;

import io.netty.channel.EventLoop;
import io.sandboxd.sandbox.json.SpecJson;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.core.ResteasyReactiveRequestContext;
import org.jboss.resteasy.reactive.server.core.ServerSerialisers;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyReader;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/** Reads and writes the contract's JSON, as the model has it and not as the framework would. */
@Provider
@Consumes({MediaType.APPLICATION_JSON, JsonBodies.MERGE_PATCH})
@Produces(MediaType.APPLICATION_JSON)
public final class JsonBodies
    implements ServerMessageBodyReader<Object>, ServerMessageBodyWriter<Object> {
  /** RFC 7396. */
  static final String MERGE_PATCH = "application/merge-patch+json";

  /** An answer that is JSON already. */
  record Written(byte[] json) {}

  private final Memory memory;

  JsonBodies(Memory memory) {
    this.memory = memory;
  }

  @Override
  public boolean isReadable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return true;
  }

  @Override
  public Object readFrom(
      Class<Object> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, String> headers,
      InputStream body)
      throws IOException {
    return SpecJson.read(body.readAllBytes(), type);
  }

  @Override
  public boolean isReadable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return true;
  }

  /** Without the annotations of the parameter, which Java parses anew for each who asks. */
  @Override
  public Object readFrom(
      Class<Object> type, Type genericType, MediaType mediaType, ServerRequestContext context)
      throws IOException {
    return SpecJson.read(context.getInputStream().readAllBytes(), type);
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return true;
  }

  @Override
  public void writeTo(
      Object value,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream body)
      throws IOException {
    body.write(SpecJson.write(value));
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return true;
  }

  /** As a whole, for no thread is to wait until a client has read it. */
  @Override
  public void writeResponse(Object value, Type genericType, ServerRequestContext context) {
    byte[] body = value instanceof Written written ? written.json() : SpecJson.write(value);
    ResteasyReactiveRequestContext request = (ResteasyReactiveRequestContext) context;
    // Here, as the request's context is gone by the time that the event loop writes them.
    ServerSerialisers.encodeResponseHeaders(request);
    request.serverResponse().setPreCommitListener(null);
    RoutingContext http = request.serverRequest().unwrap(RoutingContext.class);
    memory.answer(http, body.length, () -> end(http, Buffer.buffer(body)));
  }

  /** Both its parts, to write and to be done with the request, in one visit to the event loop. */
  private static void end(RoutingContext http, Buffer body) {
    EventLoop loop = ((ConnectionBase) http.request().connection()).channel().eventLoop();
    if (loop.inEventLoop()) {
      http.response().end(body);
    } else {
      loop.execute(() -> http.response().end(body));
    }
  }
}
