package dev.amikeeper.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the catalogue and EC2 say of an image that a restore is to be launched from. */
final class EligibilityTest {
    private static final Region HOME = new Region("us-east-1");
    private static final Instant NOW = Instant.parse("2026-03-01T08:00:00Z");
    private static final ImageId ID = new ImageId("ami-1");
    private static final ImageName NAME =
            new ImageName(
                    "gold", new InstanceId("i-1"), new Slot(Instant.parse("2026-03-01T02:00:00Z")));
    private static final Image CREATING =
            Image.intent(NAME, HOME, Trigger.SCHEDULED, NOW).started(ID, 1, NOW);
    private static final Image GOOD = CREATING.available(false, NOW);
    private static final Restore RESTORE =
            Restore.requested(
                    "gold/i-1/restore-1",
                    Restore.RestoreKind.LAUNCH,
                    GOOD,
                    RestorePlan.unknown(),
                    Optional.empty(),
                    Duration.ofHours(1),
                    NOW);

    @Test
    void isGoodIfBothSaySo() {
        assertThat(fit(GOOD, shown("available"))).isEqualTo(new Eligibility.Good());
    }

    @Test
    void waitsForEc2ToShowIt() {
        assertThat(fit(GOOD, new ImageLookup.NotShown()))
                .isEqualTo(new Eligibility.NotYet("ami-1 is not shown by EC2"));
        assertThat(fit(GOOD, shown("pending")))
                .isEqualTo(new Eligibility.NotYet("ami-1 is pending in EC2"));
    }

    @Test
    void waitsWhileAStepIsUnderWay() {
        Image disabling = GOOD.disabling("no rule", List.of(), List.of(), NOW);
        Image enabling = disabling.disabledUntil(NOW, NOW).enabling(NOW);

        assertThat(fit(disabling, shown("available")))
                .isEqualTo(new Eligibility.NotYet("ami-1 is DISABLING according to the catalogue"));
        assertThat(fit(enabling, shown("disabled"))).isInstanceOf(Eligibility.NotYet.class);
        assertThat(fit(CREATING, shown("available"))).isInstanceOf(Eligibility.NotYet.class);
        assertThat(fit(CREATING.again(NOW, "gone", NOW), shown("available")))
                .isInstanceOf(Eligibility.NotYet.class);
    }

    @Test
    void waitsWhileOnlyOneOfThemSaysThatItIsDisabled() {
        Image disabled = GOOD.disabledByOthers(true);

        assertThat(fit(GOOD, shown("disabled")))
                .isEqualTo(new Eligibility.NotYet("ami-1 is disabled in EC2"));
        assertThat(fit(disabled, shown("available")))
                .isEqualTo(new Eligibility.NotYet("ami-1 is DISABLED according to the catalogue"));
        assertThat(fit(disabled, shown("disabled")))
                .isEqualTo(new Eligibility.Never("ami-1 is disabled"));
        assertThat(
                        fit(
                                GOOD.disabling("no rule", List.of(), List.of(), NOW)
                                        .disabledUntil(NOW, NOW),
                                shown("disabled")))
                .isEqualTo(new Eligibility.Never("ami-1 is disabled"));
    }

    @Test
    void doesNotWaitForWhatIsCertain() {
        assertThat(fit(GOOD, new ImageLookup.Gone()))
                .isEqualTo(new Eligibility.Never("ami-1 is deregistered"));
        assertThat(fit(GOOD, shown("failed"))).isEqualTo(new Eligibility.Never("ami-1 failed"));
        assertThat(fit(GOOD.retiring("no rule", List.of(), NOW), shown("available")))
                .isEqualTo(new Eligibility.Never("ami-1 is being removed"));
        assertThat(fit(CREATING.failed("no room", NOW), shown("available")))
                .isEqualTo(new Eligibility.Never("ami-1 failed"));
        Image another =
                CREATING.again(NOW, "gone", NOW)
                        .started(new ImageId("ami-2"), 1, NOW)
                        .available(false, NOW);
        assertThat(fit(another, shown("available")))
                .isEqualTo(new Eligibility.Never("ami-1 was replaced by ami-2"));
    }

    @Test
    void anImageWithoutRecordIsLostOrRemoved() {
        assertThat(Eligibility.of(RESTORE, Optional.empty(), true, new ImageLookup.NotShown()))
                .isEqualTo(new Eligibility.Never("ami-1 was removed"));
        assertThat(Eligibility.of(RESTORE, Optional.empty(), false, shown("available")))
                .isEqualTo(new Eligibility.NotYet("ami-1 is not in the catalogue"));
    }

    @Test
    void isNotRestoredFromUnderOtherTags() {
        assertThat(fit(GOOD, new ImageLookup.Shown(ami("available", Map.of()))))
                .isInstanceOf(Eligibility.NotYet.class);
    }

    private static Eligibility fit(Image record, ImageLookup look) {
        return Eligibility.of(RESTORE, Optional.of(record), false, look);
    }

    private static ImageLookup shown(String state) {
        return new ImageLookup.Shown(
                ami(state, ImageTags.of(NAME, Optional.empty(), Map.of(), List.of())));
    }

    private static Ami ami(String state, Map<String, String> tags) {
        return new Ami(
                ID,
                HOME,
                NAME.toString(),
                AmiState.of(state),
                tags,
                List.of(),
                NOW,
                "",
                Optional.empty(),
                Optional.empty(),
                false,
                false,
                Map.of());
    }
}
