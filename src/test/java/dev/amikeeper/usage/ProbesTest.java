package dev.amikeeper.usage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.ec2.ImageDoors;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.usage.Usage.Answer;
import dev.amikeeper.usage.Usage.Finding;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.autoscaling.AutoScalingClient;
import software.amazon.awssdk.services.autoscaling.model.LaunchTemplateOverrides;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.CreateImageUsageReportRequest;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateConfigRequest;
import software.amazon.awssdk.services.ec2.model.FleetLaunchTemplateOverridesRequest;
import software.amazon.awssdk.services.ec2.model.FleetType;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeOptionRequest;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;
import software.amazon.awssdk.services.ec2.model.LockMode;
import software.amazon.awssdk.services.ec2.model.SpotFleetLaunchSpecification;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.DescribeParametersRequest;
import software.amazon.awssdk.services.ssm.model.DescribeParametersResponse;
import software.amazon.awssdk.services.ssm.model.GetParametersRequest;
import software.amazon.awssdk.services.ssm.model.GetParametersResponse;
import software.amazon.awssdk.services.ssm.model.ParameterType;
import software.amazon.awssdk.services.ssm.model.SsmException;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

final class ProbesTest {
    private static final String EAST = "us-east-1";
    private static final Region REGION = new Region(EAST);
    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final ImageId USED = new ImageId("ami-1");
    private static final ImageId FREE = new ImageId("ami-2");
    private static final String OTHER_ACCOUNT = "111122223333";

    private final SimulatedCloud cloud = new SimulatedCloud(START, 1);
    private final Ec2Client ec2 = cloud.ec2(EAST);
    private final AutoScalingClient autoScaling = cloud.autoScaling(EAST);
    private final SsmClient ssm = cloud.ssm(EAST);
    private final ImageReads images =
            ImageDoors.of(
                            region -> cloud.ec2(region.name()),
                            new Pace(cloud.clock(), cloud::advance),
                            SideBySide.ONE_BY_ONE)
                    .reads();
    private final Probes probes =
            new Probes(
                    region -> cloud.ec2(region.name()),
                    region -> cloud.autoScaling(region.name()),
                    region -> cloud.ssm(region.name()),
                    images,
                    cloud.clock());

    // Bulk

    @Test
    void anImageThatNothingNamesIsUnused() {
        assertThat(usage().of(FREE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void everyAnswerHasItsDate() {
        cloud.advance(Duration.ofMinutes(3));

        assertThat(usage().findings(FREE))
                .hasSize(8)
                .allSatisfy(finding -> {
                    assertThat(finding.at()).isEqualTo(START.plusSeconds(180));
                    assertThat(finding.answer()).isEqualTo(new Answer.Unused());
                });
    }

    @Test
    void aStoppedInstanceUsesItsImage() {
        ImageId image = available(1).getFirst();
        String instance =
                ec2.runInstances(r -> r.imageId(image.value()).minCount(1).maxCount(1))
                        .instances()
                        .getFirst()
                        .instanceId();
        cloud.advance(Duration.ofMinutes(1));
        ec2.stopInstances(r -> r.instanceIds(instance));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(usage().of(image)).isEqualTo(usedBy("instance " + instance));
    }

    @Test
    void anOldVersionOfALaunchTemplateUsesItsImage() {
        String template = template(USED.value());
        for (int version = 2; version <= 201; version++) {
            ec2.createLaunchTemplateVersion(
                    r -> r.launchTemplateId(template).launchTemplateData(d -> d.imageId("ami-9")));
        }
        ec2.modifyLaunchTemplate(r -> r.launchTemplateId(template).defaultVersion("200"));

        assertThat(usage().of(USED))
                .isEqualTo(usedBy("launch template " + template + " version 1"));
    }

    @Test
    void aLaunchConfigurationUsesItsImageAndTellsItsGroups() {
        configuration("web-3", USED);
        group("web-a", "web-3");
        group("web-b", "web-3");

        assertThat(usage().of(USED))
                .isEqualTo(usedBy("launch configuration web-3 of Auto Scaling group web-a, web-b"));
    }

    @Test
    void aLaunchConfigurationWithoutGroupUsesItsImage() {
        configuration("web-3", USED);

        assertThat(usage().of(USED)).isEqualTo(usedBy("launch configuration web-3"));
    }

    @Test
    void launchConfigurationsAndGroupsAreReadInPages() {
        IntStream.range(0, 101).forEach(n -> configuration("lc-%03d".formatted(n), FREE));
        configuration("web", USED);
        IntStream.range(0, 101).forEach(n -> group("group-%03d".formatted(n), "lc-000"));
        group("web", "web");

        assertThat(usage().of(USED))
                .isEqualTo(usedBy("launch configuration web of Auto Scaling group web"));
        assertThat(cloud.calls())
                .containsEntry("DescribeAutoScalingGroups", 2)
                .containsEntry("DescribeLaunchConfigurations", 2);
    }

    @Test
    void aGroupMayNameAnImageInPlaceOfItsLaunchTemplates() {
        overriding("web", USED.value());
        assertThat(usage().of(USED)).isEqualTo(usedBy("Auto Scaling group web"));

        autoScaling.deleteAutoScalingGroup(r -> r.autoScalingGroupName("web"));
        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
    }

    @Test
    void anImageNamedByAnAliasCouldBeAny() {
        overriding("web", "resolve:ssm:/golden");

        assertThat(usage().of(FREE))
                .isEqualTo(
                        unknown(
                                "Auto Scaling: Auto Scaling group web names its image as"
                                        + " \"resolve:ssm:/golden\""));
    }

    @Test
    void aSpotRequestUsesItsImageUntilItIsCancelled() {
        spotRequests(1001, FREE);
        String request = spotRequests(1, USED).getFirst();

        assertThat(usage().of(USED)).isEqualTo(usedBy("Spot request " + request));
        assertThat(cloud.calls()).containsEntry("DescribeSpotInstanceRequests", 2);

        ec2.cancelSpotInstanceRequests(r -> r.spotInstanceRequestIds(request));
        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aSpotFleetUsesTheImagesOfItsLaunchSpecificationsUntilItIsCancelled() {
        IntStream.range(0, 1000).forEach(n -> spotFleet(FREE));
        String fleet = spotFleet(USED);

        assertThat(usage().of(USED)).isEqualTo(usedBy("Spot fleet " + fleet));
        assertThat(cloud.calls()).containsEntry("DescribeSpotFleetRequests", 2);

        ec2.cancelSpotFleetRequests(r -> r.spotFleetRequestIds(fleet).terminateInstances(false));
        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aFleetUsesTheImageOfAnOverrideUntilItIsDeleted() {
        IntStream.range(0, 1000).forEach(n -> fleet(FleetType.MAINTAIN, FREE));
        String fleet = fleet(FleetType.REQUEST, USED);

        assertThat(usage().of(USED)).isEqualTo(usedBy("EC2 fleet " + fleet));
        assertThat(cloud.calls()).containsEntry("DescribeFleets", 2);

        ec2.deleteFleets(r -> r.fleetIds(fleet).terminateInstances(true));
        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aParameterThatHoldsAnImageIdUsesIt() {
        parameter("/golden/web", USED.value(), "aws:ec2:image");
        assertThat(usage().of(USED)).isEqualTo(usedBy("parameter /golden/web"));

        ssm.deleteParameter(r -> r.name("/golden/web"));
        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aPlainTextThatNamesAnImageUsesIt() {
        parameter("golden", USED.value(), "text");
        assertThat(usage().of(USED)).isEqualTo(usedBy("parameter golden"));
        assertThat(usage().of(FREE)).isEqualTo(new Answer.Unused());

        ssm.deleteParameter(r -> r.name("golden"));
        parameter("/app/web", "{\"image\": \"ami-1\", \"old\": \"ami-3\"}", "text");
        assertThat(usage().of(USED)).isEqualTo(usedBy("parameter /app/web"));
    }

    @Test
    void whatIsEncryptedIsNotReadAndSaid() {
        ssm.putParameter(
                r -> r.name("/secret").value(USED.value()).type(ParameterType.SECURE_STRING));

        assertThat(usage().of(USED)).isEqualTo(new Answer.Unused());
        assertThat(usage().findings(USED))
                .extracting(Finding::probe)
                .contains("parameters (1 SecureString not read)");
        assertThat(cloud.calls()).doesNotContainKey("GetParameters");
    }

    @Test
    void aParameterThatMayNotBeReadHidesNoOther() {
        parameter("/open", USED.value(), "text");
        parameter("/shut", "secret", "text");
        SsmClient strict =
                new Answering(ssm) {
                    @Override
                    public GetParametersResponse getParameters(GetParametersRequest request) {
                        if (request.names().contains("/shut")) {
                            throw SsmException.builder()
                                    .statusCode(400)
                                    .awsErrorDetails(
                                            AwsErrorDetails.builder()
                                                    .errorCode("AccessDeniedException")
                                                    .errorMessage("not /shut")
                                                    .build())
                                    .build();
                        }
                        return super.getParameters(request);
                    }
                };

        Usage usage =
                Usage.of(
                        List.of(
                                Parameters.probe(_ -> strict)
                                        .report(new Region("us-east-1"), START)));

        assertThat(usage.of(USED)).isEqualTo(usedBy("parameter /open"));
        assertThat(usage.of(FREE))
                .isEqualTo(
                        unknown(
                                "parameters: parameter /shut could not be read: the role may not"
                                        + " call ssm:GetParameters: AccessDeniedException: not"
                                        + " /shut"));
    }

    @Test
    void parametersAreListedInPagesAndReadTenACall() {
        IntStream.range(0, 51)
                .forEach(n -> parameter("/p/%02d".formatted(n), FREE.value(), "aws:ec2:image"));
        parameter("/q", USED.value(), "aws:ec2:image");

        assertThat(usage().of(USED)).isEqualTo(usedBy("parameter /q"));
        assertThat(cloud.calls())
                .containsEntry("DescribeParameters", 2)
                .containsEntry("GetParameters", 6);
    }

    @Test
    void aParameterThatGoesBeforeItIsReadNamesNothing() {
        SsmClient forgetful =
                new Answering(ssm) {
                    @Override
                    public GetParametersResponse getParameters(GetParametersRequest request) {
                        ssm.deleteParameter(r -> r.name("/golden"));
                        return super.getParameters(request);
                    }
                };
        parameter("/golden", USED.value(), "aws:ec2:image");

        Usage.Report probe =
                Parameters.probe(_ -> forgetful).report(new Region("us-east-1"), START);

        assertThat(Usage.of(List.of(probe)).of(FREE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aParameterThatIsThereAndCannotBeReadCouldNameAnyImage() {
        SsmClient shy =
                new Answering(ssm) {
                    @Override
                    public GetParametersResponse getParameters(GetParametersRequest request) {
                        return GetParametersResponse.builder()
                                .invalidParameters(request.names())
                                .build();
                    }
                };
        parameter("/golden", USED.value(), "aws:ec2:image");

        Usage.Report probe = Parameters.probe(_ -> shy).report(new Region("us-east-1"), START);

        assertThat(Usage.of(List.of(probe)).of(FREE))
                .isEqualTo(unknown("parameters: parameter /golden could not be read"));
    }

    /** Parameter Store between which and its reader something happens. */
    private abstract static class Answering implements SsmClient {
        private final SsmClient ssm;

        Answering(SsmClient ssm) {
            this.ssm = ssm;
        }

        @Override
        public DescribeParametersResponse describeParameters(DescribeParametersRequest request) {
            return ssm.describeParameters(request);
        }

        @Override
        public GetParametersResponse getParameters(GetParametersRequest request) {
            return ssm.getParameters(request);
        }

        @Override
        public String serviceName() {
            return ssm.serviceName();
        }

        @Override
        public void close() {}
    }

    @Test
    void aTemplateThatGoesBeforeItsVersionsAreReadUsesNothing() {
        String gone = template("ami-9");
        String stays =
                ec2.createLaunchTemplate(r ->
                                r.launchTemplateName("db")
                                        .launchTemplateData(d -> d.imageId(USED.value())))
                        .launchTemplate()
                        .launchTemplateId();
        for (String template : List.of(gone, stays)) {
            ec2.createLaunchTemplateVersion(
                    r -> r.launchTemplateId(template).launchTemplateData(d -> d.imageId("ami-9")));
        }
        AtomicInteger asked = new AtomicInteger();
        cloud.watch((action, _) -> {
            if (action.equals("DescribeLaunchTemplateVersions") && asked.incrementAndGet() == 2) {
                ec2.deleteLaunchTemplate(r -> r.launchTemplateId(gone));
            }
        });

        Usage usage = usage();

        assertThat(usage.of(USED)).isEqualTo(usedBy("launch template " + stays + " version 1"));
        assertThat(usage.of(FREE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void aLockOnASnapshotUsesItsImageUntilItEnds() {
        ImageId image = available(1).getFirst();
        String snapshot =
                images.find(REGION, List.of(image)).values().stream()
                        .flatMap(ami -> ami.snapshots().stream())
                        .findFirst()
                        .orElseThrow()
                        .value();
        ec2.lockSnapshot(r -> r.snapshotId(snapshot).lockMode(LockMode.COMPLIANCE).lockDuration(2));

        assertThat(usage().of(image))
                .isEqualTo(
                        usedBy(
                                "the lock on %s, compliance until %s"
                                        .formatted(
                                                snapshot, cloud.now().plus(Duration.ofDays(2)))));
        cloud.advance(Duration.ofDays(2));
        assertThat(usage().of(image)).isEqualTo(new Answer.Unused());
    }

    @Test
    void theCallsDoNotGrowWithTheImages() {
        IntStream.range(0, 40).forEach(n -> configuration("lc-" + n, new ImageId("ami-x" + n)));

        probes.usage(REGION);

        assertThat(cloud.calls())
                .containsEntry("DescribeInstances", 1)
                .containsEntry("DescribeLaunchTemplates", 1)
                .containsEntry("DescribeAutoScalingGroups", 1)
                .containsEntry("DescribeLaunchConfigurations", 1)
                .containsEntry("DescribeSpotInstanceRequests", 1)
                .containsEntry("DescribeSpotFleetRequests", 1)
                .containsEntry("DescribeFleets", 1)
                .containsEntry("DescribeParameters", 1)
                .doesNotContainKeys("DescribeImages", "DescribeImageReferences");
    }

    // Trouble

    @ParameterizedTest
    @CsvSource({
        "DescribeInstances, UnauthorizedOperation, 403, instances, ec2",
        "DescribeLaunchTemplates, UnauthorizedOperation, 403, launch templates, ec2",
        "DescribeLaunchTemplateVersions, UnauthorizedOperation, 403, launch templates, ec2",
        "DescribeAutoScalingGroups, AccessDenied, 403, Auto Scaling, autoscaling",
        "DescribeLaunchConfigurations, AccessDenied, 403, Auto Scaling, autoscaling",
        "DescribeSpotInstanceRequests, UnauthorizedOperation, 403, Spot requests, ec2",
        "DescribeSpotFleetRequests, UnauthorizedOperation, 403, Spot fleets, ec2",
        "DescribeFleets, UnauthorizedOperation, 403, EC2 fleets, ec2",
        "DescribeParameters, AccessDeniedException, 400, parameters, ssm",
        "GetParameters, AccessDeniedException, 400, parameters, ssm"
    })
    void aDenialSaysWhichPermissionIsMissing(
            String action, String code, int status, String probe, String service) {
        template("ami-9");
        parameter("/p", "ami-9", "aws:ec2:image");
        cloud.faults().calls(action).error(code, status);

        assertThat(usage().of(FREE))
                .isEqualTo(
                        unknown(
                                "%s: the role may not call %s:%s: %s: Refused as told: %s"
                                        .formatted(probe, service, action, code, action)));
    }

    @Test
    void oneBlindProbeDoesNotBlindTheOthers() {
        configuration("web", USED);
        cloud.faults().calls("DescribeFleets").internalError();

        Usage usage = usage();

        assertThat(usage.of(USED)).isEqualTo(usedBy("launch configuration web"));
        assertThat(usage.of(FREE))
                .isEqualTo(unknown("EC2 fleets: InternalError: Refused as told: DescribeFleets"));
    }

    @Test
    void whatWasSeenBeforeAFailureIsUse() {
        configuration("a", USED);
        IntStream.range(0, 100).forEach(n -> configuration("lc-" + n, new ImageId("ami-9")));
        cloud.faults().calls("DescribeLaunchConfigurations").nth(2).throttle();

        Usage usage = usage();

        assertThat(usage.of(USED)).isEqualTo(usedBy("launch configuration a"));
        assertThat(usage.of(FREE)).isEqualTo(unknown("Auto Scaling: Throttling: Rate exceeded"));
    }

    @Test
    void aRegionThatDoesNotAnswerLeavesEveryProbeInTheDark() {
        cloud.faults().unreachable(EAST, START.plusSeconds(60));

        assertThat(usage().findings(FREE))
                .hasSize(8)
                .allSatisfy(
                        finding -> assertThat(finding.answer()).isInstanceOf(Answer.Unknown.class));
    }

    @ParameterizedTest
    @CsvSource({"DescribeSpotInstanceRequests", "DescribeSpotFleetRequests", "DescribeFleets"})
    void whereEc2DoesNotOfferAFleetThereIsNone(String action) {
        cloud.faults().calls(action).error("InvalidAction", 400);

        assertThat(usage().of(FREE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void whereEc2DoesNotOfferReferencesTheyAreNotKnown() {
        cloud.faults().calls("DescribeImageReferences").error("InvalidAction", 400);

        assertThat(Usage.of(probes.references(REGION, List.of(FREE), () -> true)).of(FREE))
                .isInstanceOf(Answer.Unknown.class);
    }

    // References

    @Test
    void referencesTellWhatNamesACandidate() {
        parameter("/golden", USED.value(), "aws:ec2:image");
        String template = template(USED.value());
        for (int version = 2; version <= 30; version++) {
            ec2.createLaunchTemplateVersion(
                    r -> r.launchTemplateId(template).launchTemplateData(d -> d.imageId("ami-9")));
        }

        Usage references = Usage.of(probes.references(REGION, List.of(USED, FREE), () -> true));

        assertThat(references.of(USED))
                .isEqualTo(
                        usedBy(
                                "ec2:LaunchTemplate arn:aws:ec2:us-east-1:123456789012:"
                                        + "launch-template/"
                                        + template,
                                "ssm:Parameter arn:aws:ssm:us-east-1:123456789012:"
                                        + "parameter/golden"));
        assertThat(references.of(FREE)).isEqualTo(new Answer.Unused());
    }

    @Test
    void referencesAreAskedForTenImagesACall() {
        List<ImageId> candidates =
                IntStream.range(0, 21).mapToObj(n -> new ImageId("ami-" + n)).toList();

        probes.references(REGION, candidates, () -> true);

        assertThat(cloud.calls()).containsEntry("DescribeImageReferences", 3);
    }

    @Test
    void referencesAreReadInPages() {
        IntStream.range(0, 100).forEach(n -> parameter("/p" + n, "ami-0", "aws:ec2:image"));
        parameter("/q", USED.value(), "aws:ec2:image");

        Usage references =
                Usage.of(
                        probes.references(REGION, List.of(new ImageId("ami-0"), USED), () -> true));

        assertThat(references.of(USED)).isInstanceOf(Answer.Used.class);
        assertThat(cloud.calls()).containsEntry("DescribeImageReferences", 2);
    }

    @Test
    void withoutCandidatesNothingIsAsked() {
        probes.references(REGION, List.of(), () -> true);
        probes.otherAccounts(REGION, List.of(), true, cloud.now(), () -> true);

        assertThat(cloud.calls()).isEmpty();
    }

    @Test
    void ofWhatIsNoCandidateReferencesKnowNothing() {
        assertThat(Usage.of(probes.references(REGION, List.of(USED), () -> true)).of(FREE))
                .isEqualTo(unknown("references: not asked"));
    }

    @Test
    void deniedReferencesSayWhichPermissionIsMissing() {
        cloud.faults().calls("DescribeImageReferences").deny();

        assertThat(Usage.of(probes.references(REGION, List.of(FREE), () -> true)).of(FREE))
                .isEqualTo(
                        unknown(
                                "references: the role may not call ec2:DescribeImageReferences:"
                                        + " UnauthorizedOperation: Refused as told:"
                                        + " DescribeImageReferences"));
    }

    @Test
    void anImageThatEc2ChokesOnHidesNoOther() {
        List<ImageId> candidates =
                IntStream.range(0, 11).mapToObj(n -> new ImageId("ami-" + n)).toList();
        cloud.faults().calls("DescribeImageReferences").times(2).error("InvalidAMIID.Odd", 400);

        Usage references = Usage.of(probes.references(REGION, candidates, () -> true));

        assertThat(references.of(candidates.getFirst()))
                .isEqualTo(
                        unknown(
                                "references: InvalidAMIID.Odd: Refused as told:"
                                        + " DescribeImageReferences"));
        assertThat(candidates.subList(1, 11))
                .allSatisfy(
                        image -> assertThat(references.of(image)).isEqualTo(new Answer.Unused()));
    }

    @Test
    void whatThereIsNoTimeForIsNotAsked() {
        List<ImageId> candidates =
                IntStream.range(0, 25).mapToObj(n -> new ImageId("ami-" + n)).toList();
        AtomicInteger asked = new AtomicInteger();

        Usage references =
                Usage.of(probes.references(REGION, candidates, () -> asked.getAndIncrement() < 2));

        assertThat(references.of(candidates.get(19))).isEqualTo(new Answer.Unused());
        assertThat(references.of(candidates.get(20))).isEqualTo(unknown("references: not asked"));
    }

    // Other accounts

    @Test
    void aReportIsRequestedAndAwaited() {
        ImageId image = available(1).getFirst();
        Instant requested = cloud.now();
        Answer awaited =
                unknown(
                        "a report on its use by other accounts was requested at "
                                + requested
                                + "; it takes a day or more");

        assertThat(otherAccounts(image, true).answer()).isEqualTo(awaited);
        cloud.advance(Duration.ofHours(23));
        assertThat(otherAccounts(image, true).answer()).isEqualTo(awaited);
        cloud.advance(Duration.ofHours(1));

        assertThat(otherAccounts(image, true))
                .isEqualTo(new Finding("other accounts", requested, new Answer.Unused()));
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 1);
    }

    @Test
    void aReportNamesTheAccountsThatUseTheImage() {
        ImageId image = available(1).getFirst();
        cloud.usedByOthers(EAST, image.value(), OTHER_ACCOUNT, 3);
        cloud.usedByOthers(EAST, image.value(), "444455556666", 1);
        reported(image);

        assertThat(otherAccounts(image, false).answer())
                .isEqualTo(
                        usedBy(
                                "account 111122223333 (ec2:Instance, 3)",
                                "account 444455556666 (ec2:Instance, 1)"));
    }

    @Test
    void aDryRunRequestsNothing() {
        ImageId image = available(1).getFirst();

        assertThat(otherAccounts(image, false).answer())
                .isEqualTo(unknown("no report of the last 7 days"));
        assertThat(cloud.calls()).doesNotContainKey("CreateImageUsageReport");
    }

    @Test
    void aReportIsGoodForAWeek() {
        ImageId image = available(1).getFirst();
        reported(image);

        cloud.advance(Duration.ofDays(6).minusSeconds(1));
        assertThat(otherAccounts(image, false).answer()).isEqualTo(new Answer.Unused());
        cloud.advance(Duration.ofSeconds(1));
        assertThat(otherAccounts(image, false).answer())
                .isEqualTo(unknown("no report of the last 7 days"));
        otherAccounts(image, true);
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 2);
    }

    @Test
    void theNewestReportCounts() {
        ImageId image = available(1).getFirst();
        cloud.usedByOthers(EAST, image.value(), OTHER_ACCOUNT, 3);
        reported(image);
        cloud.usedByOthers(EAST, image.value(), OTHER_ACCOUNT, 0);
        images.requestUsageReport(REGION, image, UsageReports.ASKED_FOR);
        cloud.advance(Duration.ofHours(24));

        assertThat(otherAccounts(image, false).answer()).isEqualTo(new Answer.Unused());
    }

    @Test
    void aReportOnSomeAccountsProvesNoDisuse() {
        assertProvesNoDisuse(report -> report.accountIds("444455556666"));
    }

    @Test
    void aReportOnInstancesAloneProvesNoDisuse() {
        assertProvesNoDisuse(report -> report.resourceTypes(UsageReports.ASKED_FOR.getFirst()));
    }

    @Test
    void aReportOnTheNewestVersionsOfTemplatesProvesNoDisuse() {
        ImageUsageResourceTypeOptionRequest depth =
                ImageUsageResourceTypeOptionRequest.builder()
                        .optionName("version-depth")
                        .optionValues("20")
                        .build();
        assertProvesNoDisuse(report ->
                report.resourceTypes(
                        UsageReports.ASKED_FOR.getFirst(),
                        UsageReports.ASKED_FOR.getLast().toBuilder()
                                .resourceTypeOptions(depth)
                                .build()));
    }

    @Test
    void aFailedReportIsRequestedAnew() {
        ImageId image = available(1).getFirst();
        cloud.settings().failingReports(true);
        reported(image);

        assertThat(otherAccounts(image, true).answer())
                .isEqualTo(
                        unknown(
                                "a report on its use by other accounts was requested at "
                                        + cloud.now()
                                        + "; it takes a day or more; the last one failed: Internal"
                                        + " error"));
        cloud.settings().failingReports(false);
        cloud.advance(Duration.ofHours(24));
        assertThat(otherAccounts(image, true).answer()).isEqualTo(new Answer.Unused());
    }

    @Test
    void reportsAreReadForManyImagesAtOnce() {
        List<ImageId> shared = available(40);
        probes.otherAccounts(REGION, shared, true, cloud.now(), () -> true);
        cloud.advance(Duration.ofHours(24));
        int before = cloud.calls().getOrDefault("DescribeImageUsageReports", 0);

        Usage usage =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, shared, true, cloud.now(), () -> true)));

        assertThat(shared)
                .allSatisfy(it -> assertThat(usage.of(it)).isEqualTo(new Answer.Unused()));
        assertThat(cloud.calls())
                .containsEntry("DescribeImageUsageReports", before + 1)
                .containsEntry("DescribeImageUsageReportEntries", 1)
                .containsEntry("CreateImageUsageReport", 40);
    }

    @Test
    void reportsAndTheirEntriesAreReadInPages() {
        List<ImageId> shared = available(101);
        for (ImageId image : shared) {
            cloud.usedByOthers(EAST, image.value(), OTHER_ACCOUNT, 1);
            ec2.createImageUsageReport(
                    r -> r.imageId(image.value()).resourceTypes(UsageReports.ASKED_FOR));
        }
        cloud.advance(Duration.ofHours(24));

        Usage usage =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, shared, false, cloud.now(), () -> true)));

        assertThat(shared)
                .allSatisfy(it -> assertThat(usage.of(it)).isInstanceOf(Answer.Used.class));
        assertThat(cloud.calls())
                .containsEntry("DescribeImageUsageReports", 2)
                .containsEntry("DescribeImageUsageReportEntries", 2);
    }

    @Test
    void aRunRequestsAHundredReportsAndTheNextRunGoesOn() {
        List<ImageId> shared = available(101);

        Usage first =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, shared, true, cloud.now(), () -> true)));
        assertThat(first.of(shared.getLast()))
                .isEqualTo(
                        unknown(
                                "other accounts: no report of the last 7 days; a later run"
                                        + " requests one"));
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 100);

        probes.otherAccounts(REGION, shared, true, cloud.now(), () -> true);
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 101);
    }

    @Test
    void aDeniedRequestSaysSoAndIsNotTriedForEveryImage() {
        List<ImageId> shared = available(3);
        cloud.faults().calls("CreateImageUsageReport").deny();

        Usage usage =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, shared, true, cloud.now(), () -> true)));

        assertThat(shared)
                .allSatisfy(it ->
                        assertThat(usage.of(it))
                                .isEqualTo(
                                        unknown(
                                                "other accounts: a report could not be requested:"
                                                        + " the role may not call"
                                                        + " ec2:CreateImageUsageReport:"
                                                        + " UnauthorizedOperation: Refused as told:"
                                                        + " CreateImageUsageReport")));
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 1);
    }

    @Test
    void oneImageWithoutAReportHoldsUpNoOther() {
        List<ImageId> shared = available(2);
        cloud.faults().calls("CreateImageUsageReport").error("InvalidAMIID.NotFound", 400);

        probes.otherAccounts(REGION, shared, true, cloud.now(), () -> true);
        cloud.advance(Duration.ofHours(24));

        Usage usage =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, shared, false, cloud.now(), () -> true)));
        assertThat(usage.of(shared.getFirst())).isInstanceOf(Answer.Unknown.class);
        assertThat(usage.of(shared.getLast())).isEqualTo(new Answer.Unused());
    }

    @ParameterizedTest
    @CsvSource({"DescribeImageUsageReports", "DescribeImageUsageReportEntries"})
    void reportsThatMayNotBeReadLeaveSharedImagesInTheDarkAndNoOthers(String action) {
        ImageId image = available(1).getFirst();
        reported(image);
        cloud.faults().calls(action).deny();

        Usage usage =
                Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION, List.of(image), true, cloud.now(), () -> true)));

        assertThat(usage.of(image))
                .isEqualTo(
                        unknown(
                                "other accounts: the role may not call ec2:%s:".formatted(action)
                                        + " UnauthorizedOperation: Refused as told: "
                                        + action));
        assertThat(usage.of(FREE)).isEqualTo(new Answer.Unused());
        assertThat(cloud.calls()).containsEntry("CreateImageUsageReport", 1);
    }

    @Test
    void aReportThatDoesNotSayHowDeepItLookedProvesNothing() {
        ImageUsageResourceTypeRequest shallow =
                UsageReports.ASKED_FOR.getLast().copy(it -> it.resourceTypeOptions(List.of()));

        assertProvesNoDisuse(
                report -> report.resourceTypes(UsageReports.ASKED_FOR.getFirst(), shallow));
    }

    // Words

    private void assertProvesNoDisuse(Consumer<CreateImageUsageReportRequest.Builder> less) {
        ImageId image = available(1).getFirst();
        ec2.createImageUsageReport(r -> {
            r.imageId(image.value()).resourceTypes(UsageReports.ASKED_FOR);
            less.accept(r);
        });
        cloud.advance(Duration.ofHours(24));

        assertThat(otherAccounts(image, false).answer())
                .isEqualTo(unknown("no report of the last 7 days"));
    }

    private Usage usage() {
        return probes.usage(REGION);
    }

    private Finding otherAccounts(ImageId image, boolean mayRequest) {
        return Usage.of(
                        List.of(
                                probes.otherAccounts(
                                        REGION,
                                        List.of(image),
                                        mayRequest,
                                        cloud.now(),
                                        () -> true)))
                .findings(image)
                .getFirst();
    }

    private void reported(ImageId image) {
        images.requestUsageReport(REGION, image, UsageReports.ASKED_FOR);
        cloud.advance(Duration.ofHours(24));
    }

    private List<ImageId> available(int count) {
        List<ImageId> made = IntStream.range(0, count).mapToObj(this::image).toList();
        cloud.advance(Duration.ofMinutes(10));
        return made;
    }

    private ImageId image(int number) {
        String instance = cloud.launch(EAST, Map.of(), List.of(8));
        return new ImageId(
                ec2.createImage(r -> r.instanceId(instance).name("gold/" + number)).imageId());
    }

    private String template(String image) {
        return ec2.createLaunchTemplate(
                        r -> r.launchTemplateName("web").launchTemplateData(d -> d.imageId(image)))
                .launchTemplate()
                .launchTemplateId();
    }

    private void configuration(String name, ImageId image) {
        autoScaling.createLaunchConfiguration(
                r -> r.launchConfigurationName(name).imageId(image.value()));
    }

    private void group(String name, String configuration) {
        autoScaling.createAutoScalingGroup(r ->
                r.autoScalingGroupName(name)
                        .launchConfigurationName(configuration)
                        .minSize(0)
                        .maxSize(1));
    }

    private void overriding(String name, String image) {
        autoScaling.createAutoScalingGroup(r ->
                r.autoScalingGroupName(name)
                        .minSize(0)
                        .maxSize(1)
                        .mixedInstancesPolicy(mixed ->
                                mixed.launchTemplate(
                                        template -> template.overrides(override(image)))));
    }

    private static LaunchTemplateOverrides override(String image) {
        return LaunchTemplateOverrides.builder().imageId(image).build();
    }

    private List<String> spotRequests(int count, ImageId image) {
        return ec2
                .requestSpotInstances(r ->
                        r.instanceCount(count).launchSpecification(it -> it.imageId(image.value())))
                .spotInstanceRequests()
                .stream()
                .map(request -> request.spotInstanceRequestId())
                .toList();
    }

    private String spotFleet(ImageId image) {
        return ec2.requestSpotFleet(r ->
                        r.spotFleetRequestConfig(config ->
                                config.launchSpecifications(
                                        SpotFleetLaunchSpecification.builder()
                                                .imageId(image.value())
                                                .build())))
                .spotFleetRequestId();
    }

    private String fleet(FleetType type, ImageId image) {
        return ec2.createFleet(r -> r.type(type).launchTemplateConfigs(List.of(overriding(image))))
                .fleetId();
    }

    private static FleetLaunchTemplateConfigRequest overriding(ImageId image) {
        return FleetLaunchTemplateConfigRequest.builder()
                .overrides(
                        List.of(
                                FleetLaunchTemplateOverridesRequest.builder()
                                        .imageId(image.value())
                                        .build()))
                .build();
    }

    private void parameter(String name, String value, String dataType) {
        ssm.putParameter(
                r -> r.name(name).value(value).type(ParameterType.STRING).dataType(dataType));
    }

    private static Answer usedBy(String... users) {
        return new Answer.Used(Stream.of(users).toList());
    }

    private static Answer unknown(String... because) {
        return new Answer.Unknown(Stream.of(because).toList());
    }
}
