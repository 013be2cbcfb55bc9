package io.sandboxd.sandbox.net;

/** What is kept under its name, a {@link io.sandboxd.sandbox.SandboxSpec#NAME}. */
public interface Named {
  String name();
}
