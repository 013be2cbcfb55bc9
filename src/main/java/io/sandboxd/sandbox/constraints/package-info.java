/**
 * What a single value may be, as constraint annotations. They know nothing of the model that uses
 * them.
 */
package io.sandboxd.sandbox.constraints;
