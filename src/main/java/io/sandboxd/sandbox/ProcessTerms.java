package io.sandboxd.sandbox;

import java.time.Instant;

/**
 * What the daemon has to keep to with a process as long as it is known, also after a restart.
 *
 * @param retention bytes of each output stream to keep, at its end
 * @param head bytes of each output stream to keep at its beginning, for the answer of an exec that
 *     waits
 * @param deadline when its time is up; null: never
 * @param ownCgroup whether it has limits of its own
 * @param key by which a client can ask for the same exec again (Idempotency-Key); null: none
 * @param digest of the request that came with the key
 */
public record ProcessTerms(
    long retention, long head, Instant deadline, boolean ownCgroup, String key, String digest) {}
