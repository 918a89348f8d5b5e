package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of what EC2 names: images, instances, Regions. */
final class IdsTest {
    @ParameterizedTest
    @ValueSource(strings = {"ami-0abcdef1234567890", "ami-1a2b3c4d"})
    void knowsAnImageId(String id) {
        assertThat(new ImageId(id)).hasToString(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ami-", "AMI-1", "ami-1 ", "ami-1\n", "aami-1", "i-1", "ami-1/2"})
    void refusesWhatIsNoImageId(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ImageId(text))
                .withMessage("not an image id: " + Texts.quoted(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"i-0abc1234def567890", "i-1a2b3c4d"})
    void knowsAnInstanceId(String id) {
        assertThat(new InstanceId(id)).hasToString(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "i-", "I-1", "mi-1", "i-1 ", "i-1\n", "ami-1", "i-é"})
    void refusesWhatIsNoInstanceId(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new InstanceId(text))
                .withMessage("not an instance id: " + Texts.quoted(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "snap-", "SNAP-1", "snap-1 ", "vol-1", "snap-é"})
    void refusesWhatIsNoSnapshotId(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SnapshotId.read(text))
                .withMessage("not a snapshot id: " + Texts.quoted(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "us-east-1",
                "ap-southeast-7",
                "cn-northwest-1",
                "us-gov-west-1",
                "us-isob-east-1",
                "eusc-de-east-1",
                "mx-central-1"
            })
    void knowsARegion(String name) {
        assertThat(new Region(name)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "us-east",
                "us-east-1a",
                "US-EAST-1",
                "us_east_1",
                "us-east-1\n",
                "1-a-1"
            })
    void refusesWhatIsNoRegion(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Region(text))
                .withMessage("not a Region: " + Texts.quoted(text));
    }

    @Test
    void refusesARegionOfAnyLength() {
        String endless = "us" + "-a".repeat(100_000) + "-1";

        assertThatIllegalArgumentException().isThrownBy(() -> new Region(endless));
    }

    @Test
    void sortsRegionsByName() {
        assertThat(new Region("eu-west-1")).isLessThan(new Region("us-east-1"));
    }

    @Test
    void readsAnImageRefAsItIsWritten() {
        ImageRef ref = new ImageRef(new Region("us-east-1"), new ImageId("ami-0abc"));

        assertThat(ref).hasToString("us-east-1/ami-0abc");
        assertThat(ImageRef.parse("us-east-1/ami-0abc")).contains(ref);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "ami-0abc",
                "us-east-1/",
                "/ami-0abc",
                "us-east-1/i-0abc",
                "nowhere/ami-0abc",
                "us-east-1/ami-0abc/x"
            })
    void readsNoImageRefFromAnotherText(String text) {
        assertThat(ImageRef.parse(text)).isEmpty();
    }
}
