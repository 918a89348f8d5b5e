package dev.amikeeper.lifecycle;

import static dev.amikeeper.lifecycle.SliceReport.SliceCount.ADOPTED;
import static dev.amikeeper.lifecycle.SliceReport.SliceCount.AGAIN;
import static dev.amikeeper.lifecycle.SliceReport.SliceCount.FAILED;
import static dev.amikeeper.lifecycle.SliceReport.SliceCount.STARTED;
import static dev.amikeeper.lifecycle.SliceReport.SliceCount.WAITING;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Blocker;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.StartResult;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Records how the starts of images and copies ended, and counts them. */
public final class StartRecorder {
    private static final Logger log = LoggerFactory.getLogger(StartRecorder.class);

    /** One call that always fails must not hold up the others; a Region that fails must. */
    private static final int TROUBLES_IN_A_ROW = 3;

    /** A permission may be lacking for some images only: the others must not wait behind them. */
    private static final int REFUSALS_IN_A_ROW = 20;

    private final Catalog catalog;
    private final ImageReads images;
    private final InstantSource clock;
    private final ImageProgress progress;
    private final Blockers blockers;
    private final String permission;
    private final Counts<SliceReport.SliceCount> counts = Counts.none(SliceReport.SliceCount.class);

    /** Those that EC2 may have finished before anybody knew them. */
    private final Map<ImageId, Image> perhapsDone = new LinkedHashMap<>();

    private int troubles;
    private int refusals;
    private boolean succeeded;

    /**
     * A recorder of one run.
     *
     * @param permission the call that starts them, as {@code ec2:CreateImage}
     */
    public StartRecorder(
            Catalog catalog,
            ImageReads images,
            InstantSource clock,
            ImageProgress progress,
            String permission) {
        this.catalog = catalog;
        this.images = images;
        this.clock = clock;
        this.progress = progress;
        this.permission = permission;
        this.blockers = new Blockers(catalog);
    }

    /** Begins a Region: what happened in the one before says nothing about it. */
    public void begin() {
        troubles = 0;
        refusals = 0;
        succeeded = false;
    }

    /** Ends a Region: what is over by now is recorded, and people are told what was met. */
    public void end(Slice slice) {
        if (succeeded) {
            blockers.succeeded(slice.region(), permission, slice.now());
        }
        settleThoseDone(slice.region(), slice.now());
        new Unreadables(catalog).tell(slice.now());
    }

    /** How the starts of all Regions ended. */
    public Counts<SliceReport.SliceCount> counts() {
        return counts;
    }

    /** Tries that ended without an image. */
    public int failures() {
        return counts.of(AGAIN) + counts.of(FAILED);
    }

    /** How many stay waiting. */
    public int waiting() {
        return counts.of(WAITING);
    }

    /** So many stay waiting. */
    public void waits(int more) {
        counts.add(WAITING, more);
    }

    /**
     * Records the end of a start.
     *
     * @param volumes how many snapshots it has, if it was started
     * @return whether it makes sense to start another one in this Region now
     */
    public boolean settle(Image image, StartResult start, int volumes, Instant now) {
        int before = troubles;
        int refused = refusals;
        troubles = 0;
        refusals = 0;
        return switch (start) {
            case StartResult.Started(ImageId id) -> {
                counts.add(STARTED);
                succeeded = true;
                // By the clock, for a kick may have waited: what was read later is not as of then.
                Image begun =
                        image.started(id, volumes, now)
                                .takenAt(
                                        image.isCopy()
                                                ? image.making().taken()
                                                : Optional.of(clock.instant()));
                // A copy's client token may answer with one that was started long ago.
                if (catalog.save(Change.of(image, begun)) && image.isCopy()) {
                    perhapsDone.put(id, begun);
                }
                yield true;
            }
            case StartResult.Adopted(Ami ami) -> {
                counts.add(ADOPTED);
                Image begun =
                        image.started(ami.id(), ami.snapshots().size(), now)
                                .takenAt(
                                        image.isCopy()
                                                ? image.making().taken()
                                                : Optional.of(ami.created()));
                if (catalog.save(Change.of(image, begun))) {
                    perhapsDone.put(ami.id(), begun);
                }
                yield true;
            }
            case StartResult.Blocked(Blocker by) -> {
                counts.add(WAITING);
                blockers.tell(image.region(), image.isCopy() ? "copies" : "images", by, now);
                refusals = refused + 1;
                yield by.mayConcernOneOnly() && refusals < REFUSALS_IN_A_ROW;
            }
            case StartResult.Later(String why) -> {
                log.info("{} {} waits: {}", image.region(), image.name(), why);
                counts.add(WAITING);
                yield true;
            }
            case StartResult.ServerError(String why) -> {
                log.warn("{} {} waits: {}", image.region(), image.name(), why);
                counts.add(WAITING);
                troubles = before + 1;
                if (troubles == TROUBLES_IN_A_ROW) {
                    stop(image.region(), why, now);
                }
                yield troubles < TROUBLES_IN_A_ROW;
            }
            case StartResult.NoRoom(String why) -> {
                log.info("{}: no room, the others wait: {}", image.region(), why);
                counts.add(WAITING);
                yield false;
            }
            case StartResult.Stop(String why) -> {
                counts.add(WAITING);
                stop(image.region(), why, now);
                yield false;
            }
            case StartResult.Failed(String why) -> tryFailed(image, why, now);
            case StartResult.Impossible(String why) -> giveUp(image, why, now);
        };
    }

    /** This try failed; true, for another image may be started. */
    public boolean tryFailed(Image image, String why, Instant now) {
        return count(progress.tryFailed(image, why, now));
    }

    /** There will be no such image; true, for another one may be started. */
    public boolean giveUp(Image image, String why, Instant now) {
        return count(progress.giveUp(image, why, now));
    }

    private boolean count(ImageProgress.Step step) {
        switch (step) {
            case AGAIN -> counts.add(AGAIN);
            case FAILED -> counts.add(FAILED);
            case AVAILABLE, CHANGED_BY_OTHERS, NOTHING -> {}
        }
        return true;
    }

    /** What waits here keeps waiting, for its Region cannot be read. */
    public void stop(Region region, SdkException error, String needed, Instant now) {
        Blocker.of(error, needed, region)
                .ifPresentOrElse(
                        by -> blockers.tell(region, "images and copies", by, now),
                        () -> stop(region, Fault.text(error), now));
    }

    /** What waits here keeps waiting; recorded, so that a later failure has its cause. */
    private void stop(Region region, String why, Instant now) {
        log.warn("{}: the work stops here and goes on later: {}", region, why);
        catalog.note(
                new Notice(
                        Trouble.STOPPED.in(region),
                        now,
                        region + ": starting images had to stop: " + why,
                        "nothing while it passes: the next sweep tries again",
                        false));
    }

    /** Their state events came when nobody knew their ids: one read makes up for them. */
    private void settleThoseDone(Region region, Instant now) {
        if (perhapsDone.isEmpty()) {
            return;
        }
        Map<ImageId, Ami> found;
        try {
            found = images.find(region, perhapsDone.keySet());
        } catch (SdkException error) {
            log.warn("{}: images cannot be read: {}", region, Fault.text(error));
            return;
        }
        perhapsDone.forEach((id, image) ->
                Optional.ofNullable(found.get(id))
                        .ifPresent(ami -> {
                            switch (ami.state()) {
                                case AVAILABLE -> progress.available(image, now);
                                case FAILED -> progress.failed(image, ami.reason(), now);
                                case PENDING,
                                        DISABLED,
                                        DEREGISTERED,
                                        INVALID,
                                        TRANSIENT,
                                        ERROR,
                                        UNKNOWN -> {}
                            }
                        }));
        perhapsDone.clear();
    }
}
