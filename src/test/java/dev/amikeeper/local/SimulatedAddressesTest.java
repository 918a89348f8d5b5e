package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Address;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.InstanceTypeOffering;
import software.amazon.awssdk.services.ec2.model.LocationType;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Public addresses, those that EC2 gives and those that an account holds, and IPv6 addresses. */
final class SimulatedAddressesTest {
    private static final String HOME = "us-east-1";

    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final SimulatedNetworks networks = cloud.networks(HOME);
    private final Ec2Client ec2 = cloud.ec2(HOME);
    private final String plain = networks.addSubnet(networks.defaultVpc(), "us-east-1b", Map.of());

    @Test
    void ec2GivesAPublicAddressWhereTheSubnetDoesAndTakesItWhenTheInstanceStops() {
        String id = launch(networks.defaultSubnet("us-east-1a"));
        String first = instance(id).publicIpAddress();

        assertThat(instance(launch(plain)).publicIpAddress()).isNull();
        assertThat(instance(id).networkInterfaces().getFirst().association().ipOwnerId())
                .isEqualTo("amazon");
        ec2.stopInstances(stop -> stop.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(instance(id).publicIpAddress()).isNull();
        ec2.startInstances(start -> start.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(instance(id).publicIpAddress()).isNotNull().isNotEqualTo(first);
    }

    @Test
    void theRequestGoesBeforeTheSubnet() {
        String without =
                launch(nic(networks.defaultSubnet("us-east-1a")).associatePublicIpAddress(false));
        String with = launch(nic(plain).associatePublicIpAddress(true));

        assertThat(instance(without).publicIpAddress()).isNull();
        assertThat(instance(with).publicIpAddress()).isNotNull();
    }

    @Test
    void anElasticIpTakesThePlaceOfEc2sAndStaysWhileTheInstanceIsStopped() {
        String id = launch(networks.defaultSubnet("us-east-1a"));
        Address address = allocate();

        ec2.associateAddress(it -> it.allocationId(address.allocationId()).instanceId(id));
        assertThat(instance(id).publicIpAddress()).isEqualTo(address.publicIp());
        assertThat(instance(id).networkInterfaces().getFirst().association().ipOwnerId())
                .isEqualTo(SimulatedCloud.ACCOUNT);
        ec2.stopInstances(stop -> stop.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(instance(id).publicIpAddress()).isEqualTo(address.publicIp());
        assertThat(shown(address).instanceId()).isEqualTo(id);
        ec2.terminateInstances(end -> end.instanceIds(id));
        cloud.advance(Duration.ofMinutes(1));
        assertThat(shown(address).instanceId()).isNull();
    }

    @Test
    void anElasticIpIsTakenFromWhoeverHasItUnlessTheRequestForbidsThat() {
        String one = launch(plain);
        String other = launch(plain);
        Address address = allocate();
        String allocation = address.allocationId();
        ec2.associateAddress(it -> it.allocationId(allocation).instanceId(one));

        assertThat(
                        refusal(() ->
                                ec2.associateAddress(it ->
                                        it.allocationId(allocation)
                                                .instanceId(other)
                                                .allowReassociation(false))))
                .isEqualTo("Resource.AlreadyAssociated");
        ec2.associateAddress(
                it -> it.allocationId(allocation).instanceId(one).allowReassociation(false));
        assertThat(shown(address).instanceId()).isEqualTo(one);
        ec2.associateAddress(it -> it.allocationId(allocation).instanceId(other));
        assertThat(shown(address).instanceId()).isEqualTo(other);
        assertThat(instance(one).publicIpAddress()).isNull();
        ec2.disassociateAddress(it -> it.associationId(shown(address).associationId()));
        assertThat(shown(address).instanceId()).isNull();
    }

    @Test
    void anInstanceWithSeveralInterfacesIsNoPlaceForAnElasticIp() {
        String id = launch(nic(plain), nic(plain).deviceIndex(1));
        Address address = allocate();

        assertThat(
                        refusal(() ->
                                ec2.associateAddress(it ->
                                        it.allocationId(address.allocationId()).instanceId(id))))
                .isEqualTo("InvalidInstanceID");
        assertThat(
                        refusal(() ->
                                ec2.associateAddress(
                                        it -> it.allocationId("eipalloc-0").instanceId(id))))
                .isEqualTo("InvalidAllocationID.NotFound");
    }

    @Test
    void ipv6AddressesAreOfTheSubnetsBlock() {
        networks.addIpv6(plain);
        String block =
                ec2.describeSubnets(ask -> ask.subnetIds(plain))
                        .subnets()
                        .getFirst()
                        .ipv6CidrBlockAssociationSet()
                        .getFirst()
                        .ipv6CidrBlock();

        Instance it = instance(launch(nic(plain).ipv6AddressCount(2)));

        assertThat(it.networkInterfaces().getFirst().ipv6Addresses())
                .hasSize(2)
                .doesNotHaveDuplicates()
                .allMatch(one ->
                        one.ipv6Address().startsWith(block.substring(0, block.indexOf("::"))));
        assertThat(
                        refusal(() ->
                                launch(
                                        nic(networks.defaultSubnet("us-east-1a"))
                                                .ipv6AddressCount(1))))
                .isEqualTo("InvalidParameterValue");
    }

    @Test
    void typesAreToBeHadWhereTheyAreSupported() {
        cloud.settings()
                .unsupported(launch ->
                        launch.type().equals("m9.large") && launch.zone().equals("us-east-1a"));

        assertThat(
                        ec2.describeInstanceTypeOfferings(ask ->
                                        ask.locationType(LocationType.AVAILABILITY_ZONE)
                                                .filters(
                                                        Filter.builder()
                                                                .name("instance-type")
                                                                .values("m9.large")
                                                                .build()))
                                .instanceTypeOfferings())
                .extracting(InstanceTypeOffering::location)
                .containsExactly("us-east-1b", "us-east-1c");
    }

    private static InstanceNetworkInterfaceSpecification.Builder nic(String subnet) {
        return InstanceNetworkInterfaceSpecification.builder().deviceIndex(0).subnetId(subnet);
    }

    private String launch(String subnet) {
        return cloud.launch(HOME, Map.of(), List.of(8), run -> run.subnetId(subnet));
    }

    private String launch(InstanceNetworkInterfaceSpecification.Builder... interfaces) {
        return cloud.launch(
                HOME,
                Map.of(),
                List.of(8),
                run ->
                        run.networkInterfaces(
                                List.of(interfaces).stream().map(it -> it.build()).toList()));
    }

    private Address allocate() {
        String id = ec2.allocateAddress(it -> {}).allocationId();
        return ec2.describeAddresses(ask -> ask.allocationIds(id)).addresses().getFirst();
    }

    private Address shown(Address address) {
        return ec2.describeAddresses(ask ->
                        ask.filters(
                                Filter.builder()
                                        .name("public-ip")
                                        .values(address.publicIp())
                                        .build()))
                .addresses()
                .getFirst();
    }

    private Instance instance(String id) {
        return ec2.describeInstances(ask -> ask.instanceIds(id))
                .reservations()
                .getFirst()
                .instances()
                .getFirst();
    }

    private static String refusal(ThrowingCallable call) {
        return catchThrowableOfType(Ec2Exception.class, call).awsErrorDetails().errorCode();
    }
}
