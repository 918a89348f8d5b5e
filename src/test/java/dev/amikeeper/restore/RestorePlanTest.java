package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Networks;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a plan says before anything is launched. */
final class RestorePlanTest {
    private static final Capsule.Addresses PUBLIC =
            new Capsule.Addresses(0, 0, Optional.of(true), Optional.empty(), true);

    @Test
    void aTypeThatTheZoneDoesNotHaveIsMissing() {
        RestorePlan plan =
                plan(server(), RestoreOptions.NONE, Map.of("m5.large", Set.of("us-east-1b")));

        assertThat(plan.missing())
                .containsExactly(
                        new RestorePlan.MissingPart(
                                "types",
                                "m5.large",
                                "type m5.large is not available in us-east-1a, where subnet"
                                        + " subnet-1 is, but in us-east-1b"));
    }

    @Test
    void aTypeThatTheRegionDoesNotHaveIsMissing() {
        assertThat(plan(server(), RestoreOptions.NONE, Map.of()).missing())
                .extracting(RestorePlan.MissingPart::why)
                .containsExactly("type m5.large is not available in us-east-1");
    }

    @Test
    void aTypeThatWasWishedForIsNotForTheMappingToFill() {
        RestoreOptions wish =
                new RestoreOptions(
                        Optional.of("m9.huge"),
                        Optional.empty(),
                        List.of(),
                        false,
                        Map.of(),
                        RestoreOptions.Mapping.NONE);

        RestorePlan plan = plan(server(), wish, Map.of());

        assertThat(plan.missing()).hasSize(1);
        assertThat(MissingMapping.of(List.of(plan), Networks.NONE, Map.of())).isEmpty();
    }

    @Test
    void whereEc2DoesNotTellWhatIsToBeHadThePlanIsWhole() {
        assertThat(
                        RestorePlan.of(
                                        image(server()),
                                        RestoreOptions.NONE,
                                        there(Optional.empty()))
                                .isWhole())
                .isTrue();
    }

    @Test
    void ofAnOutpostItIsNotKnownWhatIsToBeHad() {
        Networks.Subnet outpost = new Networks.Subnet("subnet-1", "vpc-1", "", "", "", false);
        Networks plain = there(Optional.of(Map.of()));
        Networks there =
                new Networks(
                        Map.of("subnet-1", outpost),
                        plain.groups(),
                        plain.keyPairs(),
                        plain.zones(),
                        plain.addresses());

        assertThat(RestorePlan.of(image(server()), RestoreOptions.NONE, there).isWhole()).isTrue();
    }

    @Test
    void aGroupOfAnotherVpcThanTheSubnetIsMissing() {
        RestoreOptions wish =
                new RestoreOptions(
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        false,
                        Map.of(),
                        new RestoreOptions.Mapping(
                                Map.of(), Map.of("sg-1", "sg-2"), Map.of(), Map.of()));

        assertThat(RestorePlan.of(image(server()), wish, there(Optional.empty())).missing())
                .containsExactly(
                        new RestorePlan.MissingPart(
                                "securityGroups",
                                "sg-1",
                                "security group sg-2 is of vpc-2, but subnet subnet-1 of vpc-1"));
    }

    @Test
    void whatIsMissingIsCalledByItsNameToo() {
        Capsule server = server().withNames(Map.of("subnet-1", "private-a"));

        assertThat(RestorePlan.of(image(server), RestoreOptions.NONE, Networks.NONE).missing())
                .extracting(RestorePlan.MissingPart::why)
                .contains("subnet subnet-1 (private-a) is not in us-east-1");
    }

    @Test
    void namesWhatCannotBeAskedForAtTheLaunch() {
        Capsule server =
                server(
                        new Capsule.Addresses(0, 0, Optional.empty(), Optional.empty(), false),
                        List.of(),
                        new Capsule.Options(true, true, false, true, Optional.of("rack")));

        RestorePlan plan =
                RestorePlan.of(image(server), RestoreOptions.NONE, there(Optional.empty()));

        assertThat(plan.differences())
                .extracting(RestorePlan.Difference::what)
                .contains("source/destination check", "market", "placement group");
        assertThat(plan.as().options())
                .isEqualTo(new Capsule.Options(true, true, false, false, Optional.empty()));
    }

    @Test
    void asksForNothingThatAnotherTypeMayNotHave() {
        Capsule server =
                server(
                        Capsule.Addresses.UNKNOWN,
                        List.of(),
                        new Capsule.Options(true, true, false, false, Optional.empty()));
        RestoreOptions.Mapping mapping =
                new RestoreOptions.Mapping(
                        Map.of(), Map.of(), Map.of(), Map.of("m5.large", "t3.large"));
        RestoreOptions wish =
                new RestoreOptions(
                        Optional.empty(), Optional.empty(), List.of(), false, Map.of(), mapping);

        RestorePlan plan = RestorePlan.of(image(server), wish, there(Optional.empty()));

        assertThat(plan.as().options())
                .isEqualTo(new Capsule.Options(false, false, false, false, Optional.empty()));
        assertThat(plan.differences())
                .extracting(RestorePlan.Difference::what)
                .contains("type", "hibernation", "enclaves");
    }

    @Test
    void aServerWithSeveralInterfacesCannotBeGivenAPublicAddress() {
        Capsule two =
                server(
                        PUBLIC,
                        List.of(
                                new Capsule.Interface(
                                        1,
                                        "subnet-1",
                                        List.of("sg-1"),
                                        "10.0.0.7",
                                        Capsule.Addresses.UNKNOWN)),
                        Capsule.Options.USUAL);

        RestorePlan plan = RestorePlan.of(image(two), RestoreOptions.NONE, there(Optional.empty()));

        assertThat(plan.as().addresses().isPublic()).isEmpty();
        assertThat(plan.differences())
                .anyMatch(it ->
                        it.what().equals("public IPv4 address")
                                && it.restored().startsWith("none; EC2 gives none"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"aws:x", "amikeeper:lease"})
    void aTagThatIsNotForPeopleCannotBeWishedFor(String key) {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new RestoreOptions(
                                Optional.empty(),
                                Optional.empty(),
                                List.of(),
                                false,
                                Map.of(key, "1"),
                                RestoreOptions.Mapping.NONE))
                .withMessageContaining(key);
    }

    @Test
    void aRequestForTheSameIsTheSameAsBeforeThereWereElasticIps() {
        RestoreRequest request =
                new RestoreRequest(
                        new InstanceId("i-1"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Restore.RestoreKind.LAUNCH,
                        RestoreOptions.NONE);

        assertThat(request.identity(image(server())))
                .isEqualTo(
                        "[us-east-1, ami-1, LAUNCH, Optional.empty, Optional.empty, [], false, {},"
                                + " {}]");
    }

    @Test
    void userDataRunsAgainUnlessItIsLeftOut() {
        Capsule server = server().withUserData(Optional.of("5f2a"), Optional.of("ZWNobw=="));
        RestoreOptions without =
                new RestoreOptions(
                        Optional.empty(),
                        Optional.empty(),
                        List.of(),
                        false,
                        Map.of(),
                        RestoreOptions.Mapping.NONE,
                        Optional.empty(),
                        Optional.empty(),
                        true);

        RestorePlan again =
                RestorePlan.of(image(server), RestoreOptions.NONE, there(Optional.empty()));
        RestorePlan left = RestorePlan.of(image(server), without, there(Optional.empty()));

        assertThat(again.differences())
                .contains(
                        new RestorePlan.Difference(
                                "user data",
                                "ran at the first boot",
                                "runs again on the restored disks; --no-user-data leaves it out"));
        assertThat(again.as().userData()).contains("ZWNobw==");
        assertThat(left.differences())
                .contains(new RestorePlan.Difference("user data", "ran at the first boot", "none"));
        assertThat(left.as().userData()).isEmpty();
    }

    private static RestorePlan plan(
            Capsule server, RestoreOptions wish, Map<String, Set<String>> zones) {
        return RestorePlan.of(image(server), wish, there(Optional.of(zones)));
    }

    private static Networks there(Optional<Map<String, Set<String>>> zones) {
        return new Networks(
                Map.of(
                        "subnet-1",
                        new Networks.Subnet(
                                "subnet-1", "vpc-1", "us-east-1a", "10.0.0.0/24", "", false)),
                Map.of(
                        "sg-1", new Networks.Group("sg-1", "vpc-1", "web", ""),
                        "sg-2", new Networks.Group("sg-2", "vpc-2", "web", "")),
                Set.of(),
                zones,
                Map.of());
    }

    private static Capsule server() {
        return server(Capsule.Addresses.UNKNOWN, List.of(), Capsule.Options.USUAL);
    }

    private static Capsule server(
            Capsule.Addresses addresses,
            List<Capsule.Interface> interfaces,
            Capsule.Options options) {
        return new Capsule(
                new Capsule.Hardware("m5.large", false, false, "default", options),
                new Capsule.Network(
                        "us-east-1a",
                        "subnet-1",
                        List.of("sg-1"),
                        Optional.empty(),
                        addresses,
                        interfaces,
                        Map.of()),
                new Capsule.Access(Optional.empty(), Optional.empty(), Optional.empty()),
                Capsule.Script.NONE,
                Optional.empty(),
                Map.of(),
                List.of());
    }

    private static Image image(Capsule server) {
        Instant then = Instant.parse("2026-03-01T02:00:00Z");
        Image intent =
                Image.intent(
                        new ImageName("gold", new InstanceId("i-1"), new Slot(then)),
                        new Region("us-east-1"),
                        Trigger.SCHEDULED,
                        then);
        return intent.remembering(Optional.of(server)).started(new ImageId("ami-1"), 1, then);
    }
}
