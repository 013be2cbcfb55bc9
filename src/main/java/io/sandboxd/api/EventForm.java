package io.sandboxd.api;

import io.sandboxd.events.EncodedEvent;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.vertx.core.buffer.Buffer;
import java.util.Locale;

/** How events are written to a client. */
enum EventForm {
  /** Server-Sent Events (WHATWG HTML, 9.2), which every browser can read. */
  SSE("text/event-stream") {
    @Override
    void write(Buffer to, String id, String type, byte[] json) {
      if (id != null) {
        to.appendString("id: ").appendString(id).appendString("\n");
      }
      to.appendString("event: ").appendString(type).appendString("\n");
      to.appendString("data: ").appendBytes(json).appendString("\n\n");
    }

    @Override
    Buffer heartbeat() {
      return Buffer.buffer(":\n\n");
    }
  },
  /** One JSON object a line. */
  NDJSON("application/x-ndjson") {
    @Override
    void write(Buffer to, String id, String type, byte[] json) {
      to.appendBytes(json).appendString("\n");
    }

    /** There are no comments in it, and not all readers take an empty line. */
    @Override
    Buffer heartbeat() {
      return null;
    }
  };

  private final String mediaType;

  EventForm(String mediaType) {
    this.mediaType = mediaType;
  }

  String mediaType() {
    return mediaType;
  }

  /**
   * @param id by which the client may come back; null: it may not
   * @param json in one line
   */
  abstract void write(Buffer to, String id, String type, byte[] json);

  void write(Buffer to, EncodedEvent event) {
    write(to, Long.toString(event.id()), event.type().word(), event.json());
  }

  /** Shows who is in between that the connection is in use; null if there is no such thing. */
  abstract Buffer heartbeat();

  /**
   * The first of those that the header Accept names; SSE for whoever takes anything.
   *
   * @throws SandboxException {@code not_acceptable}
   */
  static EventForm of(String accept) {
    if (accept == null) {
      return SSE;
    }
    for (String range : accept.split(",")) {
      String type = range.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
      if (type.equals("*/*") || type.equals("text/*")) {
        return SSE;
      }
      for (EventForm form : values()) {
        if (form.mediaType.equals(type)) {
          return form;
        }
      }
    }
    throw new SandboxException(
        ErrorCode.NOT_ACCEPTABLE,
        "Events can be had as " + SSE.mediaType + " or " + NDJSON.mediaType + ".");
  }
}
