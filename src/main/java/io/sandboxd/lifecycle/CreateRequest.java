package io.sandboxd.lifecycle;

import io.sandboxd.cgroup.DeviceRule;
import io.sandboxd.sandbox.Caller;
import io.sandboxd.sandbox.RequestKey;
import io.sandboxd.sandbox.Resources;
import io.sandboxd.sandbox.SandboxSpec;
import java.util.List;

/**
 * A create that nothing is to be said against any more.
 *
 * @param spec as it was admitted
 * @param resources with the defaults
 * @param allowed devices; null for all
 * @param ephemeral goes with this request
 * @param key null for none
 */
record CreateRequest(
    SandboxSpec spec,
    Resources resources,
    List<DeviceRule> allowed,
    boolean ephemeral,
    RequestKey key,
    Caller caller,
    StageTimes times) {}
