/**
 * Plans told as the commands of a shell that come to the same: unshare(1), nsenter(1), mount(8),
 * ip(8), setpriv(1). For people who want to understand, or to try by hand; nothing here is run.
 */
package io.sandboxd.launch.shell;
