package io.sandboxd.events;

import io.sandboxd.sandbox.json.SpecJson;

/**
 * An event as it is kept: encoded once, however many read it.
 *
 * @param json in one line, without its end; nobody's to change
 */
public record EncodedEvent(
    long id, EventType type, String sandboxId, String sandboxName, byte[] json) {
  static EncodedEvent of(Event event) {
    return of(event, SpecJson.write(event));
  }

  static EncodedEvent of(Event event, byte[] json) {
    Event.Subject sandbox = event.sandbox();
    return new EncodedEvent(
        event.id(),
        event.type(),
        sandbox == null ? null : sandbox.id(),
        sandbox == null ? null : sandbox.name(),
        json);
  }

  Event decoded() {
    return SpecJson.read(json, Event.class);
  }
}
