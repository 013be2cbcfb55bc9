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

    /** An event without data is none (9.2.6): EventSource keeps its id and calls nobody. */
    @Override
    Buffer position(long id) {
      return Buffer.buffer("id: " + id + "\n\n");
    }
  },
  /** One JSON object a line. */
  NDJSON("application/x-ndjson") {
    @Override
    void write(Buffer to, String id, String type, byte[] json) {
      to.appendBytes(json).appendString("\n");
    }

    /** There is nothing in it that is no line of JSON, and not all readers take an empty line. */
    @Override
    Buffer position(long id) {
      return Buffer.buffer();
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

  /**
   * Tells the client how far it has come, so that it can come back there although nothing that it
   * wanted has happened; empty if there is no such thing.
   *
   * @param id of the event that it has seen, or did not want, with all before
   */
  abstract Buffer position(long id);

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
