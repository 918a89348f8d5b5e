package dev.amikeeper;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.replication.ReplicationPlan;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.PrunePlan;
import dev.amikeeper.sweep.Drift;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;

import java.util.Set;
import java.util.TreeSet;

/** Holds the classes to what they are: decisions, doors and handlers. */
final class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.amikeeper");

    private static final DescribedPredicate<JavaClass> EMBEDDED =
            resideInAnyPackage(
                    "dev.amikeeper.local..",
                    "dev.amikeeper.cli..",
                    "dev.amikeeper.bench..",
                    "dev.amikeeper.demo..",
                    "dev.amikeeper.simulation..");

    private static final JavaClasses SHIPPED = CLASSES.that(not(EMBEDDED));

    private static final DescribedPredicate<JavaClass> AWS =
            resideInAnyPackage("software.amazon..", "com.amazonaws..")
                    // The answer that SQS takes, of which our report is one.
                    .and(not(belongToAnyOf(SQSBatchResponse.BatchItemFailure.class)));

    /** The rooms in which AWS's words are read and written. */
    private static final DescribedPredicate<JavaClass> BEHIND_THE_DOORS =
            resideInAnyPackage(
                    "dev.amikeeper",
                    "dev.amikeeper.catalog",
                    "dev.amikeeper.ec2",
                    "dev.amikeeper.event",
                    "dev.amikeeper.queue",
                    "dev.amikeeper.usage");

    private static final Set<String> ACTING = acting();

    /**
     * A class acts if it is a door, or was given one: if a field of it holds a door or another
     * class that acts. All other classes decide. So a record, an enum or a sealed family always
     * decides, and so does a class that is given nothing. What decides is told all that it needs to
     * know: it calls nobody who acts, and has never heard of AWS.
     */
    @Test
    void whatDecidesCallsNobodyWhoActsAndKnowsNothingOfAws() {
        noClasses()
                .that(not(BEHIND_THE_DOORS))
                .and(not(acts()))
                .should()
                .dependOnClassesThat(AWS.or(isNamedAmong(ACTING)))
                .check(SHIPPED);
    }

    /** Otherwise the rule above would not look at anything. */
    @Test
    void decisionsAreToldFromWhatActs() {
        assertThat(ACTING)
                .contains(
                        Catalog.class.getName(),
                        ImageReads.class.getName(),
                        ImageStarts.class.getName(),
                        ImageChanges.class.getName(),
                        Planner.class.getName())
                .doesNotContain(
                        BackupPlan.class.getName(),
                        Drift.class.getName(),
                        PrunePlan.class.getName(),
                        ReplicationPlan.class.getName(),
                        RestorePlan.class.getName());
    }

    /** Everybody else is given what it uses. */
    @Test
    void onlyHandlersKnowTheApplication() {
        noClasses()
                .that(not(assignableTo(Application.class)))
                .and(not(describe("are handlers", type -> outermost(type).endsWith("Handler"))))
                .should()
                .dependOnClassesThat(assignableTo(Application.class))
                .check(SHIPPED);
    }

    /** One room a service: EC2 and what launches from images, the table, the queues, the topic. */
    @Test
    void onlyTheDoorsKnowAClient() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.amikeeper.ec2",
                        "dev.amikeeper.usage",
                        "dev.amikeeper.catalog",
                        "dev.amikeeper.queue",
                        "dev.amikeeper.alerts")
                .and(not(belongToAnyOf(Application.class)))
                .should()
                .dependOnClassesThat(describe("are clients", ArchitectureTest::isClient))
                .check(SHIPPED);
    }

    @Test
    void probesOnlyRead() {
        noClasses()
                .that()
                .resideInAPackage("dev.amikeeper.usage")
                .should()
                .accessTargetWhere(
                        isCall(
                                "software\\.amazon\\.awssdk\\.services\\..*Client",
                                "(?!describe|get|list).*"))
                .check(SHIPPED);
    }

    @Test
    void nothingWritesToTheOtherServicesThatProbesRead() {
        noClasses()
                .that(not(belongToAnyOf(Commands.class)))
                .should()
                .accessTargetWhere(
                        isCall(
                                "software\\.amazon\\.awssdk\\.services\\.(autoscaling|ssm)"
                                        + "\\.(AutoScaling|Ssm)Client",
                                "(?!describe|get|builder).*"))
                .check(SHIPPED);
    }

    @Test
    void onlyTheDoorsThatStartAndChangeWriteToEc2() {
        noClasses()
                .that(not(belongToAnyOf(ImageStarts.class, ImageChanges.class, Launcher.class)))
                .should()
                .accessTargetWhere(
                        isEc2Call("(?!describe|builder).*")
                                .and(not(removesTheRequest()))
                                .and(not(asksForAReport())))
                .because("Instances takes the request's tag away, and nothing else")
                .check(SHIPPED);
    }

    @Test
    void onlyApplicationReadsTheEnvironmentAndTheClock() {
        noClasses()
                .that(not(belongToAnyOf(Application.class, Settings.class)))
                .should()
                .accessTargetWhere(
                        isCall("java\\.lang\\.System", "getenv|currentTimeMillis|nanoTime")
                                .or(isCall("java\\.time\\..*", "now|system.*|tick.*")))
                .check(SHIPPED);
    }

    @Test
    void whatShipsKnowsNothingOfTheEmbeddedCloudAndTheCommandLine() {
        noClasses().should().dependOnClassesThat(EMBEDDED).check(SHIPPED);
    }

    /** The root package is no room: the application is above all of them, its settings below. */
    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.amikeeper.(*)..").should().beFreeOfCycles().check(SHIPPED);
    }

    /** The command line plays the demo and the simulation, and never the other way. */
    @Test
    void theEmbeddedPackagesHaveNoCycles() {
        slices().matching("dev.amikeeper.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES.that(EMBEDDED));
    }

    @Test
    void publicClassesAreFinal() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .doNotHaveModifier(JavaModifier.ABSTRACT)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }

    @Test
    void onlyTheDoorsOfImagesTouchImagesAndOnlyLauncherInstances() {
        noClasses()
                .that(not(belongToAnyOf(ImageStarts.class, ImageChanges.class)))
                .should()
                .accessTargetWhere(
                        isEc2Call("(?!describe).*(Image|Snapshot).*").and(not(asksForAReport())))
                .check(SHIPPED);
        noClasses()
                .that(not(belongToAnyOf(Launcher.class)))
                .should()
                .accessTargetWhere(isEc2Call("(run|terminate|stop|start|reboot)Instances"))
                .check(SHIPPED);
    }

    /** The names of the classes that act; nested ones count as the class that they are in. */
    private static Set<String> acting() {
        Set<String> acting = new TreeSet<>();
        acting.add(Catalog.class.getName());
        SHIPPED.stream()
                .filter(type ->
                        type.getDirectDependenciesFromSelf().stream()
                                .anyMatch(it -> isClient(it.getTargetClass())))
                .forEach(door -> acting.add(outermost(door)));
        while (SHIPPED.stream()
                .filter(type -> !type.isRecord() && !type.isEnum())
                .flatMap(type -> type.getFields().stream())
                .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
                .filter(field ->
                        field.getAllInvolvedRawTypes().stream()
                                .anyMatch(type -> acting.contains(type.getName())))
                .map(field -> acting.add(outermost(field.getOwner())))
                .reduce(false, Boolean::logicalOr)) {
            // Until no more are found.
        }
        return acting;
    }

    private static boolean isClient(JavaClass type) {
        return type.getPackageName().startsWith("software.amazon.awssdk.services.")
                && type.getSimpleName().endsWith("Client");
    }

    private static DescribedPredicate<JavaClass> acts() {
        return describe("act", type -> ACTING.contains(outermost(type)));
    }

    private static DescribedPredicate<JavaClass> isNamedAmong(Set<String> names) {
        return describe("act", type -> names.contains(type.getName()));
    }

    private static String outermost(JavaClass type) {
        return type.getName().replaceAll("\\$.*", "");
    }

    private static DescribedPredicate<JavaAccess<?>> isEc2Call(String methods) {
        return isCall(Ec2Client.class.getName().replace(".", "\\."), methods);
    }

    private static DescribedPredicate<JavaAccess<?>> removesTheRequest() {
        return isEc2Call("deleteTags")
                .and(
                        describe(
                                "in Instances",
                                call -> call.getOriginOwner().isEquivalentTo(Instances.class)));
    }

    private static DescribedPredicate<JavaAccess<?>> asksForAReport() {
        return isEc2Call("createImageUsageReport")
                .and(
                        describe(
                                "in ImageReads",
                                call -> call.getOriginOwner().isEquivalentTo(ImageReads.class)));
    }

    private static DescribedPredicate<JavaAccess<?>> isCall(String owner, String methods) {
        return describe(
                owner + "." + methods,
                access ->
                        access.getTargetOwner().getName().matches(owner)
                                && access.getName().matches(methods));
    }
}
