package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.sandboxd.sandbox.ProcessSpec.Rlimit;
import java.io.IOException;
import java.util.List;

/** A limit is a number or {@code "unlimited"} for both, or {@code {"soft": …, "hard": …}}. */
final class RlimitForm {
  private static final String UNLIMITED = "unlimited";

  private RlimitForm() {}

  static final class Reader extends JsonDeserializer<Rlimit> {
    @Override
    public Rlimit deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (!parser.isExpectedStartObjectToken()) {
        long both = value(parser, "must be a number, \"unlimited\" or {\"soft\": …, \"hard\": …}");
        return new Rlimit(both, both);
      }
      Long soft = null;
      Long hard = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "soft" -> soft = part(parser, name);
          case "hard" -> hard = part(parser, name);
          default ->
              throw UnrecognizedPropertyException.from(
                  parser, Rlimit.class, name, List.<Object>of("soft", "hard"));
        }
      }
      if (soft == null || hard == null) {
        throw new RefusedValueException(parser, "must have both soft and hard");
      }
      return new Rlimit(soft, hard);
    }

    private static long part(JsonParser parser, String name) throws IOException {
      try {
        return value(parser, "must be a number or \"unlimited\"");
      } catch (RefusedValueException e) {
        e.prependPath(Rlimit.class, name);
        throw e;
      }
    }

    private static long value(JsonParser parser, String expected) throws IOException {
      JsonToken token = parser.currentToken();
      if (token == JsonToken.VALUE_STRING && parser.getText().equals(UNLIMITED)) {
        return Rlimit.UNLIMITED;
      }
      boolean fits =
          token == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      // -1 is how unlimited is held inside; outside it has one name only.
      if (!fits || parser.getLongValue() < 0) {
        throw new RefusedValueException(parser, expected);
      }
      return parser.getLongValue();
    }
  }

  static final class Writer extends JsonSerializer<Rlimit> {
    @Override
    public void serialize(Rlimit limit, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      if (limit.soft() == limit.hard()) {
        write(limit.soft(), json);
        return;
      }
      json.writeStartObject();
      json.writeFieldName("soft");
      write(limit.soft(), json);
      json.writeFieldName("hard");
      write(limit.hard(), json);
      json.writeEndObject();
    }

    private static void write(long value, JsonGenerator json) throws IOException {
      if (value == Rlimit.UNLIMITED) {
        json.writeString(UNLIMITED);
      } else {
        json.writeNumber(value);
      }
    }
  }
}
