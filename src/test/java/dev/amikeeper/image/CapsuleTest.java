package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

final class CapsuleTest {
    private static final Capsule PLAIN =
            new Capsule(
                    "t3.small",
                    "us-east-1a",
                    "subnet-0abc",
                    List.of("sg-1", "sg-2"),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    false,
                    "default",
                    Optional.of("10.0.0.5"),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of());

    @Test
    void comesBackFromTheFormOfTheCatalogue() {
        Capsule full = full(List.of(second(1)));

        assertThat(Capsule.of(full.fields())).contains(full);
        assertThat(Capsule.of(PLAIN.fields())).contains(PLAIN);
    }

    @Test
    void comesBackFromTagsWithoutUserDataAndTheInstancesTags() {
        Capsule full = full(List.of(second(1), second(2)));

        assertThat(Capsule.ofTags(full.toTags())).contains(withoutTags(full));
        assertThat(Capsule.ofTags(PLAIN.toTags())).contains(PLAIN);
    }

    @Test
    void tellsNoTagOfTheUserData() {
        assertThat(full(List.of()).toTags().values()).noneMatch(tag -> tag.contains("c2VjcmV0"));
    }

    @Test
    void keepsToTheLimitsOfTags() {
        List<Capsule.Interface> many =
                IntStream.range(1, 15).mapToObj(CapsuleTest::second).toList();

        Map<String, String> tags = full(many).toTags();

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
                                        "10.0.0." + index))
                        .toList();

        Capsule back = Capsule.ofTags(full(many).toTags()).orElseThrow();

        assertThat(back.interfaces()).isNotEmpty().hasSizeLessThan(many.size());
        assertThat(many).startsWith(back.interfaces().toArray(Capsule.Interface[]::new));
        assertThat(back.userDataHash()).isEqualTo(full(many).userDataHash());
    }

    @Test
    void isNotThereWhereNoTagsAre() {
        assertThat(Capsule.ofTags(Map.of("Name", "web-1"))).isEmpty();
    }

    @Test
    void survivesWhatPeopleWriteIntoItsTags() {
        Map<String, String> tags = new HashMap<>(full(List.of()).toTags());
        tags.put(ImageTags.CAPSULE, "type=t3.small@=@hops=many@tokens=required@eni1=x@@_@_z");

        Capsule capsule = Capsule.ofTags(tags).orElseThrow();

        assertThat(capsule.type()).isEqualTo("t3.small");
        assertThat(capsule.interfaces()).isEmpty();
        assertThat(capsule.metadata().orElseThrow().hopLimit()).isEqualTo(1);
    }

    private static Capsule full(List<Capsule.Interface> interfaces) {
        return new Capsule(
                "m7g.large",
                "us-east-1b",
                "subnet-0abc1234def567890",
                List.of("sg-0abc1234def567890"),
                Optional.of("Bob's key_pair @ home=é"),
                Optional.of("arn:aws:iam::111122223333:instance-profile/a/b/web"),
                Optional.of(new Capsule.Metadata("required", "enabled", 2, "disabled")),
                true,
                true,
                "dedicated",
                Optional.of("10.0.1.17"),
                interfaces,
                Optional.of("lt-0abc:3"),
                Optional.of("0f".repeat(32)),
                Optional.of("c2VjcmV0"),
                Map.of("Name", "web-1", "backup", "gold"));
    }

    private static Capsule.Interface second(int index) {
        return new Capsule.Interface(
                index, "subnet-0b" + index, List.of("sg-3", "sg-4"), "10.0.2." + index);
    }

    private static Capsule withoutTags(Capsule capsule) {
        Map<String, String> fields = new HashMap<>(capsule.fields());
        fields.keySet().removeIf(key -> key.startsWith("tag:") || key.equals("userData"));
        return Capsule.of(fields).orElseThrow();
    }
}
