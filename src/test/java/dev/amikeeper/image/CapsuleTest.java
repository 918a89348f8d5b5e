package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

final class CapsuleTest {
    private static final Capsule PLAIN =
            new Capsule(
                    new Capsule.Hardware(
                            "t3.small", false, false, "default", Capsule.Options.USUAL),
                    new Capsule.Network(
                            "us-east-1a",
                            "subnet-0abc",
                            List.of("sg-1", "sg-2"),
                            Optional.of("10.0.0.5"),
                            Capsule.Addresses.UNKNOWN,
                            List.of(),
                            Map.of()),
                    new Capsule.Access(Optional.empty(), Optional.empty(), Optional.empty()),
                    Capsule.Script.NONE,
                    Optional.empty(),
                    Map.of(),
                    List.of());

    @Test
    void comesBackFromTheFormOfTheCatalogue() {
        Capsule full = full(List.of(second(1)));

        assertThat(CapsuleFields.read(CapsuleFields.write(full))).contains(full);
        assertThat(CapsuleFields.read(CapsuleFields.write(PLAIN))).contains(PLAIN);
    }

    @Test
    void comesBackFromTagsWithoutUserDataAndTheInstancesTags() {
        Capsule full = full(List.of(second(1), second(2)));

        assertThat(CapsuleTags.read(CapsuleTags.write(full))).contains(withoutTags(full));
        assertThat(CapsuleTags.read(CapsuleTags.write(PLAIN))).contains(PLAIN);
    }

    @Test
    void saysWhichVolumesTheImageLacksAndWhichTagsTheyHave() {
        Capsule capsule =
                PLAIN.withDisks(
                        List.of(
                                new Capsule.Disk("/dev/sdg", 500, true, Map.of("backup", "no")),
                                new Capsule.Disk("/dev/sdh", 1, true, Map.of()),
                                new Capsule.Disk(
                                        "xvda",
                                        0,
                                        false,
                                        Map.of("cost", "17", "a=b&c", "d@e é_20%"))));

        assertThat(CapsuleFields.read(CapsuleFields.write(capsule))).contains(capsule);
        assertThat(CapsuleTags.read(CapsuleTags.write(capsule))).contains(capsule);
        assertThat(capsule.leftOut())
                .extracting(Capsule.Disk::device, Capsule.Disk::gib)
                .containsExactly(tuple("/dev/sdg", 500), tuple("/dev/sdh", 1));
    }

    @Test
    void keepsWhichVolumesTheImageLacksWhereTheirTagsFindNoRoom() {
        Map<String, String> many = new HashMap<>();
        IntStream.range(0, 45).forEach(i -> many.put("key-" + i, "value ".repeat(30)));
        Capsule capsule = PLAIN.withDisks(List.of(new Capsule.Disk("/dev/sdg", 500, true, many)));

        assertThat(CapsuleFields.read(CapsuleFields.write(capsule))).contains(capsule);
        assertThat(CapsuleTags.read(CapsuleTags.write(capsule)).orElseThrow().disks())
                .containsExactly(new Capsule.Disk("/dev/sdg", 500, true, Map.of()));
    }

    @Test
    void takesWhatPeopleMadeOfTheTagsOfVolumesForNone() {
        assertThat(
                        CapsuleFields.read(
                                        Map.of(
                                                "type",
                                                "t3.small",
                                                "without",
                                                "+:+/dev/sdf:many+<b>:1",
                                                "volume:/dev/sdg",
                                                "%zz=1&=2&x",
                                                "volume:<b>",
                                                "a=b"))
                                .orElseThrow()
                                .disks())
                .containsExactly(
                        new Capsule.Disk("/dev/sdf", 0, true, Map.of()),
                        new Capsule.Disk("/dev/sdg", 0, false, Map.of()));
    }

    @Test
    void tellsNoTagOfTheUserData() {
        assertThat(CapsuleTags.write(full(List.of())).values())
                .noneMatch(tag -> tag.contains("c2VjcmV0"));
    }

    @Test
    void keepsToTheLimitsOfTags() {
        List<Capsule.Interface> many =
                IntStream.range(1, 15).mapToObj(CapsuleTest::second).toList();

        Map<String, String> tags = CapsuleTags.write(full(many));

        assertThat(tags).hasSizeLessThanOrEqualTo(6);
        assertThat(tags.keySet()).allMatch(key -> key.startsWith(ImageTags.CAPSULE));
        assertThat(tags.values()).allMatch(value -> value.length() <= 255);
    }

    @Test
    void leavesFurtherInterfacesOutBeforeAnythingElse() {
        List<Capsule.Interface> many =
                IntStream.range(1, 15)
                        .mapToObj(index ->
                                new Capsule.Interface(
                                        index,
                                        "subnet-" + "0".repeat(17),
                                        List.of("sg-" + "1".repeat(17), "sg-" + "2".repeat(17)),
                                        "10.0.0." + index,
                                        Capsule.Addresses.UNKNOWN))
                        .toList();

        Capsule back = CapsuleTags.read(CapsuleTags.write(full(many))).orElseThrow();

        assertThat(back.interfaces()).isNotEmpty().hasSizeLessThan(many.size());
        assertThat(many).startsWith(back.interfaces().toArray(Capsule.Interface[]::new));
        assertThat(back.userDataHash()).isEqualTo(full(many).userDataHash());
    }

    @Test
    void isNotThereWhereNoTagsAre() {
        assertThat(CapsuleTags.read(Map.of("Name", "web-1"))).isEmpty();
    }

    @Test
    void survivesWhatPeopleWriteIntoItsTags() {
        Map<String, String> tags = new HashMap<>(CapsuleTags.write(full(List.of())));
        tags.put(ImageTags.CAPSULE, "type=t3.small@=@hops=many@tokens=required@eni1=x@@_@_z");

        Capsule capsule = CapsuleTags.read(tags).orElseThrow();

        assertThat(capsule.type()).isEqualTo("t3.small");
        assertThat(capsule.interfaces()).isEmpty();
        assertThat(capsule.metadata().orElseThrow().hopLimit()).isEqualTo(1);
    }

    @Test
    void tagsOfAnEarlierVersionReadAsTheyDid() {
        Capsule capsule =
                CapsuleTags.read(
                                Map.of(
                                        ImageTags.CAPSULE,
                                        "type=t3.small@zone=us-east-1a@subnet=subnet-0abc"
                                                + "@groups=sg-1+sg-2@tenancy=default"
                                                + "@address=10.0.0.5@eni1=subnet-0b/sg-3/10.0.2.1"))
                        .orElseThrow();

        assertThat(capsule.addresses()).isEqualTo(Capsule.Addresses.UNKNOWN);
        assertThat(capsule.options()).isEqualTo(Capsule.Options.USUAL);
        assertThat(capsule.names()).isEmpty();
        assertThat(capsule.interfaces())
                .containsExactly(
                        new Capsule.Interface(
                                1,
                                "subnet-0b",
                                List.of("sg-3"),
                                "10.0.2.1",
                                Capsule.Addresses.UNKNOWN));
    }

    @Test
    void leavesNamesOutBeforeFurtherInterfaces() {
        List<Capsule.Interface> some = IntStream.range(1, 5).mapToObj(CapsuleTest::second).toList();
        Map<String, String> names = new HashMap<>();
        for (Capsule.Interface one : some) {
            names.put(one.subnet(), "a subnet with a name " + "of many words ".repeat(15));
        }

        Capsule back =
                CapsuleTags.read(CapsuleTags.write(full(some).withNames(names))).orElseThrow();

        assertThat(back.interfaces()).isEqualTo(some);
        assertThat(back.names()).hasSizeLessThan(full(some).withNames(names).names().size());
    }

    @Test
    void takesNoNamesButOfItsOwnSubnets() {
        Capsule named =
                PLAIN.withNames(Map.of("subnet-0abc", "private a", "subnet-0def", "public"));

        assertThat(named.names()).isEqualTo(Map.of("subnet-0abc", "private a"));
        assertThat(CapsuleFields.read(CapsuleFields.write(named))).contains(named);
    }

    @Test
    void countsThatPeopleEditAreNoneAtWorst() {
        Capsule capsule =
                CapsuleFields.read(
                                Map.of(
                                        "type",
                                        "t3.small",
                                        "net0",
                                        "ipv6:lots+more:+elastic:+publik"))
                        .orElseThrow();

        assertThat(capsule.addresses()).isEqualTo(Capsule.Addresses.UNKNOWN);
    }

    private static Capsule full(List<Capsule.Interface> interfaces) {
        return new Capsule(
                new Capsule.Hardware(
                        "m7g.large",
                        true,
                        true,
                        "dedicated",
                        new Capsule.Options(true, true, false, true, Optional.of("rack & row"))),
                new Capsule.Network(
                        "us-east-1b",
                        "subnet-0abc1234def567890",
                        List.of("sg-0abc1234def567890"),
                        Optional.of("10.0.1.17"),
                        new Capsule.Addresses(
                                2, 1, Optional.of(true), Optional.of("203.0.113.7"), false),
                        interfaces,
                        Map.of("sg-0abc1234def567890", "web servers")),
                new Capsule.Access(
                        Optional.of("Bob's key_pair @ home=é"),
                        Optional.of("arn:aws:iam::111122223333:instance-profile/a/b/web"),
                        Optional.of(
                                new Capsule.Metadata(
                                        "required", "enabled", 2, "disabled", "enabled"))),
                new Capsule.Script(Optional.of("0f".repeat(32)), Optional.of("c2VjcmV0")),
                Optional.of("lt-0abc:3"),
                Map.of("Name", "web-1", "backup", "gold"),
                List.of());
    }

    private static Capsule.Interface second(int index) {
        return new Capsule.Interface(
                index,
                "subnet-0b" + index,
                List.of("sg-3", "sg-4"),
                "10.0.2." + index,
                new Capsule.Addresses(index % 2, 1, Optional.empty(), Optional.empty(), true));
    }

    private static Capsule withoutTags(Capsule capsule) {
        Map<String, String> fields = new HashMap<>(CapsuleFields.write(capsule));
        fields.keySet().removeIf(key -> key.startsWith("tag:") || key.equals("userData"));
        return CapsuleFields.read(fields).orElseThrow();
    }
}
