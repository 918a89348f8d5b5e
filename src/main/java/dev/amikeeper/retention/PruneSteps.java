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
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Gatherers;

/** Takes the steps of plans and counts how they end. A dry run only counts them. */
final class PruneSteps {
    private static final Logger log = LoggerFactory.getLogger(PruneSteps.class);

    /** The number of images that one read returns. */
    private static final int CHECKED_AT_ONCE = 200;

    private final ImageReads images;
    private final ImageRemoval removal;
    private final PruneRun run;
    private final Counts<PruneReport.PruneCount> counts;
    private final Map<Region, Integer> removed = new HashMap<>();
    private int untimely;

    PruneSteps(ImageReads images, ImageRemoval removal, PruneRun run) {
        this.images = images;
        this.removal = removal;
        this.run = run;
        counts = run.counts();
    }

    /** The number of steps that were not taken for lack of time. */
    int untimely() {
        return untimely;
    }

    /** The number of images that were removed, by Region. */
    Map<Region, Integer> removed() {
        return Map.copyOf(removed);
    }

    /** Takes the steps of a Region's plan, as far as time allows. */
    void take(PrunePlan plan, TimeLeft timeLeft) {
        if (run.dryRun()) {
            plan.verdicts().stream().map(PruneSteps::count).forEach(counts::add);
            return;
        }
        List<Verdict.RemovalStep> away = new ArrayList<>();
        for (Verdict verdict : plan.verdicts()) {
            switch (verdict) {
                case Verdict.Kept _ -> counts.add(KEPT);
                case Verdict.WaitUntil _ -> counts.add(WAITING);
                case Verdict.Await _ -> counts.add(AWAITING);
                case Verdict.RemovalStep step -> away.add(step);
                // Images that are needed come back before any others are removed.
                case Verdict.CallOff(var image, _) ->
                        take(
                                timeLeft,
                                () -> removal.bringBack(image),
                                () -> counts.add(CALLED_OFF));
                case Verdict.Finish(var image, var snapshots) ->
                        take(
                                timeLeft,
                                () -> removal.finish(image, snapshots),
                                () -> removed(image.region()));
            }
        }
        away.stream()
                .gather(Gatherers.windowFixed(CHECKED_AT_ONCE))
                .forEach(some -> take(timeLeft, plan, some));
        Set<Image> going = away.stream().map(Verdict::image).collect(Collectors.toSet());
        plan.upkeep().stream()
                .filter(upkeep -> !going.contains(upkeep.image()))
                .forEach(upkeep ->
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
     * The plan is minutes old by now, so each image is looked at once more before it is removed.
     */
    private void take(TimeLeft timeLeft, PrunePlan plan, List<Verdict.RemovalStep> away) {
        if (!timeLeft.isAny()) {
            counts.add(POSTPONED, away.size());
            untimely += away.size();
            return;
        }
        Map<ImageId, Ami> fresh;
        try {
            fresh =
                    images.find(
                            plan.region(),
                            away.stream().flatMap(step -> step.image().id().stream()).toList());
        } catch (SdkException error) {
            log.warn("{}: images cannot be read again: {}", plan.region(), Fault.text(error));
            counts.add(POSTPONED, away.size());
            return;
        }
        for (Verdict.RemovalStep step : away) {
            Image image = step.image();
            boolean asPlanned =
                    Optional.ofNullable(fresh.get(image.id().orElseThrow()))
                            .filter(ami -> !ami.tags().containsKey(ImageTags.HOLD))
                            .filter(ami -> !ami.isPublic())
                            .filter(ami -> Evidence.isOurs(image, ami))
                            .isPresent();
            if (asPlanned) {
                take(timeLeft, plan.evidence(), step);
            } else {
                log.info("{} {} changed meanwhile and stays", plan.region(), image.name());
                counts.add(KEPT);
            }
        }
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
                            () -> counts.add(DISABLED));
            case Verdict.Remove(var image, var why, var snapshots) ->
                    take(
                            timeLeft,
                            () -> removal.remove(image, why, snapshots),
                            () -> removed(image.region()));
        }
    }

    private void removed(Region region) {
        counts.add(REMOVED);
        removed.merge(region, 1, Integer::sum);
    }

    private void take(TimeLeft timeLeft, Supplier<ImageRemoval.RemovalEnd> step, Runnable done) {
        if (!timeLeft.isAny()) {
            counts.add(POSTPONED);
            untimely++;
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
