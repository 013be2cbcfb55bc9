/**
 * The model: what clients ask for ({@link io.sandboxd.sandbox.SandboxSpec}, {@link
 * io.sandboxd.sandbox.ExecRequest}), what they are answered ({@link
 * io.sandboxd.sandbox.SandboxStatus}, {@link io.sandboxd.sandbox.ProcessStatus}), the states and
 * the errors between, and the kernel's tables of names. Immutable values, without input and output.
 *
 * <p>{@code json} reads and writes them, {@code constraints} says what one value may be, {@code
 * rules} what goes together.
 */
package io.sandboxd.sandbox;
