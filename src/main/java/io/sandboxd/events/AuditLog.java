package io.sandboxd.events;

/**
 * The history of the calls, apart from that of the sandboxes: whoever makes many calls that fail
 * must not push out what happened to the sandboxes of others.
 *
 * @param log for {@link EventType#AUDIT} alone
 */
public record AuditLog(EventLog log) {}
