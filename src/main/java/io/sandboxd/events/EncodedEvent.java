package io.sandboxd.events;

import io.sandboxd.sandbox.Owner;
import io.sandboxd.sandbox.json.SpecJson;

/**
 * An event as it is kept: encoded once, however many read it.
 *
 * @param owner who may know of it beside the admins; null for nobody
 * @param json in one line, without its end; nobody's to change
 */
public record EncodedEvent(
    long id, EventType type, String sandboxId, String sandboxName, Owner owner, byte[] json) {
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
        owner(event),
        json);
  }

  /** A call is its caller's, whoever's the sandbox is. */
  private static Owner owner(Event event) {
    if (event.call() != null) {
      return new Owner(event.call().uid(), event.call().gid());
    }
    return event.sandbox() == null ? null : event.sandbox().owner();
  }

  Event decoded() {
    return SpecJson.read(json, Event.class);
  }
}
