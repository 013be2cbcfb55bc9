package io.sandboxd.daemon;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyEventExecutorMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.util.stream.Stream;

/**
 * What {@code /q/metrics} says of the daemon as a process. Quarkus would bind the same before the
 * first request is served, a tenth of the whole start.
 */
@Singleton
final class DaemonMetrics {
  private final MeterRegistry registry;
  private final Vertx vertx;

  DaemonMetrics(MeterRegistry registry, Vertx vertx) {
    this.registry = registry;
    this.vertx = vertx;
  }

  /** Once, when the daemon serves. */
  @SuppressWarnings("resource") // what listens for collections of garbage does so until the end
  void bind() {
    Stream.<MeterBinder>of(
            new ClassLoaderMetrics(),
            new JvmGcMetrics(),
            new JvmInfoMetrics(),
            new JvmMemoryMetrics(),
            new JvmThreadMetrics(),
            new FileDescriptorMetrics(),
            new ProcessorMetrics(),
            new UptimeMetrics(),
            new NettyEventExecutorMetrics(vertx.nettyEventLoopGroup()))
        .forEach(binder -> binder.bindTo(registry));
  }
}
