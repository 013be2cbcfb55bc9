package io.sandboxd.sandbox.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.sandboxd.sandbox.NamespaceSource;
import io.sandboxd.sandbox.NamespaceType;
import io.sandboxd.sandbox.SandboxSpec.Namespaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * {@code "new"}, {@code "host"}, {@code {"sandbox": …}}, {@code {"path": …}}, and the object of one
 * for each type.
 */
final class NamespaceForms {
  private static final String DEFAULT = "default";

  private NamespaceForms() {}

  static final class SourceReader extends JsonDeserializer<NamespaceSource> {
    @Override
    public NamespaceSource deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonToken token = parser.currentToken();
      if (token == JsonToken.VALUE_STRING) {
        return switch (parser.getText()) {
          case "new" -> NamespaceSource.NEW;
          case "host" -> NamespaceSource.HOST;
          default -> throw refused(parser);
        };
      }
      if (token != JsonToken.START_OBJECT) {
        throw refused(parser);
      }
      NamespaceSource source = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (!name.equals("sandbox") && !name.equals("path")) {
          throw unknown(parser, NamespaceSource.class, name, List.of("sandbox", "path"));
        }
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
          throw at(new RefusedValueException(parser, "must be a string"), name);
        }
        if (source != null) {
          throw new RefusedValueException(parser, "can have sandbox or path, not both");
        }
        source =
            name.equals("path")
                ? new NamespaceSource.OfPath(parser.getText())
                : new NamespaceSource.OfSandbox(parser.getText());
      }
      if (source == null) {
        throw refused(parser);
      }
      return source;
    }

    private static RefusedValueException refused(JsonParser parser) {
      return new RefusedValueException(
          parser, "must be \"new\", \"host\", {\"sandbox\": NAME} or {\"path\": FILE}");
    }
  }

  static final class SourceWriter extends JsonSerializer<NamespaceSource> {
    @Override
    public void serialize(NamespaceSource source, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      if (source.isNew() || source.isHost()) {
        json.writeString(source.isNew() ? "new" : "host");
        return;
      }
      json.writeStartObject();
      if (source instanceof NamespaceSource.OfSandbox other) {
        json.writeStringField("sandbox", other.sandbox());
      } else if (source instanceof NamespaceSource.OfPath file) {
        json.writeStringField("path", file.path());
      }
      json.writeEndObject();
    }
  }

  static final class NamespacesReader extends JsonDeserializer<Namespaces> {
    /** Asked by the type, Jackson would make one for each value. */
    private static final SourceReader SOURCES = new SourceReader();

    @Override
    public Namespaces deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (!parser.isExpectedStartObjectToken()) {
        throw new RefusedValueException(parser, "must be an object");
      }
      NamespaceSource otherwise = null;
      Map<NamespaceType, NamespaceSource> byType = new EnumMap<>(NamespaceType.class);
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        NamespaceType type = NamespaceType.find(name).orElse(null);
        if (type == null && !name.equals(DEFAULT)) {
          throw unknown(parser, Namespaces.class, name, names());
        }
        NamespaceSource source = null;
        if (parser.nextToken() != JsonToken.VALUE_NULL) {
          try {
            source = SOURCES.deserialize(parser, context);
          } catch (JsonMappingException e) {
            throw at(e, name);
          }
        }
        if (type == null) {
          otherwise = source;
        } else if (source != null) {
          byType.put(type, source);
        }
      }
      return new Namespaces(otherwise, byType);
    }

    private static List<Object> names() {
      List<Object> names = new ArrayList<>();
      names.add(DEFAULT);
      for (NamespaceType type : NamespaceType.values()) {
        names.add(type.word());
      }
      return names;
    }
  }

  static final class NamespacesWriter extends JsonSerializer<Namespaces> {
    @Override
    public void serialize(Namespaces namespaces, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeStartObject();
      if (namespaces.otherwise() != null) {
        provider.defaultSerializeField(DEFAULT, namespaces.otherwise(), json);
      }
      for (NamespaceType type : NamespaceType.values()) {
        NamespaceSource source = namespaces.byType().get(type);
        if (source != null) {
          provider.defaultSerializeField(type.word(), source, json);
        }
      }
      json.writeEndObject();
    }
  }

  private static UnrecognizedPropertyException unknown(
      JsonParser parser, Class<?> type, String name, List<Object> known) {
    return UnrecognizedPropertyException.from(parser, type, name, known);
  }

  private static <E extends JsonMappingException> E at(E failure, String field) {
    failure.prependPath(Namespaces.class, field);
    return failure;
  }
}
