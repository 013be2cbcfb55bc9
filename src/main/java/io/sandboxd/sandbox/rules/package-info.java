/**
 * What of a spec's parts goes together: each rule of the kernel and of the contract is one small
 * method.
 */
package io.sandboxd.sandbox.rules;
