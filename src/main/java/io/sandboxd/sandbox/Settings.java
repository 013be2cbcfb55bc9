package io.sandboxd.sandbox;

import io.sandboxd.sandbox.net.Cidr;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What the operator decides; fixed for the life of the daemon.
 *
 * @param socket where the API is served
 * @param socketGroup the group that may use it, by name; null leaves it to the daemon's own
 * @param stateDir live state of the sandboxes; on a file system that a reboot empties
 * @param cgroupRoot the cgroup below which those of the sandboxes are made, in every hierarchy in
 *     use
 * @param layerDir upper layers of overlay roots
 * @param idBase the first host id given to user namespaces, which get 65,536 each; a multiple of
 *     that
 * @param defaultLimits {@code memory.max} and {@code pids.max} of sandboxes that do not say; null
 *     for none
 * @param networkPool of which networks are that say no subnets, a {@code /24} each
 * @param pool how many blank sandboxes of a kind there may be for the creates to come; 0 for none
 * @param maxBody the longest request body, in bytes
 * @param idleTimeout how long a request may take to arrive, and a connection may be kept without
 *     one
 * @param maxConnections how many connections there may be; some of them are for admins alone
 * @param maxConnectionsPerUser how many of them one user may have who is no admin
 * @param outputRetention bytes of each output stream of a process that are kept if its spec does
 *     not say
 * @param keptProcesses how many processes of one sandbox are kept; beyond that those that have
 *     ended longest ago are forgotten
 * @param keptEvents how many events are kept for clients that come back; on file at least half as
 *     many
 * @param adminGroup whose members may do everything, by name; null: root alone
 * @param policy what all others may do
 */
public record Settings(
    Path socket,
    String socketGroup,
    Path stateDir,
    String cgroupRoot,
    Path layerDir,
    long idBase,
    Resources defaultLimits,
    Cidr networkPool,
    int pool,
    long maxBody,
    Duration idleTimeout,
    int maxConnections,
    int maxConnectionsPerUser,
    long outputRetention,
    int keptProcesses,
    int keptEvents,
    String adminGroup,
    Policy policy) {}
