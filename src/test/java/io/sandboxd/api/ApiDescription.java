package io.sandboxd.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.NonValidationKeyword;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** openapi.yaml, to be held against what the daemon does. */
public final class ApiDescription {
  /** One method of one path. */
  public record Operation(String method, String path, JsonNode tree) {}

  private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
  private static final String ID = "https://sandboxd/openapi";

  private final JsonNode root;
  private final JsonSchemaFactory schemas;

  private ApiDescription(JsonNode root) {
    this.root = root;
    // The whole description is one document to the validator; most of it is no schema.
    JsonMetaSchema tolerant =
        JsonMetaSchema.builder(JsonMetaSchema.getV202012())
            .unknownKeywordFactory((keyword, context) -> new NonValidationKeyword(keyword))
            .build();
    this.schemas =
        JsonSchemaFactory.builder(JsonSchemaFactory.getInstance(VersionFlag.V202012))
            .metaSchema(tolerant)
            .schemaLoaders(loaders -> loaders.schemas(Map.of(ID, root.toString())))
            .build();
  }

  public static ApiDescription read() {
    try {
      return new ApiDescription(
          new YAMLMapper().readTree(Files.readString(Path.of("openapi.yaml"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public JsonNode root() {
    return root;
  }

  public JsonNode schema(String name) {
    return root.at("/components/schemas/" + name);
  }

  public List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : root.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        if (METHODS.contains(method.getKey())) {
          operations.add(new Operation(method.getKey(), path.getKey(), method.getValue()));
        }
      }
    }
    return operations;
  }

  /** The operation that a request is for; empty if the description has none. */
  public Optional<Operation> find(String method, String path) {
    return operations().stream()
        .filter(o -> o.method().equalsIgnoreCase(method))
        .filter(o -> path.matches(o.path().replaceAll("\\{\\w+}", "[^/]+")))
        .findFirst();
  }

  /** The parameters of an operation and of its path, references followed. */
  public List<JsonNode> parameters(Operation operation) {
    List<JsonNode> parameters = new ArrayList<>();
    root.path("paths").path(operation.path()).path("parameters").forEach(parameters::add);
    operation.tree().path("parameters").forEach(parameters::add);
    return parameters.stream().map(this::resolve).toList();
  }

  /** What the description says of an answer with this status, or of any other. */
  public JsonNode response(Operation operation, int status) {
    JsonNode responses = operation.tree().path("responses");
    return resolve(responses.path(responses.has("" + status) ? "" + status : "default"));
  }

  public JsonNode resolve(JsonNode node) {
    return node.has("$ref") ? root.at(node.path("$ref").asText().substring(1)) : node;
  }

  /** Where a value is not as a schema within the description asks for. */
  public List<String> faults(JsonNode value, JsonNode schema) {
    String reference = schema.path("$ref").asText();
    JsonSchema compiled =
        reference.isEmpty()
            ? schemas.getSchema(schema, config())
            : schemas.getSchema(SchemaLocation.of(ID + reference), config());
    return compiled.validate(value).stream().map(ValidationMessage::toString).sorted().toList();
  }

  private static SchemaValidatorsConfig config() {
    return SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
  }

  public static Set<String> names(JsonNode object) {
    return object.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
  }

  public static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
