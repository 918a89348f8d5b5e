package dev.amikeeper.sweep;

import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Run;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Creates a new catalogue from the tags of our images when the table is lost. It needs only the
 * Regions that it is told to read. If the home Region is gone, the copies in a DR Region are enough
 * to record all of them, together with the home images that they were made from. Existing records
 * are never overwritten, so a rebuild may be repeated, even while the functions run; it then adds
 * what is missing. The same goes for a rebuild that was interrupted.
 *
 * <p>Decisions rest on names, states, and tags, which EC2 has. What only the table had is lost for
 * good:
 *
 * <ul>
 *   <li>That a record was written when its image was made. A record from tags is one key only, so
 *       its removal waits for an approved plan.
 *   <li>Which images the pruner had disabled, until when, and who could launch them. They count as
 *       disabled by somebody and stay until a person enables or deregisters them. Once enabled,
 *       such an image is shared as its policy says.
 *   <li>That we protected an image from deregistration: EC2 does not tell who did. The protection
 *       counts as somebody else's, and keeps the image until a person lifts it.
 *   <li>Tombstones, past runs, notices, given-up images, and what the last pruning and sweep saw. A
 *       removal that was half done leaves snapshots without an image; the sweep reports them and
 *       leaves them alone. A copy that was given up, or that somebody deregistered, is made again
 *       if the rules want it.
 *   <li>From which images a restore passed its checks ({@code proven}), and what asked for each.
 *   <li>Requests for images that had not been started, unless they came by a tag that is still
 *       there.
 * </ul>
 */
public final class Rebuild {
    private static final Logger log = LoggerFactory.getLogger(Rebuild.class);

    /** Within this time, a Region that is read has its records, however many images it has. */
    private static final Duration RECORDED_WITHIN = Duration.ofDays(1);

    /** How many records are made between two reports of the progress: some transactions. */
    private static final int RECORDED_AT_ONCE = 250;

    /** Receives the progress. */
    public interface RebuildProgress {
        /** Ignores the progress. */
        RebuildProgress NONE = (_, _, _, _) -> {};

        /**
         * Reports the progress so far.
         *
         * @param part the share of everything, from 0 to 1
         * @param seen how many of the Region's images are done
         * @param images how many images the Region has; 0 while it is being read
         */
        void at(double part, Region region, int seen, int images);
    }

    private final Catalog catalog;
    private final ImageReads images;
    private final Instances instances;
    private final Policies policies;
    private final Instant now;
    private final boolean dryRun;
    private final List<RebuildReport.RebuiltImages> lines = new ArrayList<>();
    private final List<RebuildReport.RebuiltSchedule> schedules = new ArrayList<>();
    private final List<String> foreign = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private final Map<Region, String> unreadable = new TreeMap<>();
    private final List<Image> found = new ArrayList<>();

    /** Creates one run. A dry run writes nothing. */
    public Rebuild(
            Catalog catalog,
            ImageReads images,
            Instances instances,
            Policies policies,
            Instant now,
            boolean dryRun) {
        this.catalog = catalog;
        this.images = images;
        this.instances = instances;
        this.policies = policies;
        this.now = now;
        this.dryRun = dryRun;
    }

    /** The Regions of the policy file, and those that the catalogue remembers. */
    public SortedSet<Region> regions() {
        SortedSet<Region> regions = catalog.regionsWith(policies.regions());
        return regions;
    }

    /**
     * Reads these Regions and no others, and records what is missing. A Region that does not answer
     * does not hold up the others.
     *
     * @throws SdkException if the catalogue does not answer
     */
    public RebuildReport run(Collection<Region> regions, RebuildProgress watcher) {
        List<Region> all = List.copyOf(new TreeSet<>(regions));
        Set<Region> read = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            Region region = all.get(i);
            double done = i;
            if (!dryRun) {
                catalog.remember(region, now.plus(RECORDED_WITHIN));
            }
            watcher.at(done / all.size(), region, 0, 0);
            Optional<List<Ami>> amis = ours(region);
            if (amis.isPresent()) {
                read.add(region);
                record(
                        region,
                        amis.get(),
                        (seen, images) ->
                                watcher.at(
                                        (done + (double) seen / images) / all.size(),
                                        region,
                                        seen,
                                        images));
            }
        }
        resume(read);
        return new RebuildReport(
                lines,
                schedules,
                foreign,
                failed,
                unreadable.entrySet().stream()
                        .map(it ->
                                new RebuildReport.UnreadableRegion(
                                        it.getKey().name(), it.getValue()))
                        .toList(),
                dryRun);
    }

    private Optional<List<Ami>> ours(Region region) {
        try {
            return Optional.of(
                    images.ours(region).stream()
                            .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                            .toList());
        } catch (SdkException error) {
            unreadable(region, error);
            return Optional.empty();
        }
    }

    private void unreadable(Region region, SdkException error) {
        String why = Fault.text(error);
        log.error("{}: cannot be read: {}", region, why);
        unreadable.put(region, why);
    }

    private interface Seen {
        void so(int seen, int images);
    }

    private void record(Region region, List<Ami> listed, Seen seen) {
        TaggedAmis amis = TaggedAmis.of(listed);
        amis.foreign().stream().map(ami -> region + "/" + ami.id()).sorted().forEach(foreign::add);
        amis.ours().values().stream()
                .flatMap(named -> named.values().stream())
                .filter(ami -> ami.state() == AmiState.FAILED)
                .map(ami -> region + "/" + ami.id())
                .sorted()
                .forEach(failed::add);
        int done = 0;
        for (String policy : amis.ours().keySet()) {
            done = record(region, policy, amis, done, seen);
        }
    }

    /** Returns how many images of the Region are done after this. */
    private int record(Region region, String policy, TaggedAmis amis, int before, Seen seen) {
        List<Image> records = catalog.ofPolicy(policy, region);
        Drift.View view =
                new Drift.View(
                        region,
                        policy,
                        Optional.empty(),
                        records,
                        amis,
                        Map.of(),
                        Map.of(),
                        Set.of(),
                        false,
                        now);
        Map<Region, Map<ImageName, Tombstone>> removed = new TreeMap<>();
        Drift.doubtful(view)
                .forEach((where, names) -> removed.put(where, catalog.removed(where, names)));
        Set<ImageName> unreadable = catalog.unreadable(region);
        List<Image> unknown =
                Drift.of(view, removed, Map.of(region, unreadable)).stream()
                        .filter(Gap.UnknownImage.class::isInstance)
                        .map(gap -> ((Gap.UnknownImage) gap).record())
                        .toList();
        List<Image> added = new ArrayList<>();
        int done = before;
        for (List<Image> some : Batches.of(unknown, RECORDED_AT_ONCE)) {
            added.addAll(dryRun ? some : catalog.adopt(some));
            done += some.size();
            seen.so(done, amis.byId().size());
        }
        found.addAll(records);
        found.addAll(added);
        if (!added.isEmpty() || !records.isEmpty()) {
            lines.add(line(region, policy, added, records));
        }
        return done;
    }

    private static RebuildReport.RebuiltImages line(
            Region region, String policy, List<Image> added, List<Image> records) {
        return new RebuildReport.RebuiltImages(
                region.name(),
                policy,
                added.size(),
                count(added, Image::isCopy),
                count(added, image -> image.state() == ImageState.CREATING),
                count(added, Image::disabled),
                records.size(),
                Stream.concat(added.stream(), records.stream())
                        .map(image -> image.name().slot())
                        .max(Comparator.naturalOrder())
                        .map(Slot::toString)
                        .orElse(""));
    }

    private static int count(List<Image> images, Predicate<Image> which) {
        return (int) images.stream().filter(which).count();
    }

    /** Lets the schedules continue from where they stood according to the images. */
    private void resume(Set<Region> read) {
        ScheduleEvidence traces = new ScheduleEvidence(policies, found);
        List<Cursor> cursors = catalog.bookmarks().cursors();
        for (Policy policy : policies.all()) {
            for (Region region : policy.select().regions()) {
                Optional<Cursor> cursor =
                        cursors.stream()
                                .filter(it -> it.policy().equals(policy.name()))
                                .filter(it -> it.region().equals(region))
                                .findFirst();
                traces.until(policy, region)
                        .filter(_ -> policy.schedule().isPresent())
                        .filter(until -> mayBeSet(policy, region, cursor, until))
                        .ifPresent(until ->
                                resume(
                                        policy,
                                        region,
                                        cursor,
                                        until,
                                        traces,
                                        read.contains(region)));
            }
        }
    }

    /**
     * Whether the cursor may be set. A tick that found the table empty began at its own time. As
     * long as it has taken nothing, its cursor is set back to where the images say, so that the
     * slots in between are not forgotten.
     */
    private boolean mayBeSet(Policy policy, Region region, Optional<Cursor> cursor, Instant until) {
        return cursor.isEmpty()
                || (until.isBefore(cursor.get().time())
                        && catalog.runs(policy.name()).stream()
                                .map(Run::region)
                                .noneMatch(region::equals));
    }

    /**
     * Records the intents first, as a tick does: if the run dies in between, the next one repeats
     * it.
     */
    private void resume(
            Policy policy,
            Region region,
            Optional<Cursor> cursor,
            Instant until,
            ScheduleEvidence traces,
            boolean mayBeRead) {
        Optional<Slot> newest = traces.newest(policy, region, now);
        Instant from = until;
        int requested = 0;
        if (newest.isPresent()) {
            Optional<Integer> begun =
                    mayBeRead ? begin(policy, region, newest.get(), traces) : Optional.empty();
            requested = begun.orElse(0);
            if (begun.isEmpty()) {
                // The instances that it selects are unknown now, so a tick takes the slot again
                // when it can.
                from = newest.get().time().minus(ScheduleEvidence.BEFORE);
            }
        }
        if (dryRun
                || catalog.moveCursor(
                        cursor.map(Cursor::time),
                        new Cursor(policy.name(), region, from),
                        List.of(),
                        List.of())) {
            schedules.add(
                    new RebuildReport.RebuiltSchedule(
                            policy.name(), region.name(), from.toString(), requested));
        }
    }

    /**
     * Requests the images of this slot that were still waiting when the table was lost. An instance
     * with a later image needs none. Empty if the instances cannot be read.
     */
    private Optional<Integer> begin(
            Policy policy, Region region, Slot slot, ScheduleEvidence traces) {
        List<Instance> candidates;
        try {
            candidates =
                    instances.tagged(
                            region, policy.select().tags().keySet(), policy.select().statesToAsk());
        } catch (SdkException error) {
            unreadable(region, error);
            return Optional.empty();
        }
        Set<InstanceId> imaged = traces.imagedSince(policy, slot);
        List<Image> intents =
                BackupPlan.scheduled(policy, slot, candidates, now).intents().stream()
                        .filter(intent -> !imaged.contains(intent.name().instance()))
                        .toList();
        return Optional.of(dryRun ? intents.size() : catalog.request(intents).size());
    }
}
