/**
 * How the model is read from and written to JSON, strictly: nothing unknown, doubled or of another
 * type passes.
 */
package io.sandboxd.sandbox.json;
