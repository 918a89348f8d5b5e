package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.GroupIdentifier;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceAttributeName;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.InstancePrivateIpAddress;
import software.amazon.awssdk.services.ec2.model.InstanceStatus;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagDescription;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import software.amazon.awssdk.services.ec2.model.Volume;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** RunInstances and what it makes, as far as restoring from images rests on it. */
final class SimulatedLaunchesTest {
    private static final String HOME = "us-east-1";
    private static final String DR = "us-west-2";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final SimulatedNetworks networks = cloud.networks(HOME);
    private final Ec2Client ec2 = cloud.ec2(HOME);

    // What an instance is

    @Test
    void anInstanceThatWasThereFromTheBeginningHasSensibleProperties() {
        Instance it = instance(cloud.launch(HOME, Map.of(), List.of(8, 20)));

        assertThat(it.instanceTypeAsString()).isEqualTo("t3.micro");
        assertThat(it.placement().availabilityZone()).isEqualTo("us-east-1a");
        assertThat(it.placement().tenancyAsString()).isEqualTo("default");
        assertThat(it.subnetId()).isEqualTo(networks.defaultSubnet("us-east-1a"));
        assertThat(it.vpcId()).isEqualTo(networks.defaultVpc());
        assertThat(it.privateIpAddress()).isEqualTo("172.31.0.4");
        assertThat(it.securityGroups())
                .extracting(GroupIdentifier::groupName)
                .containsExactly("default");
        assertThat(it.keyName()).isNull();
        assertThat(it.iamInstanceProfile()).isNull();
        assertThat(it.ebsOptimized()).isFalse();
        assertThat(it.monitoring().stateAsString()).isEqualTo("disabled");
        assertThat(it.metadataOptions().httpTokensAsString()).isEqualTo("optional");
        assertThat(it.metadataOptions().httpPutResponseHopLimit()).isEqualTo(1);
        assertThat(it.networkInterfaces())
                .singleElement()
                .satisfies(one -> assertThat(one.attachment().deviceIndex()).isZero());
    }

    @Test
    void everythingThatAnInstanceIsShownWithCanBeSeeded() {
        String subnet = networks.addSubnet(networks.defaultVpc(), "us-east-1c", Map.of());
        String web = networks.addGroup(networks.defaultVpc(), "web", Map.of());
        String id =
                cloud.launch(
                        HOME,
                        Map.of("Name", "web-1"),
                        List.of(8, 20),
                        r ->
                                r.instanceType("m7g.2xlarge")
                                        .subnetId(subnet)
                                        .securityGroupIds(web)
                                        .privateIpAddress("172.31.48.77")
                                        .keyName("admin")
                                        .iamInstanceProfile(p -> p.name("web"))
                                        .userData("IyEvYmluL3No")
                                        .ebsOptimized(true)
                                        .monitoring(m -> m.enabled(true))
                                        .placement(p -> p.tenancy("dedicated"))
                                        .instanceInitiatedShutdownBehavior("terminate")
                                        .launchTemplate(
                                                t -> t.launchTemplateId("lt-1").version("3"))
                                        .metadataOptions(m ->
                                                m.httpTokens("required")
                                                        .httpPutResponseHopLimit(2)
                                                        .instanceMetadataTags("enabled"))
                                        .blockDeviceMappings(
                                                device(
                                                        "/dev/sdf",
                                                        b ->
                                                                b.ebs(ebs ->
                                                                        ebs.volumeType("io2")
                                                                                .iops(500)
                                                                                .encrypted(true)
                                                                                .kmsKeyId("k-1")
                                                                                .deleteOnTermination(
                                                                                        false)))));

        Instance it = instance(id);
        assertThat(it.architectureAsString()).isEqualTo("arm64");
        assertThat(it.placement().availabilityZone()).isEqualTo("us-east-1c");
        assertThat(it.placement().tenancyAsString()).isEqualTo("dedicated");
        assertThat(it.privateIpAddress()).isEqualTo("172.31.48.77");
        assertThat(it.securityGroups()).extracting(GroupIdentifier::groupId).containsExactly(web);
        assertThat(it.keyName()).isEqualTo("admin");
        assertThat(it.iamInstanceProfile().arn())
                .isEqualTo("arn:aws:iam::123456789012:instance-profile/web");
        assertThat(it.ebsOptimized()).isTrue();
        assertThat(it.monitoring().stateAsString()).isEqualTo("enabled");
        assertThat(it.metadataOptions().httpTokensAsString()).isEqualTo("required");
        assertThat(it.metadataOptions().instanceMetadataTagsAsString()).isEqualTo("enabled");
        assertThat(it.tags())
                .contains(tag("aws:ec2launchtemplate:id", "lt-1"), tag("Name", "web-1"));
        assertThat(userData(id)).isEqualTo("IyEvYmluL3No");
        assertThat(
                        ec2.describeInstanceAttribute(r ->
                                        r.instanceId(id)
                                                .attribute(
                                                        InstanceAttributeName
                                                                .INSTANCE_INITIATED_SHUTDOWN_BEHAVIOR))
                                .instanceInitiatedShutdownBehavior()
                                .value())
                .isEqualTo("terminate");
        assertThat(volumes(id))
                .extracting(
                        Volume::size,
                        Volume::volumeTypeAsString,
                        Volume::iops,
                        Volume::throughput,
                        Volume::encrypted,
                        Volume::kmsKeyId)
                .containsExactlyInAnyOrder(
                        tuple(8, "gp3", 3000, 125, false, null),
                        tuple(20, "io2", 500, null, true, "k-1"));
        assertThat(ec2.describeKeyPairs(r -> r.keyNames("admin")).keyPairs()).hasSize(1);
    }

    @Test
    void theTagsOfALaunchTemplateAreAwsOwn() {
        String id =
                cloud.launch(
                        HOME,
                        Map.of("a", "1"),
                        List.of(8),
                        r -> r.launchTemplate(t -> t.launchTemplateId("lt-1").version("3")));

        ec2.createTags(r -> r.resources(id).tags(tag("b", "2")));
        ec2.deleteTags(r -> r.resources(id));

        assertThat(instance(id).tags())
                .containsExactly(
                        tag("aws:ec2launchtemplate:id", "lt-1"),
                        tag("aws:ec2launchtemplate:version", "3"));
        assertThat(refusal(() -> ec2.createTags(r -> r.resources(id).tags(tag("aws:x", "2")))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void anInstanceWithoutUserDataHasNone() {
        assertThat(userData(cloud.launch(HOME, Map.of(), List.of(8)))).isNull();
    }

    @Test
    void anImageHasWhatTheVolumesOfItsInstanceHave() {
        String source =
                cloud.launch(
                        HOME,
                        Map.of(),
                        List.of(8, 20),
                        r ->
                                r.blockDeviceMappings(
                                        device(
                                                "/dev/sdf",
                                                b ->
                                                        b.ebs(ebs ->
                                                                ebs.volumeType("gp2")
                                                                        .encrypted(true)
                                                                        .kmsKeyId("k-1")
                                                                        .deleteOnTermination(
                                                                                false)))));
        String image = image(source);

        assertThat(
                        ec2.describeImages(r -> r.imageIds(image))
                                .images()
                                .getFirst()
                                .blockDeviceMappings())
                .extracting(
                        it -> it.deviceName(),
                        it -> it.ebs().volumeTypeAsString(),
                        it -> it.ebs().encrypted(),
                        it -> it.ebs().deleteOnTermination())
                .containsExactly(
                        tuple("/dev/xvda", "gp3", false, true),
                        tuple("/dev/sdf", "gp2", true, false));
    }

    // Launching

    @Test
    void aLaunchMakesWhatItWasAskedFor() {
        String image = image();
        String subnet = networks.addSubnet(networks.defaultVpc(), "us-east-1b", Map.of());
        String web = networks.addGroup(networks.defaultVpc(), "web", Map.of());
        networks.addKeyPair("admin");
        cloud.settings().addProfile("web");
        String id =
                run(
                        image,
                        r ->
                                r.instanceType("c5.large")
                                        .subnetId(subnet)
                                        .securityGroupIds(web)
                                        .keyName("admin")
                                        .iamInstanceProfile(p ->
                                                p.arn(
                                                        "arn:aws:iam::123456789012:instance-profile/web"))
                                        .userData("IyEvYmluL3No")
                                        .ebsOptimized(true)
                                        .metadataOptions(m -> m.httpTokens("required"))
                                        .tagSpecifications(
                                                tags("instance", "a"),
                                                tags("volume", "b"),
                                                tags("network-interface", "c")));

        Instance it = instance(id);
        assertThat(it.imageId()).isEqualTo(image);
        assertThat(it.instanceTypeAsString()).isEqualTo("c5.large");
        assertThat(it.subnetId()).isEqualTo(subnet);
        assertThat(it.placement().availabilityZone()).isEqualTo("us-east-1b");
        assertThat(it.securityGroups()).extracting(GroupIdentifier::groupId).containsExactly(web);
        assertThat(it.keyName()).isEqualTo("admin");
        assertThat(it.iamInstanceProfile().arn()).endsWith("instance-profile/web");
        assertThat(it.metadataOptions().httpTokensAsString()).isEqualTo("required");
        assertThat(it.tags()).containsExactly(tag("name", "a"));
        assertThat(userData(id)).isEqualTo("IyEvYmluL3No");
        assertThat(volumes(id))
                .singleElement()
                .satisfies(volume -> {
                    assertThat(volume.tags()).containsExactly(tag("name", "b"));
                    assertThat(volume.snapshotId()).startsWith("snap-");
                    assertThat(volume.availabilityZone()).isEqualTo("us-east-1b");
                });
        assertThat(
                        ec2.describeTags(r ->
                                        r.filters(filter("resource-type", "network-interface")))
                                .tags())
                .extracting(TagDescription::resourceId, TagDescription::value)
                .containsExactly(
                        tuple(it.networkInterfaces().getFirst().networkInterfaceId(), "c"));
    }

    @Test
    void networkInterfacesAreMadeAsAsked() {
        String subnet = networks.defaultSubnet("us-east-1b");
        String web = networks.addGroup(networks.defaultVpc(), "web", Map.of());
        String id =
                run(
                        image(),
                        r ->
                                r.networkInterfaces(
                                        nic(n ->
                                                n.deviceIndex(0)
                                                        .subnetId(subnet)
                                                        .groups(web)
                                                        .privateIpAddress("172.31.16.10")
                                                        .secondaryPrivateIpAddressCount(1)),
                                        nic(n ->
                                                n.deviceIndex(1)
                                                        .subnetId(subnet)
                                                        .deleteOnTermination(false))));

        Instance it = instance(id);
        assertThat(it.subnetId()).isEqualTo(subnet);
        assertThat(it.privateIpAddress()).isEqualTo("172.31.16.10");
        assertThat(it.networkInterfaces())
                .extracting(
                        one -> one.attachment().deviceIndex(),
                        one -> one.attachment().deleteOnTermination(),
                        one ->
                                one.privateIpAddresses().stream()
                                        .map(InstancePrivateIpAddress::privateIpAddress)
                                        .toList())
                .containsExactly(
                        tuple(0, true, List.of("172.31.16.10", "172.31.16.4")),
                        tuple(1, false, List.of("172.31.16.5")));
    }

    @Test
    void whatIsMissingIsRefusedAndNothingIsLaunched() {
        String image = image();
        networks.addSubnet(networks.addVpc(), "us-east-1a", Map.of());
        String elsewhere = networks.addGroup(networks.addVpc(), "web", Map.of());
        int before = cloud.instances(HOME).size();

        assertThat(refusal(() -> run("ami-00000000000000000", r -> {})))
                .isEqualTo("InvalidAMIID.NotFound");
        assertThat(refusal(() -> run(image, r -> r.subnetId("subnet-0"))))
                .isEqualTo("InvalidSubnetID.NotFound");
        assertThat(refusal(() -> run(image, r -> r.securityGroupIds("sg-0"))))
                .isEqualTo("InvalidGroup.NotFound");
        assertThat(refusal(() -> run(image, r -> r.securityGroupIds(elsewhere))))
                .isEqualTo("InvalidParameter");
        assertThat(refusal(() -> run(image, r -> r.keyName("admin"))))
                .isEqualTo("InvalidKeyPair.NotFound");
        assertThat(refusal(() -> run(image, r -> r.iamInstanceProfile(p -> p.name("web")))))
                .isEqualTo("InvalidParameterValue");
        assertThat(
                        refusal(() ->
                                run(
                                        image,
                                        r ->
                                                r.networkInterfaces(
                                                        nic(n ->
                                                                n.deviceIndex(0)
                                                                        .networkInterfaceId(
                                                                                "eni-0"))))))
                .isEqualTo("InvalidNetworkInterfaceID.NotFound");
        assertThat(cloud.instances(HOME)).hasSize(before);
    }

    @Test
    void anAddressIsGivenOnceAndOnlyOfItsSubnet() {
        String image = image();
        run(image, r -> r.privateIpAddress("172.31.0.99"));

        assertThat(refusal(() -> run(image, r -> r.privateIpAddress("172.31.0.99"))))
                .isEqualTo("InvalidIPAddress.InUse");
        assertThat(refusal(() -> run(image, r -> r.privateIpAddress("10.0.0.9"))))
                .isEqualTo("InvalidParameterValue");
        assertThat(refusal(() -> run(image, r -> r.privateIpAddress("nowhere"))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void aTerminatedInstanceGivesItsAddressBack() {
        String image = image();
        String id = run(image, r -> r.privateIpAddress("172.31.0.99"));
        ec2.terminateInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(instance(run(image, r -> r.privateIpAddress("172.31.0.99"))).privateIpAddress())
                .isEqualTo("172.31.0.99");
    }

    @Test
    void interfacesAndASubnetDoNotGoTogether() {
        assertThat(
                        refusal(() ->
                                run(
                                        image(),
                                        r ->
                                                r.subnetId(networks.defaultSubnet("us-east-1a"))
                                                        .networkInterfaces(
                                                                nic(n -> n.deviceIndex(0))))))
                .isEqualTo("InvalidParameterCombination");
    }

    @ParameterizedTest
    @CsvSource({
        "t3.micro, x86_64",
        "g4dn.xlarge, x86_64",
        "g5.xlarge, x86_64",
        "g5g.xlarge, arm64",
        "t4g.micro, arm64",
        "m6gd.large, arm64",
        "is4gen.large, arm64",
        "a1.large, arm64"
    })
    void theNameOfATypeTellsItsArchitecture(String type, String architecture) {
        assertThat(InstanceTypes.architecture(type)).isEqualTo(architecture);
    }

    @Test
    void aTypeOfAnotherArchitectureIsRefused() {
        assertThat(refusal(() -> run(image(), r -> r.instanceType("t4g.micro"))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void devicesAreChangedAddedAndLeftOut() {
        String image = image(cloud.launch(HOME, Map.of(), List.of(8, 20)));
        String id =
                run(
                        image,
                        r ->
                                r.blockDeviceMappings(
                                        device(
                                                "/dev/xvda",
                                                b ->
                                                        b.ebs(ebs ->
                                                                ebs.volumeSize(30)
                                                                        .volumeType("gp2"))),
                                        device("/dev/sdf", b -> b.noDevice("")),
                                        device("/dev/sdz", b -> b.ebs(ebs -> ebs.volumeSize(5)))));

        assertThat(volumes(id))
                .extracting(
                        it -> it.attachments().getFirst().device(),
                        Volume::size,
                        Volume::volumeTypeAsString)
                .containsExactlyInAnyOrder(
                        tuple("/dev/xvda", 30, "gp2"), tuple("/dev/sdz", 5, "gp3"));
        assertThat(
                        refusal(() ->
                                run(
                                        image,
                                        r ->
                                                r.blockDeviceMappings(
                                                        device(
                                                                "/dev/xvda",
                                                                b ->
                                                                        b.ebs(ebs ->
                                                                                ebs.volumeSize(
                                                                                        4)))))))
                .isEqualTo("InvalidBlockDeviceMapping");
        assertThat(
                        refusal(() ->
                                run(
                                        image,
                                        r ->
                                                r.blockDeviceMappings(
                                                        device("/dev/xvda", b -> b.noDevice(""))))))
                .isEqualTo("InvalidBlockDeviceMapping");
    }

    @Test
    void tagsOfOtherThingsAndTooManyOfThemAreRefused() {
        String image = image();

        assertThat(refusal(() -> run(image, r -> r.tagSpecifications(tags("snapshot", "a")))))
                .isEqualTo("InvalidParameterValue");
        List<Tag> many = IntStream.range(0, 51).mapToObj(n -> tag("k" + n, "")).toList();
        assertThat(
                        refusal(() ->
                                run(
                                        image,
                                        r ->
                                                r.tagSpecifications(
                                                        TagSpecification.builder()
                                                                .resourceType("volume")
                                                                .tags(many)
                                                                .build()))))
                .isEqualTo("TagLimitExceeded");
    }

    // Room

    @Test
    void capacityMayLack() {
        String image = image();
        cloud.settings().lacksCapacity(it -> it.zone().equals("us-east-1a"));

        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, () -> run(image, r -> {}));

        assertThat(refused.awsErrorDetails().errorCode()).isEqualTo("InsufficientInstanceCapacity");
        assertThat(refused.statusCode()).isEqualTo(500);
        assertThat(run(image, r -> r.subnetId(networks.defaultSubnet("us-east-1b"))))
                .startsWith("i-");
    }

    @Test
    void aTypeMayNotBeToBeHadInAZone() {
        String image = image();
        cloud.settings().unsupported(it -> it.type().equals("t3.micro"));

        assertThat(refusal(() -> run(image, r -> {}))).isEqualTo("Unsupported");
        assertThat(run(image, r -> r.instanceType("t3.small"))).startsWith("i-");
    }

    @Test
    void quotasCountWhatIsPendingOrRunning() {
        String image = image();
        cloud.settings().launchLimits(2, 1000);
        String second = run(image, r -> {});

        assertThat(refusal(() -> run(image, r -> {}))).isEqualTo("InstanceLimitExceeded");
        ec2.terminateInstances(r -> r.instanceIds(second));
        assertThat(run(image, r -> {})).startsWith("i-");
        cloud.settings().launchLimits(1000, 11);
        assertThat(refusal(() -> run(image, r -> r.instanceType("c5.2xlarge"))))
                .isEqualTo("VcpuLimitExceeded");
        assertThat(run(image, r -> r.instanceType("c5.xlarge"))).startsWith("i-");
    }

    @Test
    void launchesArePacedByTheirOwnBucket() {
        String image = image();
        cloud.settings().throttling(true);
        IntStream.range(0, 5).forEach(_ -> run(image, r -> {}));

        assertThat(refusal(() -> run(image, r -> {}))).isEqualTo("RequestLimitExceeded");
        cloud.advance(Duration.ofMillis(500));
        assertThat(run(image, r -> {})).startsWith("i-");
        assertThat(refusal(() -> run(image, r -> {}))).isEqualTo("RequestLimitExceeded");
    }

    // Once and only once

    @Test
    void aLostReplyIsAskedForAgainWithTheSameToken() {
        String image = image();
        int before = cloud.instances(HOME).size();
        cloud.faults().calls("RunInstances").loseReply();

        assertThatThrownBy(() -> run(image, r -> r.clientToken("t-1")))
                .isInstanceOf(SdkClientException.class);
        String again = run(image, r -> r.clientToken("t-1"));

        assertThat(cloud.instances(HOME)).hasSize(before + 1);
        assertThat(instance(again).clientToken()).isEqualTo("t-1");
        assertThat(cloud.calls().get("RunInstances")).isEqualTo(2);
    }

    @Test
    void aKilledCallersLaunchIsFoundByItsToken() {
        String image = image();
        cloud.faults().calls("RunInstances").killAfter();
        assertThatThrownBy(() -> run(image, r -> r.clientToken("t-1")))
                .isInstanceOf(CallerKilled.class);

        assertThat(
                        ec2.describeInstances(r -> r.filters(filter("client-token", "t-1")))
                                .reservations())
                .hasSize(1);
    }

    @Test
    void aTokenOutlivesItsInstance() {
        String image = image();
        String id = run(image, r -> r.clientToken("t-1"));
        ec2.terminateInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofHours(3));

        assertThat(ec2.runInstances(request(image, r -> r.clientToken("t-1"))).instances())
                .extracting(Instance::instanceId, it -> it.state().nameAsString())
                .containsExactly(tuple(id, "terminated"));
    }

    @Test
    void aRefusedLaunchLeavesItsTokenUnused() {
        String image = image();
        cloud.settings().lacksCapacity(_ -> true);
        assertThat(refusal(() -> run(image, r -> r.clientToken("t-1"))))
                .isEqualTo("InsufficientInstanceCapacity");
        cloud.settings().lacksCapacity(_ -> false);

        assertThat(run(image, r -> r.clientToken("t-1").instanceType("t3.small"))).startsWith("i-");
    }

    @Test
    void aDryRunLaunchesNothing() {
        String image = image();
        int before = cloud.instances(HOME).size();

        assertThat(refusal(() -> run(image, r -> r.dryRun(true)))).isEqualTo("DryRunOperation");
        assertThat(cloud.instances(HOME)).hasSize(before);
    }

    @Test
    void aNewInstanceMayNotShowAtOnce() {
        String image = image();
        cloud.settings().hiddenCalls(2);
        String id = run(image, r -> {});

        assertThat(refusal(() -> instance(id))).isEqualTo("InvalidInstanceID.NotFound");
        assertThat(ec2.describeInstances(r -> r.filters(filter("image-id", image))).reservations())
                .isEmpty();
        assertThat(instance(id).instanceId()).isEqualTo(id);
    }

    // Life

    @Test
    void aLaunchIsTheImagesUse() {
        String image = image();
        run(image, r -> {});
        cloud.advance(Duration.ofHours(25));

        assertThat(
                        ec2.describeImages(r -> r.imageIds(image))
                                .images()
                                .getFirst()
                                .lastLaunchedTime())
                .isEqualTo("2026-03-01T00:05:00.000Z");
        assertThat(
                        ec2.describeImageReferences(
                                        r -> r.imageIds(image).includeAllResourceTypes(true))
                                .imageReferences())
                .hasSize(1);
    }

    @Test
    void checksBeginWhenItRunsAndPass() {
        String id = run(image(), r -> {});

        assertThat(statuses(id)).isEmpty();
        assertThat(checks(all(id)))
                .containsExactly("not-applicable", "not-applicable", "not-applicable");
        cloud.advance(Duration.ofSeconds(30));
        assertThat(checks(statuses(id)))
                .containsExactly("initializing", "initializing", "initializing");
        cloud.advance(Duration.ofMinutes(2));
        assertThat(checks(statuses(id))).containsExactly("ok", "ok", "ok");
    }

    @Test
    void whatFailsToBootFailsItsInstanceCheckOnly() {
        String source = cloud.launch(HOME, Map.of(), List.of(8));
        String image = image(source);
        cloud.settings().failsToBoot(it -> it.source().filter(source::equals).isPresent());
        String id = run(image, r -> {});
        cloud.advance(Duration.ofDays(1));

        assertThat(checks(statuses(id))).containsExactly("impaired", "ok", "ok");
    }

    @Test
    void aCopyKnowsTheInstanceThatItsSourceWasMadeOf() {
        String source = cloud.launch(HOME, Map.of(), List.of(8));
        String image = image(source);
        Ec2Client dr = cloud.ec2(DR);
        String copy =
                dr.copyImage(r -> r.sourceRegion(HOME).sourceImageId(image).name("gold/a"))
                        .imageId();
        cloud.advance(Duration.ofMinutes(15));
        cloud.settings().failsToLaunch(it -> it.source().filter(source::equals).isPresent());
        String id = dr.runInstances(request(copy, r -> {})).instances().getFirst().instanceId();
        cloud.advance(Duration.ofMinutes(1));

        assertThat(
                        dr.describeInstances(r -> r.instanceIds(id))
                                .reservations()
                                .getFirst()
                                .instances())
                .extracting(it -> it.state().nameAsString(), it -> it.stateReason().code())
                .containsExactly(tuple("terminated", "Server.InternalError"));
    }

    @Test
    void whatFailsToLaunchGoesFromPendingToTerminated() {
        String image = image();
        cloud.settings().failsToLaunch(it -> it.image().equals(image));
        cloud.takeEvents();
        run(image, r -> {});
        cloud.advance(Duration.ofMinutes(5));

        assertThat(cloud.takeEvents())
                .extracting(it -> detail(it).get("state"))
                .map(Object::toString)
                .containsExactly("pending", "terminated");
    }

    @Test
    void volumesMayBeOutOfReach() {
        cloud.settings().failsToReachVolumes(it -> it.type().equals("t3.micro"));
        String id = run(image(), r -> {});
        cloud.advance(Duration.ofMinutes(5));

        assertThat(checks(statuses(id))).containsExactly("ok", "ok", "impaired");
    }

    @Test
    void aRestartedInstanceIsCheckedAnew() {
        String id = run(image(), r -> {});
        cloud.advance(Duration.ofMinutes(5));
        ec2.stopInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        cloud.settings().failsToBoot(_ -> true);
        ec2.startInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));

        assertThat(checks(statuses(id))).first().isEqualTo("initializing");
        cloud.advance(Duration.ofMinutes(5));
        assertThat(checks(statuses(id))).first().isEqualTo("impaired");
    }

    @Test
    void aTerminatedInstanceLosesItsVolumesButForThoseToBeKept() {
        String image = image(cloud.launch(HOME, Map.of(), List.of(8, 20)));
        String id =
                run(
                        image,
                        r ->
                                r.blockDeviceMappings(
                                        device(
                                                "/dev/sdf",
                                                b ->
                                                        b.ebs(ebs ->
                                                                ebs.deleteOnTermination(false)))));
        String kept =
                volumes(id).stream()
                        .filter(it -> it.size() == 20)
                        .map(Volume::volumeId)
                        .findFirst()
                        .orElseThrow();
        ec2.terminateInstances(r -> r.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        ec2.terminateInstances(r -> r.instanceIds(id));

        assertThat(volumes(id)).isEmpty();
        assertThat(ec2.describeVolumes(r -> r.volumeIds(kept)).volumes())
                .extracting(Volume::stateAsString)
                .containsExactly("available");
        assertThat(instance(id).state().nameAsString()).isEqualTo("terminated");
        assertThat(instance(id).networkInterfaces()).isEqualTo(List.<InstanceNetworkInterface>of());
    }

    @Test
    void volumesAreTagged() {
        String id = cloud.launch(HOME, Map.of(), List.of(8));
        String volume = volumes(id).getFirst().volumeId();
        ec2.createTags(r -> r.resources(volume).tags(tag("a", "1")));

        assertThat(volumes(id).getFirst().tags()).containsExactly(tag("a", "1"));
        assertThat(refusal(() -> ec2.createTags(r -> r.resources("vol-0").tags(tag("a", "1")))))
                .isEqualTo("InvalidVolume.NotFound");
        assertThat(refusal(() -> ec2.createTags(r -> r.resources("eni-0").tags(tag("a", "1")))))
                .isEqualTo("InvalidNetworkInterfaceID.NotFound");
    }

    private String image() {
        return image(cloud.launch(HOME, Map.of(), List.of(8)));
    }

    private String image(String source) {
        String image = ec2.createImage(r -> r.instanceId(source).name("gold/" + source)).imageId();
        cloud.advance(Duration.ofMinutes(5));
        return image;
    }

    private String run(String image, Consumer<RunInstancesRequest.Builder> more) {
        return ec2.runInstances(request(image, more)).instances().getFirst().instanceId();
    }

    private static RunInstancesRequest request(
            String image, Consumer<RunInstancesRequest.Builder> more) {
        RunInstancesRequest.Builder request =
                RunInstancesRequest.builder()
                        .imageId(image)
                        .instanceType("t3.micro")
                        .minCount(1)
                        .maxCount(1);
        more.accept(request);
        return request.build();
    }

    private Instance instance(String id) {
        return ec2.describeInstances(r -> r.instanceIds(id))
                .reservations()
                .getFirst()
                .instances()
                .getFirst();
    }

    private String userData(String id) {
        return ec2.describeInstanceAttribute(
                        r -> r.instanceId(id).attribute(InstanceAttributeName.USER_DATA))
                .userData()
                .value();
    }

    private List<Volume> volumes(String instance) {
        return ec2.describeVolumes(r -> r.filters(filter("attachment.instance-id", instance)))
                .volumes();
    }

    private List<InstanceStatus> statuses(String id) {
        return ec2.describeInstanceStatus(r -> r.instanceIds(id)).instanceStatuses();
    }

    private List<InstanceStatus> all(String id) {
        return ec2.describeInstanceStatus(r -> r.instanceIds(id).includeAllInstances(true))
                .instanceStatuses();
    }

    /** Instance, system, attached volumes. */
    private static List<String> checks(List<InstanceStatus> statuses) {
        InstanceStatus only = statuses.getFirst();
        return List.of(
                only.instanceStatus().statusAsString(),
                only.systemStatus().statusAsString(),
                only.attachedEbsStatus().statusAsString());
    }

    private static BlockDeviceMapping device(
            String name, Consumer<BlockDeviceMapping.Builder> what) {
        BlockDeviceMapping.Builder device = BlockDeviceMapping.builder().deviceName(name);
        what.accept(device);
        return device.build();
    }

    private static InstanceNetworkInterfaceSpecification nic(
            Consumer<InstanceNetworkInterfaceSpecification.Builder> what) {
        InstanceNetworkInterfaceSpecification.Builder nic =
                InstanceNetworkInterfaceSpecification.builder();
        what.accept(nic);
        return nic.build();
    }

    private static TagSpecification tags(String kind, String name) {
        return TagSpecification.builder().resourceType(kind).tags(tag("name", name)).build();
    }

    private static Tag tag(String key, String value) {
        return Tag.builder().key(key).value(value).build();
    }

    private static Filter filter(String name, String value) {
        return Filter.builder().name(name).values(value).build();
    }

    private static Map<?, ?> detail(Map<String, Object> event) {
        return (Map<?, ?>) Objects.requireNonNull(event.get("detail"));
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
