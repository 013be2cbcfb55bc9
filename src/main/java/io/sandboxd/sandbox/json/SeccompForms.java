package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.sandboxd.sandbox.Seccomp;
import io.sandboxd.sandbox.SeccompArchitecture;
import io.sandboxd.sandbox.SeccompProfile;
import java.io.IOException;

/** {@code "default"}, {@code "unconfined"}, or a profile. */
final class SeccompForms {
  private static final String DEFAULT = "default";
  private static final String UNCONFINED = "unconfined";

  private SeccompForms() {}

  static void addTo(SimpleModule module) {
    module.addDeserializer(Seccomp.class, new Reader());
    module.addSerializer(Seccomp.Default.class, new Writer<>(DEFAULT));
    module.addSerializer(Seccomp.Unconfined.class, new Writer<>(UNCONFINED));
    module.addDeserializer(
        SeccompProfile.Action.class,
        new ScalarForm<>(SeccompProfile.Action.class, "a string, such as \"SCMP_ACT_ERRNO\"")
            .ofString(SeccompProfile.Action::parse));
    module.addDeserializer(
        SeccompProfile.Operator.class,
        new ScalarForm<>(SeccompProfile.Operator.class, "a string, such as \"SCMP_CMP_EQ\"")
            .ofString(SeccompProfile.Operator::parse));
    module.addDeserializer(
        SeccompProfile.Flag.class,
        new ScalarForm<>(SeccompProfile.Flag.class, "a string, such as \"SECCOMP_FILTER_FLAG_LOG\"")
            .ofString(SeccompProfile.Flag::parse));
    module.addDeserializer(
        SeccompArchitecture.class,
        new ScalarForm<>(SeccompArchitecture.class, "a string, such as \"SCMP_ARCH_X86\"")
            .ofString(SeccompArchitecture::parse));
  }

  private static final class Reader extends JsonDeserializer<Seccomp> {
    @Override
    public Seccomp deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonToken token = parser.currentToken();
      if (token == JsonToken.START_OBJECT) {
        return context.readValue(parser, SeccompProfile.class);
      }
      if (token == JsonToken.VALUE_STRING && parser.getText().equals(DEFAULT)) {
        return Seccomp.DEFAULT;
      }
      if (token == JsonToken.VALUE_STRING && parser.getText().equals(UNCONFINED)) {
        return Seccomp.UNCONFINED;
      }
      throw new RefusedValueException(
          parser, "must be \"default\", \"unconfined\" or an object: a profile");
    }
  }

  private static final class Writer<T> extends JsonSerializer<T> {
    private final String word;

    Writer(String word) {
      this.word = word;
    }

    @Override
    public void serialize(T value, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(word);
    }
  }
}
