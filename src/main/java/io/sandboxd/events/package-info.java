/**
 * What has happened, in order: every change of a sandbox and of its processes is one {@link
 * io.sandboxd.events.Event} of the {@link io.sandboxd.events.EventLog}. It numbers them, puts them
 * on file, and keeps the latest for those who ask later.
 */
package io.sandboxd.events;
