package dev.amikeeper;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.ec2.Commands;
import dev.amikeeper.ec2.Images;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.replication.ReplicationPlan;
import dev.amikeeper.retention.ImageRemoval;
import dev.amikeeper.retention.Planner;
import dev.amikeeper.retention.PruneHandler;
import dev.amikeeper.sweep.Drift;
import dev.amikeeper.sweep.Gap;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ssm.SsmClient;

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
                    "dev.amikeeper.demo..",
                    "dev.amikeeper.simulation..");

    private static final JavaClasses SHIPPED = CLASSES.that(not(EMBEDDED));

    @Test
    void decisionsKnowNothingOfAws() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.amikeeper.image", "dev.amikeeper.policy", "dev.amikeeper.status")
                .or(belongToAnyOf(BackupPlan.class, ReplicationPlan.class, Drift.class, Gap.class))
                .or(resideInAPackage("dev.amikeeper.store").and(simpleName("StorePlan")))
                .or(
                        resideInAPackage("dev.amikeeper.retention")
                                .and(
                                        not(
                                                belongToAnyOf(
                                                        PruneHandler.class,
                                                        Planner.class,
                                                        ImageRemoval.class))))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("software.amazon..", "com.amazonaws..")
                .check(SHIPPED);
    }

    /** The doors are Images, Instances and Probes; the last has a room for each probe. */
    @Test
    void onlyTheDoorsKnowEc2() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.amikeeper.ec2", "dev.amikeeper.usage")
                .and(not(belongToAnyOf(Application.class)))
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Ec2Client.class, AutoScalingClient.class, SsmClient.class)
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
    void onlyImagesAndLauncherWriteToEc2() {
        noClasses()
                .that(not(belongToAnyOf(Images.class, Launcher.class)))
                .should()
                .accessTargetWhere(
                        isEc2Call("(?!describe|builder).*").and(not(removesTheRequest())))
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

    /** Handlers know the application, which knows everything. */
    @Test
    void packagesHaveNoCyclesBelowTheHandlers() {
        DescribedPredicate<JavaClass> wiring =
                describe(
                        "know the application",
                        type ->
                                type.getDirectDependenciesFromSelf().stream()
                                        .anyMatch(dependency ->
                                                dependency
                                                        .getTargetClass()
                                                        .isEquivalentTo(Application.class)));

        slices().matching("dev.amikeeper.(*)..")
                .should()
                .beFreeOfCycles()
                .check(SHIPPED.that(not(wiring)).that(not(assignableTo(Application.class))));
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
    void onlyImagesTouchesImagesAndOnlyLauncherInstances() {
        noClasses()
                .that(not(belongToAnyOf(Images.class)))
                .should()
                .accessTargetWhere(isEc2Call("(?!describe).*(Image|Snapshot).*"))
                .check(SHIPPED);
        noClasses()
                .that(not(belongToAnyOf(Launcher.class)))
                .should()
                .accessTargetWhere(isEc2Call("(run|terminate|stop|start|reboot)Instances"))
                .check(SHIPPED);
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

    private static DescribedPredicate<JavaAccess<?>> isCall(String owner, String methods) {
        return describe(
                owner + "." + methods,
                access ->
                        access.getTargetOwner().getName().matches(owner)
                                && access.getName().matches(methods));
    }
}
