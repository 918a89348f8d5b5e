package dev.amikeeper.restore;

import static dev.amikeeper.restore.RestoreReport.RestoreCount.MALFORMED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.TestDeployment;
import dev.amikeeper.image.Restore;
import dev.amikeeper.local.LocalInstance;
import dev.amikeeper.local.SimulatedNetworks;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import software.amazon.awssdk.services.ec2.model.Address;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceSpecification;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The addresses of a server that comes back. */
final class AddressesTest {
    private final TestDeployment given = TestDeployment.nightlyInMemory("");
    private final SimulatedNetworks east = given.cloud.networks(TestDeployment.EAST);
    private final String dual =
            east.addSubnet(east.defaultVpc(), "us-east-1a", Map.of("Name", "dual"));

    AddressesTest() {
        east.addIpv6(dual);
    }

    // Those that EC2 gives

    @Test
    void aServerGetsAsManyIpv6AndFurtherPrivateAddressesAsItHad() {
        String server =
                imaged(run ->
                        run.networkInterfaces(
                                nic(0).subnetId(dual)
                                        .ipv6AddressCount(2)
                                        .secondaryPrivateIpAddressCount(3)
                                        .build(),
                                nic(1).subnetId(dual).ipv6AddressCount(1).build()));

        RestoreReport report = ask(server, Map.of());

        assertThat(report.plan())
                .anyMatch(line -> line.matches(" +IPv6 addresses +2 -> 2 others"))
                .anyMatch(line -> line.contains("network interface 1, IPv6 addresses"));
        Instance back = back();
        assertThat(back.networkInterfaces())
                .extracting(one -> one.ipv6Addresses().size())
                .containsExactly(2, 1);
        assertThat(back.networkInterfaces().getFirst().privateIpAddresses()).hasSize(4);
    }

    @Test
    void saysThatASubnetHasNoIpv6AddressesToGive() {
        String plain = east.addSubnet(east.defaultVpc(), "us-east-1b", Map.of());
        String server =
                imaged(run ->
                        run.networkInterfaces(nic(0).subnetId(dual).ipv6AddressCount(1).build()));

        RestoreReport report = ask(server, Map.of("subnet", plain));

        assertThat(report.plan())
                .anyMatch(line -> line.contains("1 -> none; " + plain + " has no IPv6 block"));
        assertThat(back().networkInterfaces().getFirst().ipv6Addresses()).isEmpty();
    }

    @Test
    void aServerThatTheInternetDidNotReachIsNotReachedWhereTheSubnetGivesPublicAddresses() {
        String server = imaged(run -> run.subnetId(dual));

        ask(server, Map.of("subnet", east.defaultSubnet("us-east-1b")));

        assertThat(back().publicIpAddress()).isNull();
    }

    @Test
    void aServerWithAPublicAddressGetsAnotherOneWhereTheSubnetGivesNone() {
        String server = imaged(run -> run.subnetId(east.defaultSubnet("us-east-1a")));

        RestoreReport report = ask(server, Map.of("subnet", dual));

        assertThat(report.plan())
                .anyMatch(
                        line -> line.matches(" +public IPv4 address +one of EC2's -> another one"));
        assertThat(back().publicIpAddress()).isNotNull();
    }

    @Test
    void aServerThatWasStoppedTakesWhatTheSubnetGives() {
        String server = launch(run -> run.subnetId(east.defaultSubnet("us-east-1a")));
        given.ec2(TestDeployment.EAST).stopInstances(stop -> stop.instanceIds(server));
        imagedAgain();

        ask(server, Map.of());

        assertThat(back().publicIpAddress()).isNotNull();
    }

    // Elastic IP addresses

    @Test
    void theElasticIpStaysWhereItIsUnlessItIsAskedFor() {
        String server = imaged(run -> run.subnetId(dual));
        String ip = elastic(server);
        imagedAgain();

        RestoreReport report = ask(server, Map.of());

        assertThat(report.plan())
                .anyMatch(line -> line.contains(ip + " -> none; it stays yours (--elastic-ip"));
        assertThat(back().publicIpAddress()).isNull();
        assertThat(given.cloud.calls())
                .as("the test's own")
                .containsEntry("DescribeAddresses", 1)
                .containsEntry("AssociateAddress", 1);
    }

    @Test
    void aServerWhoseOriginalIsGoneGetsItsElasticIpAfterItsChecks() {
        String server = imaged(run -> run.subnetId(dual));
        String ip = elastic(server);
        imagedAgain();
        terminate(server);

        ask(server, Map.of("elasticIp", "original"));
        play(Duration.ofMinutes(1));
        assertThat(holder(ip)).as("before its checks").isNull();
        Instance back = back();

        assertThat(holder(ip)).isEqualTo(back.instanceId());
        assertThat(record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(record().note()).isEqualTo("it has " + ip);
    }

    @Test
    void theElasticIpIsNeverTakenFromALivingServer() {
        String server = imaged(run -> run.subnetId(dual));
        String ip = elastic(server);
        imagedAgain();

        RestoreReport report = ask(server, Map.of("elasticIp", "original"));
        back();

        assertThat(report.plan())
                .anyMatch(line ->
                        line.contains(ip + " -> " + ip + ", unless " + server + " still has it"));
        assertThat(holder(ip)).isEqualTo(server);
        assertThat(record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(record().note()).isEqualTo(ip + " stays with " + server + ", which has it");
        assertThat(given.told()).anyMatch(text -> text.contains("without its Elastic IP address"));
    }

    @Test
    void whoGetsTheElasticIpAtTheLastMomentKeepsIt() {
        String server = imaged(run -> run.subnetId(dual));
        String other = launch(run -> run.subnetId(dual));
        Address free = allocate();
        // Between the look and the call.
        given.cloud.watch((action, _) -> {
            if (action.equals("AssociateAddress") && holder(free.publicIp()) == null) {
                given.cloud.watch((_, _) -> {});
                associate(free, other);
            }
        });

        ask(server, Map.of("elasticIp", free.allocationId()));
        back();

        assertThat(holder(free.publicIp())).isEqualTo(other);
        assertThat(record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(record().note()).contains("Resource.AlreadyAssociated");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AssociateAddress",
                "DescribeAddresses",
                "DescribeInstances",
                "TransactWriteItems"
            })
    void whoeverDiesWhileItIsAssociatedTheServerHasItInTheEnd(String call) {
        for (int nth = 1; nth <= 4; nth++) {
            AddressesTest world = new AddressesTest();
            String server = world.imaged(run -> run.subnetId(world.dual));
            Address free = world.allocate();
            world.given.cloud.faults().calls(call).nth(nth).killAfter();
            world.given.deployment.deliver(
                    world.request(server, Map.of("elasticIp", free.allocationId())));
            Instance back = world.back();

            assertThat(world.holder(free.publicIp()))
                    .as("%s %d", call, nth)
                    .isEqualTo(back.instanceId());
            assertThat(world.record().state()).isEqualTo(Restore.RestoreState.PASSED);
        }
    }

    @Test
    void aLostReplyIsAskedForAgainAndNothingIsAssociatedTwice() {
        String server = imaged(run -> run.subnetId(dual));
        Address free = allocate();
        given.cloud.faults().calls("AssociateAddress").loseReply();

        ask(server, Map.of("elasticIp", free.allocationId()));

        Instance back = back();
        assertThat(holder(free.publicIp())).isEqualTo(back.instanceId());
        assertThat(given.cloud.calls()).containsEntry("AssociateAddress", 1);
        assertThat(record().note()).isEqualTo("it has " + free.publicIp());
    }

    @Test
    void aServerWithSeveralInterfacesGetsItOnItsFirst() {
        String server =
                imaged(run ->
                        run.networkInterfaces(
                                nic(0).subnetId(dual).build(), nic(1).subnetId(dual).build()));
        Address free = allocate();

        ask(server, Map.of("elasticIp", free.allocationId()));

        assertThat(back().networkInterfaces())
                .filteredOn(one -> one.association() != null)
                .singleElement()
                .satisfies(one -> assertThat(one.attachment().deviceIndex()).isZero());
    }

    @Test
    void aFleetGetsWhatTheMappingSays() {
        String server = imaged(run -> run.subnetId(dual));
        String ip = elastic(server);
        imagedAgain();
        Address free = allocate();

        ask(server, Map.of("mapping", Map.of("elasticIps", Map.of(ip, free.allocationId()))));

        Instance back = back();
        assertThat(holder(free.publicIp())).isEqualTo(back.instanceId());
        assertThat(holder(ip)).isEqualTo(server);
    }

    @Test
    void anElasticIpThatIsNotThereIsMissing() {
        String server = imaged(run -> run.subnetId(dual));

        assertThat(ask(server, Map.of("elasticIp", "eipalloc-0abc")).problem())
                .isEqualTo(
                        "Elastic IP address eipalloc-0abc is not in us-east-1; name one from there"
                                + " by its allocation id");
        assertThat(ask(server, Map.of("elasticIp", "original")).problem())
                .startsWith("no Elastic IP address of the original is recorded");
        assertThat(ask(server, Map.of("elasticIp", "mine")).count(MALFORMED)).isEqualTo(1);
        assertThat(restored()).isEmpty();
    }

    @Test
    void aReplacedRootLeavesTheElasticIpAlone() {
        String server = imaged(run -> run.subnetId(dual));
        String ip = elastic(server);
        imagedAgain();

        ask(server, Map.of("replaceRoot", true));
        play(Duration.ofMinutes(40));

        assertThat(record().state()).isEqualTo(Restore.RestoreState.PASSED);
        assertThat(record().note()).isEmpty();
        assertThat(holder(ip)).isEqualTo(server);
    }

    private static InstanceNetworkInterfaceSpecification.Builder nic(int index) {
        return InstanceNetworkInterfaceSpecification.builder().deviceIndex(index);
    }

    private String launch(Consumer<RunInstancesRequest.Builder> as) {
        return given.cloud.launch(
                TestDeployment.EAST, Map.of("Name", "web-1", "backup", "gold"), List.of(8), as);
    }

    private String imaged(Consumer<RunInstancesRequest.Builder> as) {
        String server = launch(as);
        imagedAgain();
        return server;
    }

    private void imagedAgain() {
        given.deployment.runUntil(
                given.cloud.now().truncatedTo(ChronoUnit.DAYS).plus(Duration.ofHours(32)));
    }

    private Address allocate() {
        String id = given.ec2(TestDeployment.EAST).allocateAddress(it -> {}).allocationId();
        return given.ec2(TestDeployment.EAST)
                .describeAddresses(ask -> ask.allocationIds(id))
                .addresses()
                .getFirst();
    }

    private void associate(Address address, String instance) {
        given.ec2(TestDeployment.EAST)
                .associateAddress(
                        it -> it.allocationId(address.allocationId()).instanceId(instance));
    }

    private String elastic(String instance) {
        Address address = allocate();
        associate(address, instance);
        return address.publicIp();
    }

    private @Nullable String holder(String ip) {
        return given.cloud.instances(TestDeployment.EAST).stream()
                .map(LocalInstance::instance)
                .filter(it ->
                        it.networkInterfaces().stream()
                                .map(InstanceNetworkInterface::association)
                                .anyMatch(at -> at != null && at.publicIp().equals(ip)))
                .map(Instance::instanceId)
                .findFirst()
                .orElse(null);
    }

    private void terminate(String instance) {
        given.ec2(TestDeployment.EAST).terminateInstances(it -> it.instanceIds(instance));
        play(Duration.ofMinutes(5));
    }

    private void play(Duration time) {
        given.deployment.runUntil(given.cloud.now().plus(time));
    }

    private Map<String, Object> request(String server, Map<String, Object> more) {
        Map<String, Object> detail = new HashMap<>(more);
        detail.put("instance", server);
        return Map.of(
                "id",
                "1111-" + more.hashCode(),
                "source",
                "amikeeper",
                "detail-type",
                "Restore Requested",
                "time",
                given.cloud.now().toString(),
                "region",
                TestDeployment.EAST,
                "account",
                "123456789012",
                "detail",
                detail);
    }

    private RestoreReport ask(String server, Map<String, Object> more) {
        return given.deployment.restore(request(server, more));
    }

    /** The restored server, checked. */
    private Instance back() {
        play(Duration.ofMinutes(20));
        assertThat(restored()).hasSize(1);
        return restored().getFirst();
    }

    private List<Instance> restored() {
        return given.cloud.instances(TestDeployment.EAST).stream()
                .map(LocalInstance::instance)
                .filter(it -> RestoreHandlerTest.tags(it).containsKey("amikeeper:restore"))
                .toList();
    }

    private Restore record() {
        return given.catalog().restores("gold").getFirst();
    }
}
