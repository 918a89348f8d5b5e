package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.KeyPairInfo;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

final class SimulatedNetworksTest {
    private static final String HOME = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final SimulatedNetworks networks = cloud.networks(HOME);
    private final Ec2Client ec2 = cloud.ec2(HOME);

    @Test
    void aRegionHasADefaultSubnetInEachOfThreeZonesAndADefaultGroup() {
        assertThat(ec2.describeSubnets().subnets())
                .allSatisfy(subnet -> assertThat(subnet.vpcId()).isEqualTo(networks.defaultVpc()))
                .extracting(
                        Subnet::availabilityZone,
                        Subnet::cidrBlock,
                        Subnet::availableIpAddressCount)
                .containsExactlyInAnyOrder(
                        tuple("us-east-1a", "172.31.0.0/20", 4091),
                        tuple("us-east-1b", "172.31.16.0/20", 4091),
                        tuple("us-east-1c", "172.31.32.0/20", 4091));
        assertThat(ec2.describeSecurityGroups().securityGroups())
                .extracting(SecurityGroup::groupName, SecurityGroup::vpcId)
                .containsExactly(tuple("default", networks.defaultVpc()));
        assertThat(ec2.describeKeyPairs().keyPairs()).isEmpty();
    }

    @Test
    void regionsHaveNetworksOfTheirOwn() {
        assertThat(cloud.networks("us-west-2").defaultVpc()).isNotEqualTo(networks.defaultVpc());
        String ours = networks.defaultSubnet("us-east-1a");

        assertThat(refusal(() -> cloud.ec2("us-west-2").describeSubnets(r -> r.subnetIds(ours))))
                .isEqualTo("InvalidSubnetID.NotFound");
    }

    @Test
    void whatIsMissingIsRefusedByName() {
        assertThat(refusal(() -> ec2.describeSubnets(r -> r.subnetIds("subnet-0"))))
                .isEqualTo("InvalidSubnetID.NotFound");
        assertThat(refusal(() -> ec2.describeSecurityGroups(r -> r.groupIds("sg-0"))))
                .isEqualTo("InvalidGroup.NotFound");
        assertThat(refusal(() -> ec2.describeSecurityGroups(r -> r.groupNames("web"))))
                .isEqualTo("InvalidGroup.NotFound");
        assertThat(refusal(() -> ec2.describeKeyPairs(r -> r.keyNames("admin"))))
                .isEqualTo("InvalidKeyPair.NotFound");
        assertThat(refusal(() -> ec2.describeKeyPairs(r -> r.keyPairIds("key-0"))))
                .isEqualTo("InvalidKeyPair.NotFound");
        assertThat(refusal(() -> networks.addSubnet("vpc-0", "us-east-1a", Map.of())))
                .isEqualTo("InvalidVpcID.NotFound");
        assertThat(refusal(() -> networks.defaultSubnet("us-east-1z"))).isEqualTo("MissingInput");
    }

    @Test
    void whatIsAddedIsFoundByIdTagAndVpc() {
        String vpc = networks.addVpc();
        String subnet = networks.addSubnet(vpc, "us-east-1b", Map.of("tier", "drill"));
        String group = networks.addGroup(vpc, "web", Map.of("tier", "web"));
        networks.addKeyPair("admin");

        assertThat(ec2.describeSubnets(r -> r.subnetIds(subnet)).subnets())
                .extracting(Subnet::availabilityZone, Subnet::vpcId, Subnet::defaultForAz)
                .containsExactly(tuple("us-east-1b", vpc, false));
        assertThat(ec2.describeSubnets(r -> r.filters(filter("tag:tier", "drill"))).subnets())
                .extracting(Subnet::subnetId)
                .containsExactly(subnet);
        assertThat(
                        ec2.describeSecurityGroups(r ->
                                        r.filters(
                                                filter("vpc-id", vpc), filter("group-name", "web")))
                                .securityGroups())
                .extracting(SecurityGroup::groupId)
                .containsExactly(group);
        assertThat(ec2.describeKeyPairs(r -> r.keyNames("admin")).keyPairs())
                .extracting(KeyPairInfo::keyName)
                .containsExactly("admin");
    }

    @Test
    void whatIsRemovedIsGone() {
        String subnet = networks.addSubnet(networks.defaultVpc(), "us-east-1a", Map.of());
        String group = networks.addGroup(networks.defaultVpc(), "web", Map.of());
        networks.addKeyPair("admin");
        networks.removeSubnet(subnet);
        networks.removeGroup(group);
        networks.removeKeyPair("admin");

        assertThat(ec2.describeSubnets().subnets()).hasSize(3);
        assertThat(ec2.describeSecurityGroups().securityGroups()).hasSize(1);
        assertThat(ec2.describeKeyPairs().keyPairs()).isEmpty();
    }

    @Test
    void subnetsAndGroupsComeInPages() {
        IntStream.range(0, 7)
                .forEach(n -> {
                    networks.addSubnet(networks.defaultVpc(), "us-east-1a", Map.of());
                    networks.addGroup(networks.defaultVpc(), "g-" + n, Map.of());
                });

        assertThat(ec2.describeSubnets(r -> r.maxResults(5)).subnets()).hasSize(5);
        assertThat(ec2.describeSubnetsPaginator(r -> r.maxResults(5)).subnets()).hasSize(10);
        assertThat(ec2.describeSecurityGroupsPaginator(r -> r.maxResults(5)).securityGroups())
                .hasSize(8);
    }

    @Test
    void aSubnetHasFewerAddressesTheMoreInstancesItHas() {
        String subnet = networks.defaultSubnet("us-east-1a");
        cloud.launch(HOME, Map.of(), List.of(8));

        assertThat(
                        ec2.describeSubnets(r -> r.subnetIds(subnet))
                                .subnets()
                                .getFirst()
                                .availableIpAddressCount())
                .isEqualTo(4090);
    }

    @Test
    void aFleetThatIsLargerThanASubnetIsSpreadOverMoreOfThem() {
        IntStream.range(0, 4092).forEach(_ -> cloud.launch(HOME, Map.of(), List.of(8)));

        assertThat(cloud.instances(HOME))
                .extracting(it -> it.instance().privateIpAddress())
                .doesNotHaveDuplicates();
        assertThat(ec2.describeSubnets().subnets()).hasSize(4);
    }

    private static Filter filter(String name, String value) {
        return Filter.builder().name(name).values(value).build();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
