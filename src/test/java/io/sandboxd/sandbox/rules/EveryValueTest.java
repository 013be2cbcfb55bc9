package io.sandboxd.sandbox.rules;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sandboxd.sandbox.ErrorCode;
import io.sandboxd.sandbox.SandboxException;
import io.sandboxd.sandbox.SandboxSpec;
import io.sandboxd.sandbox.Specs;
import io.sandboxd.sandbox.json.SpecJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** No field is forgotten: each value of a spec that has them all is put to the same tests. */
class EveryValueTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final ObjectMapper PLAIN = new ObjectMapper();

  /** One place in a document, which can be given another value. */
  private record Place(String name, JsonNode value, Consumer<JsonNode> set) {}

  @Test
  void noStringHidesANul() {
    eachString("\0", "a\0b", "/a\0b");
  }

  @Test
  void noStringHasHalfASurrogatePair() {
    eachString("/a\ud800", "\udc00a");
  }

  @Test
  void noStringIsEndless() {
    eachString("1".repeat(140_000), "/x".repeat(70_000));
  }

  private static void eachString(String... values) {
    int strings = 0;
    for (int i = 0; i < places(full()).size(); i++) {
      for (String value : values) {
        JsonNode document = full();
        Place place = places(document).get(i);
        if (place.value().isTextual()) {
          place.set().accept(JSON.textNode(value));
          assertRefused(document, place.name());
          strings++;
        }
      }
    }
    assertTrue(strings > 25 * values.length, "only " + strings);
  }

  @Test
  void noNameHidesANul() {
    for (String map :
        List.of("/labels", "/sysctls", "/process/env", "/process/rlimits", "/namespaces")) {
      for (String name : List.of("a\0", "\ud800", "x".repeat(4_000), "")) {
        JsonNode document = full();
        ((ObjectNode) document.at(map)).set(name, JSON.textNode("1"));
        if (!(map.equals("/process/env") && name.startsWith("x"))) {
          assertRefused(document, map);
        }
      }
    }
  }

  @Test
  void noNumberIsNegativeOrHuge() {
    int numbers = 0;
    for (int i = 0; i < places(full()).size(); i++) {
      for (String value :
          List.of("-1", "-9223372036854775808", "1e400", "99999999999999999999999999")) {
        JsonNode document = full();
        Place place = places(document).get(i);
        if (place.value().isNumber()) {
          place.set().accept(number(value));
          assertRefused(document, place.name());
          numbers++;
        }
      }
    }
    assertTrue(numbers > 4 * 15, "only " + numbers);
  }

  /**
   * Anything may be anywhere: the answer is yes or a refusal that says where, and a yes is kept
   * through JSON.
   */
  @Test
  void everyChangeGetsAnAnswer() {
    Random random = new Random(42);
    int taken = 0;
    for (int i = 0; i < 2_000; i++) {
      JsonNode document = full();
      List<Place> places = places(document);
      places.get(random.nextInt(places.size())).set().accept(anything(random, places));
      try {
        SandboxSpec spec = Specs.checked(text(document));
        assertEquals(spec, SpecJson.read(SpecJson.write(spec), SandboxSpec.class));
        taken++;
      } catch (SandboxException e) {
        assertEquals(ErrorCode.INVALID_SPEC, e.code(), e.getMessage());
        assertTrue(e.fields().containsKey("field"), e.getMessage());
      }
    }
    assertTrue(taken > 100 && taken < 1_000, "taken: " + taken);
  }

  @Test
  void theUnchangedOneIsTaken() {
    assertDoesNotThrow(() -> Specs.checked(text(full())));
  }

  private static JsonNode anything(Random random, List<Place> places) {
    return switch (random.nextInt(9)) {
      case 0 -> JSON.nullNode();
      case 1 -> JSON.booleanNode(random.nextBoolean());
      case 2 -> JSON.numberNode(random.nextInt());
      case 3 -> JSON.numberNode(random.nextLong());
      case 4 -> JSON.numberNode(random.nextDouble());
      case 5 -> JSON.textNode(Integer.toString(random.nextInt(5_000), 36));
      case 6 -> JSON.arrayNode();
      case 7 -> JSON.objectNode();
      default -> places.get(random.nextInt(places.size())).value().deepCopy();
    };
  }

  private static void assertRefused(JsonNode document, String place) {
    SandboxException refusal =
        assertThrows(
            SandboxException.class, () -> Specs.checked(text(document)), () -> "taken: " + place);
    // Jackson itself takes no halves of surrogate pairs in names.
    boolean known =
        refusal.code() == ErrorCode.INVALID_SPEC || refusal.code() == ErrorCode.MALFORMED;
    assertTrue(known, refusal.getMessage());
    assertTrue(refusal.getMessage().length() < 1_000, refusal.getMessage());
  }

  /** With escapes, as half a surrogate pair has no other form. */
  private static String text(JsonNode document) {
    try {
      return PLAIN.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(document);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode number(String text) {
    try {
      return PLAIN.reader().with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).readTree(text);
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static JsonNode full() {
    try {
      return PLAIN.readTree(Specs.FULL);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Place> places(JsonNode root) {
    List<Place> places = new ArrayList<>();
    collect("", root, places);
    return places;
  }

  private static void collect(String name, JsonNode node, List<Place> into) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        String path = name + "/" + field.getKey();
        into.add(new Place(path, field.getValue(), value -> object.set(field.getKey(), value)));
        collect(path, field.getValue(), into);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        int index = i;
        into.add(new Place(name + "/" + i, array.get(i), value -> array.set(index, value)));
        collect(name + "/" + i, array.get(i), into);
      }
    }
  }
}
