package io.sandboxd.events;

import java.time.Instant;

/**
 * A call that changes something, or was to: who made it, and what came of it. Nothing that a client
 * may make as long as it likes is in it.
 *
 * @param time when it began
 * @param pid of the caller when it connected
 * @param unit systemd's unit of the caller; null if it has none or is gone
 * @param method of HTTP
 * @param path as the API's description has it, such as {@code /v1/sandboxes/{name}}; null for one
 *     that is not in it
 * @param name by which a sandbox, a network or a link was asked for, whether there is one or not;
 *     null for none
 * @param process likewise
 * @param status of the answer; null if there was none
 * @param code of the problem; null for a success
 * @param durationMillis from the request's head to the answer's end
 */
public record AuditedCall(
    Instant time,
    long uid,
    long gid,
    int pid,
    String unit,
    String method,
    String path,
    String name,
    String process,
    Integer status,
    String code,
    long durationMillis) {}
