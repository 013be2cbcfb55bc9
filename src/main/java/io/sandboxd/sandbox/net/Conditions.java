package io.sandboxd.sandbox.net;

import java.time.Duration;

/** (its branch) */
public record Conditions(BitRate rate, Duration delay, Duration jitter, Double loss) {}
