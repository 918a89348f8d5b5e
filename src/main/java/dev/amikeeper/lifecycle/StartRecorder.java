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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Records how the starts of images and copies ended, and counts them. Threads may record side by
 * side. No call is made while a lock is held, because it would hold up the others.
 */
public final class StartRecorder {
    private static final Logger log = LoggerFactory.getLogger(StartRecorder.class);

    /**
     * After this many troubles in a row, the work in the Region stops. One call that always fails
     * must not hold up the others, but a Region that fails must.
     */
    private static final int TROUBLES_IN_A_ROW = 3;

    /**
     * After this many refusals in a row, the work in the Region stops. A permission may be missing
     * for some images only, and the others must not wait behind them.
     */
    private static final int REFUSALS_IN_A_ROW = 20;

    private final Catalog catalog;
    private final ImageReads images;
    private final InstantSource clock;
    private final ImageProgress progress;
    private final Blockers blockers;
    private final String permission;
    private final Counts<SliceReport.SliceCount> counts = Counts.none(SliceReport.SliceCount.class);

    /** Images that EC2 may have finished before AMI Keeper knew their ids. */
    private final Map<ImageId, Image> perhapsDone =
            Collections.synchronizedMap(new LinkedHashMap<>());

    private final InARow inARow = new InARow();
    private volatile boolean succeeded;
    private volatile boolean stopped;
    private volatile boolean followsDeath;

    /** How many starts in a row ended in trouble, or were refused. */
    private static final class InARow {
        private int troubles;
        private int refusals;

        synchronized void none() {
            troubles = 0;
            refusals = 0;
        }

        synchronized int troubled() {
            refusals = 0;
            return ++troubles;
        }

        synchronized int refused() {
            troubles = 0;
            return ++refusals;
        }
    }

    /**
     * Creates a recorder for one run.
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

    /** Starts a Region. What happened in the previous Region says nothing about it. */
    public void begin(Slice slice) {
        followsDeath = slice.mayFollowADeath();
        inARow.none();
        succeeded = false;
        stopped = false;
    }

    /** Whether one was started in this Region. */
    public boolean hasStarted() {
        return succeeded;
    }

    /** Whether starts failed so often that the Region should be left alone for a while. */
    public boolean isStopped() {
        return stopped;
    }

    /** Ends a Region: records what EC2 has finished by now, and tells people about the troubles. */
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

    /** Counts this many more images or copies that keep waiting. */
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
        return switch (start) {
            case StartResult.Started(ImageId id) -> {
                inARow.none();
                counts.add(STARTED);
                succeeded = true;
                // Use the clock's time: a kick may have waited, so its time may be earlier than
                // what was read.
                Image begun =
                        image.started(id, volumes, now)
                                .takenAt(
                                        image.isCopy()
                                                ? image.making().taken()
                                                : Optional.of(clock.instant()));
                // A copy's client token returns the copy of a worker that died before it recorded
                // it.
                if (catalog.save(Change.of(image, begun)) && image.isCopy() && followsDeath) {
                    perhapsDone.put(id, begun);
                }
                yield true;
            }
            case StartResult.Adopted(Ami ami) -> {
                inARow.none();
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
                int refusals = inARow.refused();
                blockers.tell(image.region(), image.isCopy() ? "copies" : "images", by, now);
                yield by.mayConcernOneOnly() && refusals < REFUSALS_IN_A_ROW;
            }
            case StartResult.Later(String why) -> {
                inARow.none();
                log.info("{} {} waits: {}", image.region(), image.name(), why);
                counts.add(WAITING);
                yield true;
            }
            case StartResult.ServerError(String why) -> {
                log.warn("{} {} waits: {}", image.region(), image.name(), why);
                counts.add(WAITING);
                int troubles = inARow.troubled();
                if (troubles == TROUBLES_IN_A_ROW) {
                    stopped = true;
                    stop(image.region(), why, now);
                }
                yield troubles < TROUBLES_IN_A_ROW;
            }
            case StartResult.NoRoom(String why) -> {
                inARow.none();
                log.info("{}: no room, the others wait: {}", image.region(), why);
                counts.add(WAITING);
                yield false;
            }
            case StartResult.Stop(String why) -> {
                inARow.none();
                counts.add(WAITING);
                stopped = true;
                stop(image.region(), why, now);
                yield false;
            }
            case StartResult.Failed(String why) -> {
                inARow.none();
                yield tryFailed(image, why, now);
            }
            case StartResult.Impossible(String why) -> {
                inARow.none();
                yield giveUp(image, why, now);
            }
        };
    }

    /** Records that this try failed. Returns true because another image may be started. */
    public boolean tryFailed(Image image, String why, Instant now) {
        return count(progress.tryFailed(image, why, now));
    }

    /**
     * Records that there will be no such image. Returns true because another one may be started.
     */
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

    /**
     * Stops work in the Region because it cannot be read. What waits here keeps waiting.
     *
     * @return whether that may pass by itself
     */
    public boolean stop(Region region, SdkException error, String needed, Instant now) {
        Optional<Blocker> by = Blocker.of(error, needed, region);
        by.ifPresentOrElse(
                it -> blockers.tell(region, "images and copies", it, now),
                () -> stop(region, Fault.text(error), now));
        return by.isEmpty();
    }

    /**
     * Stops work in the Region. What waits here keeps waiting; the cause is recorded, so that a
     * later failure can name it.
     */
    private void stop(Region region, String why, Instant now) {
        log.warn("{}: the work stops here and goes on later: {}", region, why);
        catalog.note(
                new Notice(
                        Trouble.STOPPED.in(region),
                        now,
                        region + ": starting images had to stop: " + why,
                        "nothing, if it passes by itself: the next sweep tries again",
                        false));
    }

    /** Their state events came when nobody knew their ids. One read makes up for that. */
    private void settleThoseDone(Region region, Instant now) {
        Map<ImageId, Image> begun = new LinkedHashMap<>(perhapsDone);
        if (begun.isEmpty()) {
            return;
        }
        Map<ImageId, Ami> found;
        try {
            found = images.find(region, begun.keySet());
        } catch (SdkException error) {
            log.warn("{}: images cannot be read: {}", region, Fault.text(error));
            return;
        }
        begun.forEach((id, image) ->
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
