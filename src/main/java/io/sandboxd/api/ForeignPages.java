package io.sandboxd.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sandboxd.sandbox.ErrorCode;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses what a web page has sent that is not the daemon's own, and it has none. No browser gets
 * at a Unix socket, but one gets at a TCP port that is forwarded to it ({@code ssh -L
 * 8080:/run/sandboxd/sandboxd.sock}), and then any page may send requests there, and read the
 * answers if the page's own name can be made to mean 127.0.0.1 (DNS rebinding). Headers that no
 * page can choose give it away: {@code Host} has the page's name then, and {@code Origin} says
 * where a page is from.
 */
@Singleton
public final class ForeignPages {
  /** Before everything that has an effect, behind what only looks after connections. */
  private static final int PRIORITY = 900;

  /** Fetch Metadata: browsers say so even where they send no Origin, as with an image. */
  private static final String FETCH_SITE = "Sec-Fetch-Site";

  private static final Set<String> FOREIGN_SITES = Set.of("cross-site", "same-site");

  private static final String PORT = "(:\\d{0,5})?";

  /**
   * What always means this machine: names that no DNS server is asked for (RFC 6761), and addresses
   * that it has itself.
   */
  private static final Pattern LOOPBACK =
      Pattern.compile(
          "(([a-z0-9_-]+\\.)*localhost\\.?|127(\\.\\d{1,3}){3}|\\[::1])" + PORT,
          Pattern.CASE_INSENSITIVE);

  /**
   * What people write where a name has no meaning: {@code curl --unix-socket … http://d/v1/info}. A
   * local network may well know a machine of such a name, but a browser that was sent to the
   * forwarded port says the port.
   */
  private static final Pattern PLACEHOLDER = Pattern.compile("[A-Za-z0-9_-]*");

  void register(@Observes Filters filters) {
    filters.register(ForeignPages::refuse, PRIORITY);
  }

  private static void refuse(RoutingContext context) {
    MultiMap headers = context.request().headers();
    List<String> hosts = headers.getAll(HttpHeaders.HOST);
    if (!hosts.stream().allMatch(ForeignPages::isOurs)) {
      answer(
          context,
          "The host '"
              + String.join("', '", hosts)
              + "' is not this daemon: use localhost, or its Unix socket.");
    } else if (!headers.getAll(HttpHeaders.ORIGIN).stream().allMatch(o -> isOf(hosts, o))) {
      answer(context, "Pages of other origins may not ask this daemon.");
    } else if (headers.getAll(FETCH_SITE).stream().anyMatch(FOREIGN_SITES::contains)) {
      answer(context, "Pages of other sites may not ask this daemon.");
    } else {
      context.next();
    }
  }

  /**
   * @param host as the header has it, with a port or without
   */
  static boolean isOurs(String host) {
    return LOOPBACK.matcher(host).matches() || PLACEHOLDER.matcher(host).matches();
  }

  /** Whether a page of this origin is one of this host and port; that of {@code null} is not. */
  static boolean isOf(List<String> hosts, String origin) {
    String host = origin.toLowerCase(Locale.ROOT).replaceFirst("^https?://", "");
    return hosts.stream().anyMatch(ours -> ours.toLowerCase(Locale.ROOT).equals(host));
  }

  private static void answer(RoutingContext context, String detail) {
    ProblemRoutes.answer(context, Problem.of(ErrorCode.NOT_PERMITTED, detail));
  }
}
