package io.sandboxd.sandbox;

import com.fasterxml.jackson.annotation.JsonValue;

/** A number of bytes, 0 or more. In JSON an integer, or a string with a unit ({@code "64Mi"}, {@code "64M"}). */
public record ByteSize(@JsonValue long bytes) {}
