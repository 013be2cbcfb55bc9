package io.sandboxd.network;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often the egress rules of a sandbox decided, since they were last changed.
 *
 * @param rules in their order
 * @param otherwise what no rule was about
 */
public record Counters(List<Count> rules, @JsonProperty("default") Count otherwise) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @param bytes of the packets, with their IP headers
   */
  public record Count(long packets, long bytes) {}

  /**
   * @param listing of the chain, libnftables-json(5)
   */
  static Counters read(String listing) {
    try {
      Map<Integer, Count> rules = new TreeMap<>();
      Count otherwise = new Count(0, 0);
      for (JsonNode object : JSON.readTree(listing).path("nftables")) {
        String comment = object.path("rule").path("comment").asText();
        if (comment.isEmpty()) {
          continue;
        }
        Count count = count(object.path("rule").path("expr"));
        if (comment.equals(EgressChain.OTHERWISE)) {
          otherwise = count;
        } else {
          rules.put(Integer.parseInt(comment), count);
        }
      }
      return new Counters(new ArrayList<>(rules.values()), otherwise);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("nftables lists what is not JSON", e);
    }
  }

  private static Count count(JsonNode statements) {
    for (JsonNode statement : statements) {
      JsonNode counter = statement.get("counter");
      if (counter != null) {
        return new Count(counter.path("packets").asLong(), counter.path("bytes").asLong());
      }
    }
    return new Count(0, 0);
  }
}
