package dev.amikeeper.store;

import static dev.amikeeper.store.StoreReport.StoreCount.BEGUN;
import static dev.amikeeper.store.StoreReport.StoreCount.FAILED;
import static dev.amikeeper.store.StoreReport.StoreCount.GIVEN_UP;
import static dev.amikeeper.store.StoreReport.StoreCount.STORED;
import static dev.amikeeper.store.StoreReport.StoreCount.UNDER_WAY;
import static dev.amikeeper.store.StoreReport.StoreCount.UNREADABLE;
import static dev.amikeeper.store.StoreReport.StoreCount.WAITING;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.ImageStarts;
import dev.amikeeper.ec2.StoreResult;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;
import dev.amikeeper.image.Stored;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.store.StorePlan.StoreStep;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * The steps of storing images in S3. Each request to EC2 is recorded first, so that nothing removes
 * the image in the meantime. A step takes effect only if the record is unchanged since it was read.
 */
final class Stores {
    private static final Logger log = LoggerFactory.getLogger(Stores.class);

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageStarts imageStarts;
    private final Policies policies;
    private final Instant now;
    private final BooleanSupplier timeLeft;
    private final Map<List<Object>, Image> asRead = new HashMap<>();
    private final Set<NoticeKey> told = new HashSet<>();
    private final Set<String> denied = new HashSet<>();
    private final Set<Region> blocked = new HashSet<>();
    private final Set<Region> read = new TreeSet<>();
    private final Counts<StoreReport.StoreCount> counts = Counts.none(StoreReport.StoreCount.class);

    Stores(
            Catalog catalog,
            ImageReads images,
            ImageStarts imageStarts,
            Policies policies,
            Instant now,
            BooleanSupplier timeLeft) {
        this.catalog = catalog;
        this.images = images;
        this.imageStarts = imageStarts;
        this.policies = policies;
        this.now = now;
        this.timeLeft = timeLeft;
    }

    /** Continues everything in progress and starts what is due. */
    StoreReport run() {
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        for (Region region : regions) {
            try {
                run(region);
                read.add(region);
            } catch (SdkException error) {
                unreadable(region, error);
            }
        }
        endTroubles();
        return new StoreReport(counts);
    }

    /** EC2 is not asked anything if there is nothing to do. */
    private void run(Region region) {
        List<Image> open = catalog.work(region, Work.STORING, Instant.MAX, Integer.MAX_VALUE);
        List<Image> due = due(region);
        if (open.isEmpty() && due.isEmpty()) {
            return;
        }
        imageStarts.hasRestedFromStoring(region);
        due.forEach(image -> asRead.put(key(image), image));
        List<Image> begin =
                due.stream()
                        .map(image -> StorePlan.waiting(image, bucket(image).orElseThrow(), now))
                        .toList();
        StorePlan plan = new StorePlan(open, begin, images.storeTasks(region), now);
        List<ImageId> asked = plan.asked();
        Map<ImageId, StoreSize> bulk = asked.isEmpty() ? Map.of() : images.bulk(region, asked);
        plan.steps(bulk).forEach(this::take);
    }

    private List<Image> due(Region region) {
        return policies.all().stream()
                .filter(policy -> policy.store().isPresent())
                .filter(policy -> policy.select().regions().contains(region))
                .flatMap(policy -> catalog.ofPolicy(policy.allNames(), region).stream())
                .filter(image -> bucket(image).isPresent())
                .toList();
    }

    private Optional<String> bucket(Image image) {
        return policies.find(image.name().policy())
                .flatMap((Policy policy) -> policy.bucketFor(image, now));
    }

    private void take(StoreStep step) {
        switch (step) {
            case StoreStep.There(Image image) -> done(image);
            case StoreStep.UnderWay(Image image) -> underWay(image);
            case StoreStep.StoringFailed(Image image, StoreTask task) ->
                    failed(
                            image,
                            Optional.of(task.began()),
                            task.why().isBlank() ? "EC2 gave no reason" : task.why());
            case StoreStep.NeverStored(Image image, String why) ->
                    giveUp(image, stored(image).givenUp(Optional.empty(), why, now), why);
            case StoreStep.Begin(Image image) -> begin(image);
            case StoreStep.StoreWait(Image image, String why) -> waits(image, why);
        }
    }

    private void waits(Image image, String why) {
        counts.add(WAITING);
        log.info("{} {} waits to be stored: {}", image.region(), image.name(), why);
    }

    private void done(Image image) {
        if (save(image, stored(image).done(now))) {
            counts.add(STORED);
            log.info("{} {} is {}", image.region(), image.name(), stored(image).object());
        }
    }

    /** A task that somebody else started counts, too. */
    private void underWay(Image image) {
        counts.add(UNDER_WAY);
        if (!stored(image).isUnderWay()) {
            save(image, stored(image).storing(now));
        }
    }

    private void begin(Image image) {
        String bucket = stored(image).object().bucket();
        if (!timeLeft.getAsBoolean()) {
            waits(image, "this run has no time left");
            return;
        }
        if (blocked.contains(image.region())) {
            waits(image, "nothing is stored in " + image.region() + " now");
            return;
        }
        if (denied.contains(bucket)) {
            waits(image, "the role may not use " + bucket);
            return;
        }
        if (!imageStarts.mayStore(image.region())) {
            waits(image, "EC2 takes on one image every ten seconds; the next run goes on");
            return;
        }
        // If storing was begun before, the time is kept: only the time distinguishes a task that is
        // not shown yet from one that never existed.
        boolean isNew = !stored(image).isUnderWay();
        Image storing = isNew ? image.inS3(Optional.of(stored(image).storing(now))) : image;
        if (isNew && !catalog.save(Change.of(before(image), storing))) {
            return;
        }
        ImageId id = storing.id().orElseThrow();
        switch (imageStarts.store(storing.region(), id, bucket)) {
            case StoreResult.Begun _ -> {
                counts.add(BEGUN);
                log.info("{} {} is being stored", storing.region(), storing.name());
            }
            case StoreResult.Already _ -> already(storing);
            case StoreResult.PerhapsBegun(String why) -> waits(storing, why);
            case StoreResult.StoreLater(String why) -> notNow(before(image), storing, why);
            case StoreResult.StoreBlocked(Blocker by) -> {
                notNow(before(image), storing, by.why());
                blocked(storing.region(), by);
            }
            case StoreResult.Denied(String why) -> {
                notNow(before(image), storing, why);
                denied(storing.region(), bucket, why);
            }
            case StoreResult.NotStored(String why) -> failed(storing, Optional.empty(), why);
        }
    }

    /**
     * An image that waits for its first try follows the policy, which may soon name another bucket.
     */
    private void notNow(Image before, Image storing, String why) {
        waits(storing, why);
        Image next = storing.inS3(before.stored().map(stored -> stored.notNow(why, now)));
        catalog.save(Change.of(storing, next));
    }

    /**
     * EC2 says that the object exists but shows no task. At first the task may just be too new to
     * be shown; after that, the object existed before.
     */
    private void already(Image image) {
        if (stored(image).since().plus(StorePlan.SHOWN_AFTER).isAfter(now)) {
            waits(image, "the bucket already has it, or soon will");
        } else {
            done(image);
        }
    }

    private void failed(Image image, Optional<Instant> task, String why) {
        Image next = StorePlan.failed(image, task, why, now);
        if (next.stored().filter(Stored::isOpen).isEmpty()) {
            giveUp(image, stored(next), why);
        } else if (catalog.save(Change.of(image, next))) {
            counts.add(FAILED);
            log.warn("{} {} is not stored yet: {}", image.region(), image.name(), why);
        }
    }

    private void giveUp(Image image, Stored end, String why) {
        log.error("{} {} is not stored: {}", image.region(), image.name(), why);
        Notice notice =
                new Notice(
                                Trouble.STORE.in(image.region(), image.name()),
                                now,
                                image.region()
                                        + ": image "
                                        + image.name()
                                        + " is not stored as "
                                        + end.object()
                                        + ": "
                                        + why,
                                "only the rules keep it from now on; fix what is named, then"
                                        + " ./keeper store "
                                        + image.id().orElseThrow()
                                        + ", or tag it amikeeper:hold",
                                true)
                        .tried(end.attempt() == 1 ? "" : end.attempt() + " tries");
        Image next = image.inS3(Optional.of(end));
        if (catalog.save(Change.of(before(image), next).telling(notice))) {
            counts.add(GIVEN_UP);
        }
    }

    /**
     * Reports a blocker of storing. Other work that meets the same blocker in the Region reports it
     * separately, and those notices end separately.
     */
    private void blocked(Region region, Blocker by) {
        blocked.add(region);
        tell(
                Trouble.UNSTORED.in(region, by.cause()),
                region + ": nothing is stored: " + by.why(),
                by.remedy() + "; what waits then continues by itself, and is not removed before",
                true);
    }

    private void denied(Region region, String bucket, String why) {
        denied.add(bucket);
        tell(
                Trouble.UNSTORED.in(region, bucket),
                region + ": nothing is stored in " + bucket + ": " + why,
                "name the bucket in the parameter StoreBucketArns of the stack; what waits to be"
                        + " stored is not removed until then",
                true);
    }

    private void unreadable(Region region, SdkException error) {
        counts.add(UNREADABLE);
        String why = Fault.text(error, "ec2:DescribeStoreImageTasks");
        log.error("{}: what is stored cannot be read: {}", region, why);
        Optional<Blocker> whole =
                Blocker.of(error, "ec2:DescribeStoreImageTasks", region)
                        .filter(blocker -> !blocker.mayConcernOneOnly());
        if (whole.isPresent()) {
            new Blockers(catalog).tell(region, "images to be stored", whole.get(), now);
            return;
        }
        tell(
                Trouble.UNSTORED.in(region),
                region + ": nothing is stored, because what is under way cannot be read: " + why,
                "every run tries again; check the Region and the role of StoreFunction",
                Fault.of(error) == Fault.DENIED);
    }

    private void tell(NoticeKey key, String text, String remedy, boolean announced) {
        told.add(key);
        catalog.note(new Notice(key, now, text, remedy, announced));
    }

    /** Ends each trouble that this run would have reported again but did not. */
    private void endTroubles() {
        catalog.open().stream()
                .map(Notice::about)
                .filter(key -> key.is(Trouble.UNSTORED) && !told.contains(key))
                .filter(key -> read.stream().anyMatch(key::isIn))
                .filter(_ -> timeLeft.getAsBoolean())
                .forEach(key -> catalog.resolve(key, now));
    }

    private boolean save(Image image, Stored next) {
        return catalog.save(Change.of(image, image.inS3(Optional.of(next))));
    }

    /**
     * The record as it is stored: the record of an image that is only due says nothing about S3
     * yet.
     */
    private Image before(Image image) {
        Image found = asRead.getOrDefault(key(image), image);
        return found.version() == image.version() ? found : image;
    }

    private static List<Object> key(Image image) {
        return List.of(image.region(), image.name());
    }

    private static Stored stored(Image image) {
        return image.stored().orElseThrow();
    }
}
