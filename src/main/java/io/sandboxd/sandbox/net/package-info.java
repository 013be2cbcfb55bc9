/** What is asked for of networks, and what is there: addresses, rates, interfaces, rules. */
package io.sandboxd.sandbox.net;
