package dev.amikeeper.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;
import dev.amikeeper.image.Stored;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.store.StorePlan.StoreStep;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One image, due; a test says what EC2 knows of it. */
final class StorePlanTest {
    private static final Region EAST = new Region("us-east-1");
    private static final Instant NOW = Instant.parse("2026-03-01T02:00:00Z");
    private static final Instant EARLIER = NOW.minusSeconds(7200);

    private final List<Image> open = new ArrayList<>();
    private final List<Image> due = new ArrayList<>();
    private final List<StoreTask> tasks = new ArrayList<>();
    private final Map<ImageId, StoreSize> bulk = new HashMap<>();
    private final Image image = image("1", 0);

    @Test
    void whatIsDueBegins() {
        due.add(waiting(image));

        assertThat(steps()).containsExactly(new StoreStep.Begin(waiting(image)));
        assertThat(plan().asked()).containsExactly(id(image));
    }

    @Test
    void whatIsUnderWayIsFollowed() {
        Image storing = storing(image);
        open.add(storing);

        task(image, StoreTask.TaskState.IN_PROGRESS, EARLIER);
        assertThat(steps()).containsExactly(new StoreStep.UnderWay(storing));
        tasks.clear();
        StoreTask failed = task(image, StoreTask.TaskState.FAILED, EARLIER);
        assertThat(steps()).containsExactly(new StoreStep.StoringFailed(storing, failed));
        task(image, StoreTask.TaskState.COMPLETED, EARLIER.plusSeconds(1));
        assertThat(steps()).containsExactly(new StoreStep.There(storing));
    }

    @Test
    void aTaskForAnotherBucketOrImageSaysNothing() {
        open.add(storing(image));
        tasks.add(new StoreTask(id(image), "other", StoreTask.TaskState.COMPLETED, EARLIER, ""));
        task(image("2", 0), StoreTask.TaskState.COMPLETED, EARLIER);

        assertThat(steps()).containsExactly(new StoreStep.Begin(storing(image)));
    }

    @Test
    void theFailureOfAnEarlierTryIsNoNews() {
        Image again = StorePlan.failed(storing(image), Optional.of(EARLIER), "no", EARLIER);
        Image second = again.inS3(again.stored().map(stored -> stored.storing(NOW)));
        task(image, StoreTask.TaskState.FAILED, EARLIER);
        open.add(again);
        assertThat(steps()).containsExactly(new StoreStep.Begin(again));
        open.set(0, second);
        assertThat(steps()).containsExactly(new StoreStep.Begin(second));
        StoreTask failed = task(image, StoreTask.TaskState.FAILED, EARLIER.plusSeconds(1));
        assertThat(steps()).containsExactly(new StoreStep.StoringFailed(second, failed));
    }

    @Test
    void aFailedTryWaitsLongerEachTimeAndTheFourthIsTheLast() {
        Image next = storing(image);
        for (int hours : List.of(1, 6, 24)) {
            next = StorePlan.failed(next, Optional.empty(), "no", NOW);
            Stored stored = next.stored().orElseThrow();
            assertThat(stored.state()).isEqualTo(Stored.StoredState.WAITING);
            assertThat(stored.due()).isEqualTo(NOW.plus(Duration.ofHours(hours)));
            open.add(next);
            assertThat(steps()).isEmpty();
            open.clear();
        }
        next = StorePlan.failed(next, Optional.empty(), "no", NOW);
        assertThat(next.stored().orElseThrow().state()).isEqualTo(Stored.StoredState.GIVEN_UP);
        assertThat(next.stored().orElseThrow().note()).isEqualTo("no");
    }

    @Test
    void theOldestBeginsFirstWhileThereIsRoomWhosoeverTookIt() {
        Image others = image("9", 1000);
        Image older = image("2", 199);
        Image old = image("3", 1);
        Image last = image("4", 1);
        task(others, StoreTask.TaskState.IN_PROGRESS, EARLIER);
        due.addAll(List.of(waiting(last), waiting(old)));
        open.add(storing(older));

        assertThat(steps())
                .containsExactly(
                        new StoreStep.Begin(storing(older)),
                        new StoreStep.Begin(waiting(old)),
                        new StoreStep.StoreWait(waiting(last), "1200 GB are being stored already"));
        assertThat(plan().asked()).containsExactly(id(others), id(older), id(old), id(last));
    }

    @Test
    void whatEc2WouldNeverStoreIsNotTried() {
        Image large = image("2", 5001);
        due.addAll(List.of(waiting(image("3", 5000)), waiting(large)));
        Image paravirtual = image("4", 1);
        bulk.put(id(paravirtual), new StoreSize(ami(paravirtual), 1, true, true, List.of()));
        Image onDisk = image("5", 1);
        bulk.put(id(onDisk), new StoreSize(ami(onDisk), 1, false, false, List.of()));
        due.addAll(List.of(waiting(paravirtual), waiting(onDisk)));

        assertThat(steps())
                .contains(
                        new StoreStep.NeverStored(
                                waiting(large),
                                "it has 5,001 GB, and EC2 stores images of up to 5,000 GB"),
                        new StoreStep.NeverStored(
                                waiting(paravirtual),
                                "it is paravirtual, and EC2 stores no such image"),
                        new StoreStep.NeverStored(
                                waiting(onDisk),
                                "its root is not an EBS volume, and EC2 stores no such image"))
                .hasSize(4);
    }

    @Test
    void whatEc2DoesNotShowAsOursAndAvailableWaits() {
        Image hidden = image("2", 1);
        bulk.remove(id(hidden));
        Image foreign = image("3", 1);
        bulk.put(
                id(foreign),
                new StoreSize(ami(foreign, "available", Map.of()), 1, false, true, List.of()));
        Image disabled = image("4", 1);
        bulk.put(
                id(disabled),
                new StoreSize(
                        ami(disabled, "disabled", tags(disabled)), 1, false, true, List.of()));
        due.addAll(List.of(waiting(hidden), waiting(foreign), waiting(disabled)));

        assertThat(steps()).hasSize(3).allMatch(StoreStep.StoreWait.class::isInstance);
    }

    private List<StoreStep> steps() {
        return plan().steps(bulk);
    }

    private StorePlan plan() {
        return new StorePlan(open, due, tasks, NOW);
    }

    private static Image waiting(Image image) {
        return StorePlan.waiting(image, "archive", NOW);
    }

    private static Image storing(Image image) {
        return image.inS3(
                Optional.of(Stored.waiting(S3Object.of("archive", id(image)), NOW).storing(NOW)));
    }

    private StoreTask task(Image of, StoreTask.TaskState state, Instant began) {
        StoreTask task = new StoreTask(id(of), "archive", state, began, "");
        tasks.add(task);
        return task;
    }

    /** An available image; a greater number is a later slot. */
    private Image image(String number, int gigabytes) {
        Instant slot = NOW.minus(Duration.ofDays(40)).plusSeconds(Long.parseLong(number));
        ImageName name = new ImageName("gold", new InstanceId("i-1"), new Slot(slot));
        Image made =
                Image.intent(name, EAST, Trigger.SCHEDULED, slot)
                        .started(new ImageId("ami-" + number), 1, slot)
                        .available(false, slot);
        bulk.put(id(made), new StoreSize(ami(made), gigabytes, false, true, List.of()));
        return made;
    }

    private static Ami ami(Image image) {
        return ami(image, "available", tags(image));
    }

    private static Map<String, String> tags(Image image) {
        return ImageTags.of(image.name(), Optional.empty(), Map.of(), List.of());
    }

    private static Ami ami(Image image, String state, Map<String, String> tags) {
        return new Ami(
                id(image),
                EAST,
                image.name().toString(),
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

    private static ImageId id(Image image) {
        return image.id().orElseThrow();
    }
}
