package dev.amikeeper.retention;

import static dev.amikeeper.retention.PruneReport.PruneCount.AWAITING;
import static dev.amikeeper.retention.PruneReport.PruneCount.CALLED_OFF;
import static dev.amikeeper.retention.PruneReport.PruneCount.DEPRECATED;
import static dev.amikeeper.retention.PruneReport.PruneCount.DISABLED;
import static dev.amikeeper.retention.PruneReport.PruneCount.KEPT;
import static dev.amikeeper.retention.PruneReport.PruneCount.LEFT;
import static dev.amikeeper.retention.PruneReport.PruneCount.POSTPONED;
import static dev.amikeeper.retention.PruneReport.PruneCount.REFUSED;
import static dev.amikeeper.retention.PruneReport.PruneCount.REMOVED;
import static dev.amikeeper.retention.PruneReport.PruneCount.WAITING;

import dev.amikeeper.Counts;
import dev.amikeeper.catalog.UnfinishedPrune.Taken;
import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.retention.ImageRemoval.RemovalEnd;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes the steps of plans, several at a time, and counts how they end. A dry run only counts them.
 * Several Regions may be worked on at the same time.
 */
final class PruneSteps {
    private static final Logger log = LoggerFactory.getLogger(PruneSteps.class);

    /**
     * The number of images that are looked at once more with one read. EC2 allows five removals a
     * second, so that the last of them goes ten seconds after it was looked at.
     */
    static final int CHECKED_AT_ONCE = 50;

    private final ImageReads images;
    private final Planner planner;
    private final ImageRemoval removal;
    private final PruneRun run;
    private final Counts<PruneReport.PruneCount> counts;
    private final Map<Region, Integer> removed = new ConcurrentHashMap<>();
    private final Map<String, Taken> taken = new ConcurrentHashMap<>();
    private final AtomicInteger untimely = new AtomicInteger();

    /**
     * @param planner says of which images a copy is being made
     */
    PruneSteps(ImageReads images, Planner planner, ImageRemoval removal, PruneRun run) {
        this.images = images;
        this.planner = planner;
        this.removal = removal;
        this.run = run;
        counts = run.counts();
    }

    /** The number of steps that were not taken for lack of time. */
    int untimely() {
        return untimely.get();
    }

    /** The number of images that were removed, by Region. */
    Map<Region, Integer> removed() {
        return Map.copyOf(removed);
    }

    /** What was taken away, by the policy in the images' names. */
    Map<String, Taken> taken() {
        return Map.copyOf(taken);
    }

    /** Takes the steps of a Region's plan, as far as time allows. */
    void take(PrunePlan plan, TimeLeft timeLeft) {
        if (run.dryRun()) {
            plan.verdicts().stream().map(PruneSteps::count).forEach(counts::add);
            return;
        }
        takeBack(plan.verdicts(), timeLeft);
        takeAway(plan, plan.verdicts(), plan.evidence(), timeLeft);
        keepUp(plan, timeLeft);
    }

    /**
     * Takes all steps that are not towards a removal. Images that are needed come back before any
     * others are removed.
     */
    void takeBack(Collection<Verdict> verdicts, TimeLeft timeLeft) {
        List<Image> missed = new ArrayList<>();
        List<Verdict.Finish> begun = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            switch (verdict) {
                case Verdict.Kept _ -> counts.add(KEPT);
                case Verdict.WaitUntil _ -> counts.add(WAITING);
                case Verdict.Await _ -> counts.add(AWAITING);
                case Verdict.CallOff(var image, _) -> missed.add(image);
                case Verdict.Finish finish -> begun.add(finish);
                case Verdict.RemovalStep _ -> {
                    // These come later.
                }
            }
        }
        each(
                missed,
                image ->
                        take(
                                timeLeft,
                                () -> removal.bringBack(image),
                                () -> counts.add(CALLED_OFF)));
        each(
                begun,
                finish ->
                        take(
                                timeLeft,
                                () -> removal.finish(finish.image(), finish.snapshots()),
                                () -> removed(finish.image().region())));
    }

    /**
     * Takes the steps towards a removal.
     *
     * @param plan what becomes of the other images of the same instances
     * @param evidence what was asked about these images
     */
    void takeAway(
            PrunePlan plan, Collection<Verdict> verdicts, Evidence evidence, TimeLeft timeLeft) {
        List<Verdict.RemovalStep> away =
                verdicts.stream()
                        .filter(Verdict.RemovalStep.class::isInstance)
                        .map(Verdict.RemovalStep.class::cast)
                        .toList();
        Map<InstanceId, List<Image>> reliedOn = away.isEmpty() ? Map.of() : plan.reliedOn();
        for (List<Verdict.RemovalStep> some : Batches.of(away, CHECKED_AT_ONCE)) {
            lookAndTake(plan.region(), some, reliedOn, evidence, timeLeft);
        }
    }

    /** Applies settings to the images that stay. */
    void keepUp(PrunePlan plan, TimeLeft timeLeft) {
        Set<Image> going =
                plan.verdicts().stream()
                        .filter(Verdict.RemovalStep.class::isInstance)
                        .map(Verdict::image)
                        .collect(Collectors.toSet());
        each(
                plan.upkeep().stream().filter(upkeep -> !going.contains(upkeep.image())).toList(),
                upkeep ->
                        take(
                                timeLeft,
                                () -> removal.upkeep(upkeep),
                                () -> {
                                    if (upkeep instanceof Upkeep.Deprecate) {
                                        counts.add(DEPRECATED);
                                    }
                                }));
    }

    /**
     * The plan is older than this, so each image is looked at once more before it is removed, and
     * those of its instance that the plan relies on, too: somebody may have disabled them.
     */
    private void lookAndTake(
            Region region,
            List<Verdict.RemovalStep> away,
            Map<InstanceId, List<Image>> reliedOn,
            Evidence evidence,
            TimeLeft timeLeft) {
        if (!timeLeft.isAny()) {
            counts.add(POSTPONED, away.size());
            untimely.addAndGet(away.size());
            return;
        }
        Map<ImageId, Ami> fresh;
        try {
            fresh =
                    images.find(
                            region,
                            away.stream()
                                    .map(Verdict::image)
                                    .flatMap(image ->
                                            Stream.concat(
                                                    Stream.of(image), reliedOn(image, reliedOn)))
                                    .flatMap(image -> image.id().stream())
                                    .distinct()
                                    .toList());
        } catch (SdkException error) {
            log.warn("{}: images cannot be read again: {}", region, Fault.text(error));
            counts.add(POSTPONED, away.size());
            return;
        }
        Set<Image> copied = planner.copiedNow(away.stream().map(Verdict::image).toList());
        List<Verdict.RemovalStep> asPlanned = new ArrayList<>();
        for (Verdict.RemovalStep step : away) {
            Image image = step.image();
            if (Optional.ofNullable(fresh.get(image.id().orElseThrow()))
                            .filter(ami -> !ami.tags().containsKey(ImageTags.HOLD))
                            .filter(ami -> !ami.isPublic())
                            .filter(ami -> Evidence.isOurs(image, ami))
                            .filter(_ -> !copied.contains(image))
                            .isPresent()
                    && reliedOn(image, reliedOn).allMatch(other -> isStillGood(other, fresh))) {
                asPlanned.add(step);
            } else {
                log.info("{} {} changed meanwhile and stays", region, image.name());
                counts.add(KEPT);
            }
        }
        each(asPlanned, step -> take(timeLeft, evidence, step));
    }

    private static Stream<Image> reliedOn(Image image, Map<InstanceId, List<Image>> reliedOn) {
        return reliedOn.getOrDefault(image.name().instance(), List.of()).stream();
    }

    private static boolean isStillGood(Image image, Map<ImageId, Ami> fresh) {
        return image.id()
                .flatMap(id -> Optional.ofNullable(fresh.get(id)))
                .filter(Evidence::isAvailable)
                .isPresent();
    }

    private void take(TimeLeft timeLeft, Evidence evidence, Verdict.RemovalStep step) {
        switch (step) {
            case Verdict.Disable(var image, var why, var dwell, var snapshots) ->
                    take(
                            timeLeft,
                            () ->
                                    removal.disable(
                                            image,
                                            why,
                                            snapshots,
                                            evidence.permissionsOf(image),
                                            dwell),
                            () -> {
                                taken(image, new Taken(1, 0, 0));
                                counts.add(DISABLED);
                            });
            case Verdict.Remove(var image, var why, var snapshots) ->
                    take(
                            timeLeft,
                            () -> {
                                RemovalEnd end = removal.remove(image, why, snapshots);
                                if (end == RemovalEnd.DONE || end == RemovalEnd.LEFT) {
                                    taken(image, ofRemoved(image));
                                }
                                return end;
                            },
                            () -> removed(image.region()));
        }
    }

    private static Taken ofRemoved(Image image) {
        return new Taken(
                image.state() == ImageState.AVAILABLE ? 1 : 0,
                image.state() == ImageState.DISABLED ? 1 : 0,
                1);
    }

    private void taken(Image image, Taken one) {
        taken.merge(image.name().policy(), one, Taken::and);
    }

    private void removed(Region region) {
        counts.add(REMOVED);
        removed.merge(region, 1, Integer::sum);
    }

    /** Steps for which there is no time are counted, so none may be left out here. */
    private <T> void each(List<T> all, Consumer<T> step) {
        images.sideBySide(all, () -> true, step);
    }

    private void take(TimeLeft timeLeft, Supplier<RemovalEnd> step, Runnable done) {
        if (!timeLeft.isAny()) {
            counts.add(POSTPONED);
            untimely.incrementAndGet();
            return;
        }
        switch (step.get()) {
            case DONE -> done.run();
            case LEFT -> counts.add(LEFT);
            case REFUSED -> counts.add(REFUSED);
            case CHANGED -> counts.add(KEPT);
            case UNREADABLE -> counts.add(POSTPONED);
        }
    }

    /** What a step counts as before it is taken. */
    private static PruneReport.PruneCount count(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Kept _ -> KEPT;
            case Verdict.WaitUntil _ -> WAITING;
            case Verdict.Await _ -> AWAITING;
            case Verdict.Disable _ -> DISABLED;
            case Verdict.Remove _ -> REMOVED;
            case Verdict.Finish _ -> LEFT;
            case Verdict.CallOff _ -> CALLED_OFF;
        };
    }
}
