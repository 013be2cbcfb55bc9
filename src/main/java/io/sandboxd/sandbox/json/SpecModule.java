package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.sandboxd.sandbox.ByteSize;
import io.sandboxd.sandbox.Durations;
import io.sandboxd.sandbox.IdOrName;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import io.sandboxd.sandbox.SandboxSpec.Namespaces;
import io.sandboxd.sandbox.Signal;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;

/** The values whose JSON is not simply their fields. */
final class SpecModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  SpecModule() {
    super("sandboxd");
    addDeserializer(
        ByteSize.class,
        new ScalarForm<>(ByteSize.class, "a size: an integer of bytes or a string such as \"64Mi\"")
            .ofString(ByteSize::parse)
            .ofInteger(ByteSize::new));
    NetworkForms.addTo(this);
    addDeserializer(
        Duration.class,
        new ScalarForm<>(
                Duration.class, "a duration: a number of seconds or a string such as \"30s\"")
            .ofString(Durations::parse)
            .ofDecimal(Durations::ofSeconds));
    addSerializer(Duration.class, new DurationWriter());
    addDeserializer(
        Instant.class,
        new ScalarForm<>(Instant.class, "a time as in RFC 3339").ofString(SpecModule::instant));
    addSerializer(Instant.class, new InstantWriter());
    addDeserializer(
        IdOrName.class,
        new ScalarForm<>(IdOrName.class, "a number or a name")
            .ofString(IdOrName::parse)
            .ofInteger(IdOrName::of));
    addDeserializer(
        Signal.class,
        new ScalarForm<>(Signal.class, "a signal's name or number")
            .ofString(Signal::parse)
            .ofInteger(SpecModule::signal));
    // Jackson's own takes "NaN" and "INF" for numbers.
    addDeserializer(
        Double.class,
        new ScalarForm<>(Double.class, "a number").ofDecimal(BigDecimal::doubleValue));
    addDeserializer(NamespaceSource.class, new NamespaceForms.SourceReader());
    addSerializer(NamespaceSource.class, new NamespaceForms.SourceWriter());
    addDeserializer(Namespaces.class, new NamespaceForms.NamespacesReader());
    addSerializer(Namespaces.class, new NamespaceForms.NamespacesWriter());
    addDeserializer(Rlimit.class, new RlimitForm.Reader());
    addSerializer(Rlimit.class, new RlimitForm.Writer());
    SeccompForms.addTo(this);
  }

  private static Signal signal(long number) {
    return new Signal((int) Math.max(0, Math.min(number, Integer.MAX_VALUE)));
  }

  private static Instant instant(String text) {
    try {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "must be a time as in RFC 3339, such as 2030-01-31T12:00:00Z", e);
    }
  }

  /** Seconds, as an integer where it is one. */
  private static final class DurationWriter extends JsonSerializer<Duration> {
    @Override
    public void serialize(Duration value, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      if (value.getNano() == 0) {
        json.writeNumber(value.getSeconds());
      } else {
        json.writeNumber(Durations.toSeconds(value));
      }
    }
  }

  /** RFC 3339 in UTC. */
  private static final class InstantWriter extends JsonSerializer<Instant> {
    @Override
    public void serialize(Instant value, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(value.toString());
    }
  }
}
