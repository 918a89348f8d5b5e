package dev.amikeeper;

import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.ADOPTED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.GONE;
import static dev.amikeeper.sweep.SweepReport.SweepCount.LITTER;
import static dev.amikeeper.sweep.SweepReport.SweepCount.ORPHANS;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNCOPIED;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.retention.PruneReport;
import dev.amikeeper.sweep.SweepReport;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** Items that another version wrote, or somebody edited: they stop nobody but themselves. */
final class UnreadableItemsTest {
    private static final Region EAST = new Region(TestDeployment.EAST);
    private static final Region WEST = new Region(TestDeployment.WEST);
    private static final String ACCOUNT = "123456789012";

    private final TestDeployment given =
            TestDeployment.nightlyInMemory(
                    """
                    keep: {last: 2}
                    replicate: {us-west-2: {}}
                    limits: {maxRemovePercent: 100, maxRemoveCount: 200}
                    """);

    @Test
    void anImageWhoseRecordCannotBeReadStaysAndStopsNoOther() {
        given.instance("web");
        given.instance("db");
        given.nights(4);
        Image bad = oldest(EAST);
        int images = given.images(TestDeployment.EAST).size();
        Image copy = oldest(WEST);
        set(images(EAST), key(bad), "state", "ARCHIVED");

        SweepReport swept = given.deployment.sweep(given.cloud.now());
        PruneReport pruned = given.deployment.prune(given.cloud.now(), false);
        given.deployment.runUntil(given.cloud.now().plus(Duration.ofHours(1)));

        assertThat(
                        swept.count(ADOPTED)
                                + swept.count(UNCOPIED)
                                + swept.count(ORPHANS)
                                + swept.count(GONE))
                .isZero();
        assertThat(pruned.count(REMOVED)).isPositive();
        assertThat(given.images(TestDeployment.EAST))
                .hasSize(images - 3)
                .extracting(image -> image.image().name())
                .contains(bad.name().toString());
        // It may be the source of a copy, or one of it.
        assertThat(given.records(TestDeployment.WEST)).contains(copy);
        assertThat(given.deployment.deadLetters()).isEmpty();
    }

    @Test
    void theSnapshotsOfOneAreNoLitter() {
        given.instance("web");
        given.nights(2);
        Image bad = oldest(EAST);
        set(images(EAST), key(bad), "state", "ARCHIVED");
        given.ec2(TestDeployment.EAST)
                .deregisterImage(ask -> ask.imageId(bad.id().orElseThrow().value()));
        given.nights(2, 2);

        SweepReport swept = given.deployment.sweep(given.cloud.now());

        assertThat(swept.count(ORPHANS) + swept.count(LITTER)).isZero();
    }

    @Test
    void peopleAreToldOnceAndThatItIsOver() {
        given.instance("web");
        given.nights(2);
        Image bad = oldest(EAST);
        set(images(EAST), key(bad), "state", "ARCHIVED");

        given.deployment.sweep(given.cloud.now());
        given.deployment.prune(given.cloud.now(), false);
        given.deployment.sweep(given.cloud.now());

        assertThat(unreadable(given.told())).hasSize(1);
        assertThat(unreadable(given.told()).getFirst())
                .contains("us-east-1/images/gold", key(bad), "its state is \"ARCHIVED\"");

        set(images(EAST), key(bad), "state", "AVAILABLE");
        given.deployment.sweep(given.cloud.now());

        assertThat(given.catalog().open()).extracting(Notice::key).noneMatch(this::isUnreadable);
        assertThat(given.told().getLast()).contains("resolved: ", "us-east-1/images/gold");
    }

    private boolean isUnreadable(String key) {
        return key.startsWith("unreadable/");
    }

    private static List<String> unreadable(List<String> told) {
        return told.stream().filter(text -> text.contains("this version cannot read")).toList();
    }

    @Test
    void aWaitingIntentThatCannotBeReadHoldsUpNoOther() {
        given.instance("web");
        given.instance("db");
        given.deployment.withoutSchedules();
        Instant slot = TestDeployment.START.plus(Duration.ofHours(2));
        given.cloud.advanceTo(slot);
        given.cloud.faults().calls("CreateImage").times(2).throttle();
        given.deployment.tick(slot);
        Image bad = given.records(TestDeployment.EAST).getFirst();
        set(images(EAST), key(bad), "trigger", "MOON");

        given.deployment.runUntil(slot.plus(Duration.ofHours(1)));
        given.deployment.sweep(given.cloud.now());
        given.deployment.runUntil(slot.plus(Duration.ofHours(2)));

        assertThat(given.records(TestDeployment.EAST))
                .hasSize(1)
                .allMatch(image -> image.state() == ImageState.AVAILABLE);
        assertThat(given.deployment.deadLetters()).isEmpty();
    }

    @Test
    void aNoticeThatCannotBeReadKeepsNoOtherFromBeingTold() {
        given.catalog()
                .note(
                        new Notice(
                                NoticeKey.parse("a"),
                                TestDeployment.START,
                                "one thing",
                                "look",
                                true));
        given.catalog()
                .note(
                        new Notice(
                                NoticeKey.parse("b"),
                                TestDeployment.START,
                                "another thing",
                                "look",
                                true));
        for (String partition : List.of("notices", "open", "unannounced")) {
            set(ACCOUNT + "/" + partition, "a", "kind", "RUMOUR");
        }

        given.tick("2026-03-01T00:05:00Z");
        given.tick("2026-03-01T00:10:00Z");

        assertThat(given.told())
                .anyMatch(text -> text.contains("another thing"))
                .anyMatch(text -> text.contains("its kind is \"RUMOUR\""))
                .noneMatch(text -> text.contains("one thing"));
    }

    private Image oldest(Region region) {
        return Stream.of(given.catalog().ofPolicy("gold", region))
                .flatMap(List::stream)
                .min((one, other) -> one.name().compareTo(other.name()))
                .orElseThrow();
    }

    private static String images(Region region) {
        return ACCOUNT + "/" + region + "/images/gold";
    }

    private static String key(Image image) {
        return image.name().instance() + "/" + image.name().slot();
    }

    private void set(String partition, String key, String attribute, String value) {
        given.edit(partition, key, attribute, value);
    }
}
