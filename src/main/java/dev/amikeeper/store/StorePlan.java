package dev.amikeeper.store;

import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;
import dev.amikeeper.image.Stored;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a run does about the images of one Region that are to be stored in S3. Pure. */
final class StorePlan {
    /**
     * EC2 accepts another image while less than this is being stored, by anybody in the account.
     */
    static final int STORING_AT_ONCE_GB = 1200;

    /** If EC2 still does not show a task after this time, there is none. */
    static final Duration SHOWN_AFTER = Duration.ofHours(1);

    /** How long a failed try waits for the next one. After the last try, the image is given up. */
    private static final List<Duration> PAUSES =
            List.of(Duration.ofHours(1), Duration.ofHours(6), Duration.ofHours(24));

    private final List<Image> open;
    private final List<Image> due;
    private final Map<ImageId, List<StoreTask>> tasks;
    private final Instant now;

    /** A step for one image. */
    sealed interface StoreStep {
        /** Its object exists. */
        record There(Image image) implements StoreStep {}

        /** EC2 could not store it. */
        record StoringFailed(Image image, StoreTask task) implements StoreStep {}

        /** EC2 is storing it. */
        record UnderWay(Image image) implements StoreStep {}

        /** EC2 is to be asked now to store it. */
        record Begin(Image image) implements StoreStep {}

        /** EC2 would never store it. */
        record NeverStored(Image image, String why) implements StoreStep {}

        /** It has to wait. */
        record StoreWait(Image image, String why) implements StoreStep {}
    }

    /**
     * Creates the plan for these images.
     *
     * @param open the images whose records say that something is to be done
     * @param due the images that are old enough now, as {@link #waiting} makes them
     * @param tasks EC2's store tasks of the last 31 days
     */
    StorePlan(List<Image> open, List<Image> due, List<StoreTask> tasks, Instant now) {
        this.open = List.copyOf(open);
        this.due = List.copyOf(due);
        this.tasks = tasks.stream().collect(Collectors.groupingBy(StoreTask::image));
        this.now = now;
    }

    /** An image that is old enough, as if its record said that it waits for this bucket. */
    static Image waiting(Image image, String bucket, Instant now) {
        S3Object object = S3Object.of(bucket, image.id().orElseThrow());
        return image.rememberingStored(Optional.of(Stored.waiting(object, now)));
    }

    /**
     * The record after a failed try. The image waits for the next try, longer each time, or is
     * given up.
     *
     * @param task when EC2 began the task that failed, if there was one
     */
    static Image failed(Image image, Optional<Instant> task, String why, Instant now) {
        Stored stored = image.stored().orElseThrow();
        return image.inS3(
                Optional.of(
                        stored.attempt() <= PAUSES.size()
                                ? stored.again(
                                        now.plus(PAUSES.get(stored.attempt() - 1)), task, why, now)
                                : stored.givenUp(task, why, now)));
    }

    /** The images whose volumes decide how much room there is. */
    List<ImageId> asked() {
        return Stream.concat(
                        running().map(StoreTask::image),
                        candidates().flatMap(image -> image.id().stream()))
                .distinct()
                .toList();
    }

    /**
     * All steps: first what became of the images being stored, then those to start, oldest slot
     * first.
     *
     * @param bulk what EC2 reports about the {@link #asked} images
     */
    List<StoreStep> steps(Map<ImageId, StoreSize> bulk) {
        List<StoreStep> steps = new ArrayList<>();
        open.stream().flatMap(image -> settled(image).stream()).forEach(steps::add);
        int storing = running().mapToInt(task -> gigabytes(bulk, task.image())).sum();
        for (Image image : candidates().toList()) {
            StoreStep step = start(image, bulk, storing);
            if (step instanceof StoreStep.Begin) {
                storing += gigabytes(bulk, image.id().orElseThrow());
            }
            steps.add(step);
        }
        return steps;
    }

    private Stream<StoreTask> running() {
        return tasks.values().stream()
                .flatMap(List::stream)
                .filter(task -> task.state() == StoreTask.TaskState.IN_PROGRESS);
    }

    private Stream<Image> candidates() {
        return Stream.concat(
                        open.stream()
                                .filter(image -> settled(image).isEmpty())
                                .filter(image -> !stored(image).due().isAfter(now)),
                        due.stream())
                .sorted(Comparator.comparing(Image::name));
    }

    /** What EC2 reports about an image; empty if storing it has yet to start. */
    private Optional<StoreStep> settled(Image image) {
        return newest(image)
                .flatMap(task ->
                        switch (task.state()) {
                            case COMPLETED -> Optional.of(new StoreStep.There(image));
                            case IN_PROGRESS -> Optional.of(new StoreStep.UnderWay(image));
                            case FAILED ->
                                    stored(image).isUnderWay() && isNews(image, task)
                                            ? Optional.of(new StoreStep.StoringFailed(image, task))
                                            : Optional.empty();
                        });
    }

    private Optional<StoreTask> newest(Image image) {
        return tasks.getOrDefault(image.id().orElseThrow(), List.of()).stream()
                .filter(task -> task.bucket().equals(stored(image).object().bucket()))
                .max(Comparator.comparing(StoreTask::began));
    }

    /** Whether this is a new failure, and not that of an earlier try. */
    private static boolean isNews(Image image, StoreTask task) {
        return stored(image).failedTask().map(task.began()::isAfter).orElse(true);
    }

    private static StoreStep start(Image image, Map<ImageId, StoreSize> bulk, int storing) {
        StoreSize its = bulk.get(image.id().orElseThrow());
        if (its == null || its.ami().state() != AmiState.AVAILABLE) {
            return new StoreStep.StoreWait(image, "EC2 does not show it as available");
        }
        if (!ImageTags.name(its.ami().tags()).equals(Optional.of(image.name()))) {
            return new StoreStep.StoreWait(image, "its tags in EC2 do not say " + image.name());
        }
        return its.cannotBeStored()
                .<StoreStep>map(why -> new StoreStep.NeverStored(image, why))
                .orElseGet(() ->
                        storing < STORING_AT_ONCE_GB
                                ? new StoreStep.Begin(image)
                                : new StoreStep.StoreWait(
                                        image, storing + " GB are being stored already"));
    }

    private static int gigabytes(Map<ImageId, StoreSize> bulk, ImageId id) {
        return Optional.ofNullable(bulk.get(id)).map(StoreSize::gigabytes).orElse(0);
    }

    private static Stored stored(Image image) {
        return image.stored().orElseThrow();
    }
}
