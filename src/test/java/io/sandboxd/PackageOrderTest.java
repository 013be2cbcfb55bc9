package io.sandboxd;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each package may use those of the rows below its own, and no others, not even its neighbours. */
class PackageOrderTest {
  private static final List<Set<String>> ROWS =
      List.of(
          Set.of("daemon"),
          Set.of("api"),
          Set.of("lifecycle"),
          Set.of("registry", "launch", "cgroup", "network", "process", "events"),
          Set.of("linux"),
          Set.of("sandbox"));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.sandboxd");

  @Test
  void packagesUseOnlyThoseBelow() {
    List<String> aboveOrBeside = new ArrayList<>();
    for (Set<String> row : ROWS) {
      for (String name : row) {
        List<String> forbidden = new ArrayList<>(aboveOrBeside);
        row.stream().filter(other -> !other.equals(name)).forEach(forbidden::add);
        if (!forbidden.isEmpty()) {
          uses(name, forbidden).check(CLASSES);
        }
      }
      aboveOrBeside.addAll(row);
    }
  }

  @Test
  void everyPackageHasItsPlace() {
    Set<String> known = ROWS.stream().flatMap(Set::stream).collect(Collectors.toSet());
    Set<String> unplaced = new TreeSet<>();
    for (JavaClass javaClass : CLASSES) {
      String relative = javaClass.getPackageName().substring("io.sandboxd".length());
      if (!relative.isEmpty() && !known.contains(relative.substring(1).split("\\.", 2)[0])) {
        unplaced.add(javaClass.getPackageName());
      }
    }
    assertEquals(Set.of(), unplaced);
  }

  @Test
  void onlyTheLinuxPackageKnowsNativeCode() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.sandboxd.linux..", "io.sandboxd.daemon")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jnr..", "com.kenai..")
        .check(CLASSES);
  }

  @Test
  void httpAndReactiveTypesStayAbove() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.sandboxd.api..", "io.sandboxd.daemon..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jakarta.ws..", "io.vertx..", "io.netty..", "io.smallrye.mutiny..")
        .check(CLASSES);
  }

  private static ArchRule uses(String name, List<String> forbidden) {
    return noClasses()
        .that()
        .resideInAPackage("io.sandboxd." + name + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            forbidden.stream().map(other -> "io.sandboxd." + other + "..").toArray(String[]::new))
        .allowEmptyShould(true);
  }
}
