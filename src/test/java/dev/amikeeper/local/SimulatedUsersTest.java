package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.FleetType;
import software.amazon.awssdk.services.ec2.model.ImageUsageReport;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.Parameter;
import software.amazon.awssdk.services.ssm.model.ParameterStringFilter;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What may use images besides instances and launch templates, as far as tests rest on it. */
final class SimulatedUsersTest {
    private static final String EAST = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2(EAST);
    private final AutoScalingClient autoScaling = cloud.autoScaling(EAST);
    private final SsmClient ssm = cloud.ssm(EAST);

    @Test
    void aGroupNeedsItsLaunchConfigurationAndKeepsIt() {
        assertThat(refusal(() -> group("web", "web-1"))).isEqualTo("ValidationError");
        configuration("web-1");
        group("web", "web-1");

        assertThat(refusal(() -> delete("web-1"))).isEqualTo("ResourceInUse");
        autoScaling.deleteAutoScalingGroup(r -> r.autoScalingGroupName("web"));
        delete("web-1");
        assertThat(autoScaling.describeLaunchConfigurations().launchConfigurations()).isEmpty();
        assertThat(autoScaling.describeAutoScalingGroups().autoScalingGroups()).isEmpty();
    }

    @Test
    void launchConfigurationsComeFiftyAtATimeAndAtMostAHundred() {
        IntStream.range(0, 101).forEach(n -> configuration("lc-" + n));

        assertThat(autoScaling.describeLaunchConfigurations().launchConfigurations()).hasSize(50);
        assertThat(
                        autoScaling
                                .describeLaunchConfigurations(r -> r.maxRecords(100))
                                .launchConfigurations())
                .hasSize(100);
        assertThat(refusal(() -> autoScaling.describeLaunchConfigurations(r -> r.maxRecords(101))))
                .isEqualTo("ValidationError");
        assertThat(autoScaling.describeLaunchConfigurationsPaginator().launchConfigurations())
                .hasSize(101);
    }

    @Test
    void aNameIsTakenOnce() {
        configuration("web-1");
        group("web", "web-1");

        assertThat(refusal(() -> configuration("web-1"))).isEqualTo("AlreadyExists");
        assertThat(refusal(() -> group("web", "web-1"))).isEqualTo("AlreadyExists");
    }

    @Test
    void aParameterIsOverwrittenOnlyIfAsked() {
        put("/golden", "ami-1", "text", false);

        assertThat(refusal(() -> put("/golden", "ami-2", "text", false)))
                .isEqualTo("ParameterAlreadyExists");
        put("/golden", "ami-2", "aws:ec2:image", true);

        assertThat(ssm.getParameters(r -> r.names("/golden")).parameters())
                .extracting(Parameter::value, Parameter::version)
                .containsExactly(tuple("ami-2", 2L));
    }

    @Test
    void tenParametersAreReadAtOnceAndMissingOnesAreNamed() {
        put("/golden", "ami-1", "text", false);

        assertThat(ssm.getParameters(r -> r.names("/golden", "/gone")).invalidParameters())
                .containsExactly("/gone");
        List<String> eleven = IntStream.range(0, 11).mapToObj(n -> "/p" + n).toList();
        assertThat(refusal(() -> ssm.getParameters(r -> r.names(eleven))))
                .isEqualTo("ValidationException");
        assertThat(refusal(() -> ssm.deleteParameter(r -> r.name("/gone"))))
                .isEqualTo("ParameterNotFound");
    }

    @Test
    void parametersAreFilteredByDataType() {
        put("/golden", "ami-1", "aws:ec2:image", false);
        put("/notes", "ami-1", "text", false);

        assertThat(names("DataType", "aws:ec2:image")).containsExactly("/golden");
        assertThat(names("Name", "/notes")).containsExactly("/notes");
        assertThat(refusal(() -> names("Label", "x"))).isEqualTo("InvalidFilterKey");
    }

    @Test
    void aFleetOfTypeInstantIsShownOnlyIfNamed() {
        String fleet = ec2.createFleet(r -> r.type(FleetType.INSTANT)).fleetId();

        assertThat(ec2.describeFleets().fleets()).isEmpty();
        assertThat(ec2.describeFleets(r -> r.fleetIds(fleet)).fleets()).hasSize(1);
    }

    @Test
    void requestsLaunchNothing() {
        ec2.requestSpotInstances(r -> r.launchSpecification(l -> l.imageId("ami-1")));

        assertThat(cloud.instances(EAST)).isEmpty();
    }

    @Test
    void oneReportOnAnImageIsUnderWayAtATime() {
        String image = image();
        report(image);

        assertThat(refusal(() -> report(image))).isEqualTo("ResourceLimitExceeded");
        assertThat(reports(image)).extracting(ImageUsageReport::state).containsExactly("pending");
        cloud.advance(Duration.ofHours(24));
        report(image);
        assertThat(reports(image))
                .extracting(ImageUsageReport::state)
                .containsExactlyInAnyOrder("available", "pending");
    }

    @Test
    void aReportShowsWhatWasSoWhenItWasAskedFor() {
        String image = image();
        cloud.settings().reportTime(Duration.ofHours(2));
        report(image);
        cloud.usedByOthers(EAST, image, "111122223333", 1);
        cloud.advance(Duration.ofHours(2));

        assertThat(reports(image)).extracting(ImageUsageReport::state).containsExactly("available");
        assertThat(
                        ec2.describeImageUsageReportEntries(r -> r.imageIds(image))
                                .imageUsageReportEntries())
                .isEmpty();
    }

    @Test
    void aReportIsGoneAfterThirtyDays() {
        String image = image();
        report(image);

        cloud.advance(Duration.ofDays(30));

        assertThat(reports(image)).isEmpty();
    }

    private String image() {
        String instance = cloud.launch(EAST, Map.of(), List.of(8));
        return ec2.createImage(r -> r.instanceId(instance).name("gold/a")).imageId();
    }

    private void report(String image) {
        ImageUsageResourceTypeRequest instances =
                ImageUsageResourceTypeRequest.builder().resourceType("ec2:Instance").build();
        ec2.createImageUsageReport(r -> r.imageId(image).resourceTypes(instances));
    }

    private List<ImageUsageReport> reports(String image) {
        return ec2.describeImageUsageReports(r -> r.imageIds(image)).imageUsageReports();
    }

    private void configuration(String name) {
        autoScaling.createLaunchConfiguration(
                r -> r.launchConfigurationName(name).imageId("ami-1"));
    }

    private void delete(String configuration) {
        autoScaling.deleteLaunchConfiguration(r -> r.launchConfigurationName(configuration));
    }

    private void group(String name, String configuration) {
        autoScaling.createAutoScalingGroup(
                r -> r.autoScalingGroupName(name).launchConfigurationName(configuration));
    }

    private void put(String name, String value, String dataType, boolean overwrite) {
        ssm.putParameter(r ->
                r.name(name)
                        .value(value)
                        .type(ParameterType.STRING)
                        .dataType(dataType)
                        .overwrite(overwrite));
    }

    private List<String> names(String key, String value) {
        ParameterStringFilter filter =
                ParameterStringFilter.builder().key(key).option("Equals").values(value).build();
        return ssm.describeParameters(r -> r.parameterFilters(filter)).parameters().stream()
                .map(it -> it.name())
                .toList();
    }

    private static String refusal(ThrowingCallable call) {
        AwsServiceException refused = catchThrowableOfType(AwsServiceException.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
