package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.PUBLIC_IMAGES;
import static dev.amikeeper.sweep.SweepReport.SweepCount.UNSWEPT;

import dev.amikeeper.Counts;
import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.alerts.ExcessSharing;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.Troubles;
import dev.amikeeper.catalog.Bookmarks;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Cursor;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.SweepState.Unit;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.queue.Kicks;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the catalogue and EC2, slice by slice, and has the gaps closed. The class is long because
 * what one slice reads also serves the notices and the end of troubles.
 */
final class Sweep {
    private static final Logger log = LoggerFactory.getLogger(Sweep.class);

    /**
     * What is known before the Regions are swept.
     *
     * @param open what the open troubles are about
     * @param refusing whom EC2 refuses, by policy
     * @param waiting whether something waits in a Region
     * @param copiedLeases the notices about instances that only look like a drill's, where the
     *     sweep looked for them
     * @param unread the Regions that could not be read
     */
    record SweepFacts(
            Set<NoticeKey> open,
            Map<String, Set<String>> refusing,
            Map<Region, Boolean> waiting,
            Map<Region, Set<NoticeKey>> copiedLeases,
            UnreadRegions unread) {}

    /** The steps that are taken on what the records and EC2 show for a unit. */
    record Steps(
            Repairs repairs, SnapshotTags tags, UnusedRegions unused, SettledRegions settled) {}

    private final Catalog catalog;
    private final ImageReads images;
    private final Kicks kicks;
    private final Policies policies;
    private final Repairs repairs;
    private final SweepFacts known;
    private final Instant now;
    private final boolean dryRun;
    private final BooleanSupplier timeLeft;
    private final Counts<SweepReport.SweepCount> counts;
    private final UnreadRegions unread;
    private final SnapshotTags tags;
    private final UnusedRegions unused;
    private final SettledRegions settled;
    private final Map<Unit, List<Image>> records = new HashMap<>();

    Sweep(
            Catalog catalog,
            ImageReads images,
            Kicks kicks,
            Policies policies,
            Steps steps,
            SweepFacts known,
            SweepRun run) {
        this.catalog = catalog;
        this.images = images;
        this.kicks = kicks;
        this.policies = policies;
        repairs = steps.repairs();
        tags = steps.tags();
        unused = steps.unused();
        settled = steps.settled();
        this.known = known;
        now = run.now();
        dryRun = run.dryRun();
        timeLeft = run.timeLeft();
        counts = run.counts();
        unread = known.unread();
    }

    /** The records of a policy in a Region; empty if this sweep did not read them. */
    Optional<List<Image>> read(String policy, Region region) {
        return Optional.ofNullable(records.get(new Unit(region, policy)));
    }

    /** Starts where the last sweep ran out of time. Returns where this one does. */
    Optional<Unit> sweep(Collection<Region> regions, Bookmarks bookmarks, Optional<Unit> from) {
        List<Region> order = new ArrayList<>(regions);
        // The records of DR Regions are needed again for home Regions, and have been read by then.
        Set<Region> homes = policies.homeRegions();
        order.sort(Comparator.comparing(homes::contains));
        from.ifPresent(
                unit -> Collections.rotate(order, -Math.max(0, order.indexOf(unit.region()))));
        for (int i = 0; i < order.size(); i++) {
            Region region = order.get(i);
            String first =
                    from.filter(unit -> unit.region().equals(region)).map(Unit::policy).orElse("");
            Optional<Unit> stopped =
                    timeLeft.getAsBoolean()
                            ? sweep(region, first, bookmarks)
                            : Optional.of(new Unit(region, first));
            if (stopped.isPresent()) {
                counts.add(UNSWEPT, order.size() - i);
                log.warn("no time left at {}; the next sweep goes on there", stopped.get());
                return stopped;
            }
        }
        return Optional.empty();
    }

    /** A Region that cannot be read is left alone and does not hold up the others. */
    private Optional<Unit> sweep(Region region, String first, Bookmarks bookmarks) {
        if (unread.isSilent(region)) {
            return Optional.empty();
        }
        try {
            // Read before the records: every image that is listed already had a record.
            Optional<TaggedAmis> listed = images.ours(region, timeLeft).map(Sweep::present);
            if (listed.isEmpty()) {
                return Optional.of(new Unit(region, first));
            }
            return sweep(region, first, bookmarks, listed.get());
        } catch (SdkException error) {
            if (!unused.forget(region, bookmarks, Fault.of(error) == Fault.DENIED)) {
                unread.tell(region, error, Fault.of(error) == Fault.DENIED);
            }
            return Optional.empty();
        }
    }

    private static TaggedAmis present(List<Ami> listed) {
        return TaggedAmis.of(
                listed.stream().filter(ami -> ami.state() != AmiState.DEREGISTERED).toList());
    }

    private Optional<Unit> sweep(
            Region region, String first, Bookmarks bookmarks, TaggedAmis amis) {
        SortedSet<String> names = names(bookmarks, amis);
        for (String policy : names) {
            Unit unit = new Unit(region, policy);
            records.put(unit, read(unit));
        }
        List<Image> all =
                names.stream()
                        .flatMap(policy -> read(policy, region).stream().flatMap(List::stream))
                        .toList();
        String digest = SettledRegions.digest(amis.byId().values(), all);
        boolean mustList = amis.byId().isEmpty() || settled.mustList(region, digest);
        RegionSnapshots snapshots =
                new RegionSnapshots(
                        amis.byId().values(), VolumeTags.concerned(all, amis.byId(), now));
        if (mustList && !images.snapshots(region, timeLeft, snapshots::add)) {
            return Optional.of(new Unit(region, first));
        }
        snapshots.orphans().keySet().forEach(name -> names.add(name.policy()));
        if (first.isEmpty()) {
            amis.foreign().stream().map(Gap.Foreign::new).forEach(repairs::close);
            tellOfPublic(region, amis);
        }
        boolean inOrder = snapshots.orphans().isEmpty();
        for (String policy : names.tailSet(first)) {
            Unit unit = new Unit(region, policy);
            if (!timeLeft.getAsBoolean() || !closeAll(unit, amis, snapshots.orphans())) {
                return Optional.of(unit);
            }
            inOrder &=
                    tags.put(unit, records.getOrDefault(unit, List.of()), amis, snapshots.byId());
        }
        tellOfFormer(region);
        if (mustList) {
            settled.listed(region, digest, inOrder);
            unused.forget(region, bookmarks, amis.byId().isEmpty() && snapshots.isEmpty());
        }
        if (!dryRun) {
            endTroubles(
                    facts(
                            region,
                            names,
                            bookmarks,
                            new Troubles.RegionListing(
                                    amis.byId().values().stream()
                                            .collect(Collectors.toMap(Ami::id, Ami::name)),
                                    mustList
                                            ? Optional.of(snapshots.orphans().keySet())
                                            : Optional.empty())));
        }
        return Optional.empty();
    }

    /** Reports public images at once, rather than wait for the pruner, which runs once a day. */
    private void tellOfPublic(Region region, TaggedAmis amis) {
        Map<NoticeKey, Notice> found =
                amis.byId().values().stream()
                        .filter(Ami::isPublic)
                        .map(ami -> ExcessSharing.everybody(ami, now))
                        .collect(Collectors.toMap(Notice::about, Function.identity()));
        counts.add(PUBLIC_IMAGES, found.size());
        if (dryRun) {
            return;
        }
        found.values().stream()
                .filter(notice -> !known.open().contains(notice.about()))
                .forEach(catalog::note);
        known.open().stream()
                .filter(key -> key.is(Trouble.PUBLIC, region))
                .filter(key -> !found.containsKey(key))
                .forEach(key -> catalog.resolve(key, now));
    }

    /**
     * The sweep that finds revoked permissions gives them back. The trouble is over when the next
     * sweep, which checks all of the policy's newest images there, finds no more.
     *
     * @param all whether this sweep checked everything that it was to check
     */
    private void tellOfWithdrawn(Unit unit, boolean closely, boolean all) {
        Map<ImageName, Set<String>> withdrawn = repairs.takeWithdrawn();
        if (dryRun) {
            return;
        }
        if (withdrawn.isEmpty()) {
            if (closely && all) {
                catalog.resolve(withdrawalOf(unit), now);
            }
            return;
        }
        int count = withdrawn.size();
        Notice notice =
                new Notice(
                        withdrawalOf(unit),
                        now,
                        "%s: others took launch permissions that AMI Keeper had given from %d %s of policy %s; from %s, for example, those of %s"
                                .formatted(
                                        unit.region(),
                                        count,
                                        count == 1 ? "image" : "images",
                                        unit.policy(),
                                        withdrawn.keySet().iterator().next(),
                                        String.join(", ", withdrawn.values().iterator().next())),
                        "they are given back, and the next sweeps look at more of them; see in"
                                + " CloudTrail who calls ModifyImageAttribute. To take them away"
                                + " for good, change \"share\" of policy "
                                + policies.nameOf(unit.policy()),
                        true);
        if (!catalog.note(notice)) {
            catalog.reword(notice);
        }
    }

    private static NoticeKey withdrawalOf(Unit unit) {
        return Trouble.WITHDRAWN.in(unit.region(), unit.policy());
    }

    /** If this sweep did not read all images of a policy, the next one reports. */
    private void tellOfFormer(Region region) {
        for (Policy policy : policies.all()) {
            List<Unit> units =
                    policy.allNames().stream().map(name -> new Unit(region, name)).toList();
            if (!dryRun && records.keySet().containsAll(units)) {
                List<Image> read =
                        units.stream()
                                .flatMap(unit -> records.getOrDefault(unit, List.of()).stream())
                                .toList();
                FormerRegions.notice(policy, region, read, now).ifPresent(catalog::note);
            }
        }
    }

    /** Uses what was read before the gaps were closed. The next sweep sees what ended since. */
    private Troubles.Facts facts(
            Region region, Set<String> names, Bookmarks bookmarks, Troubles.RegionListing listing) {
        Map<String, Map<ImageName, Image>> read = new HashMap<>();
        for (String policy : names) {
            read(policy, region)
                    .ifPresent(all ->
                            read.put(
                                    policy,
                                    all.stream()
                                            .collect(
                                                    Collectors.toMap(
                                                            Image::name, Function.identity()))));
        }
        Map<String, Instant> cursors =
                bookmarks.cursors().stream()
                        .filter(cursor -> cursor.region().equals(region))
                        .filter(this::isScheduled)
                        .collect(Collectors.toMap(Cursor::policy, Cursor::time));
        return new Troubles.Facts(
                region,
                read,
                Optional.of(listing),
                Optional.of(
                        new Troubles.RegionProgress(
                                cursors, known.waiting().getOrDefault(region, true))),
                Optional.ofNullable(known.copiedLeases().get(region)),
                Optional.of(policies));
    }

    private boolean isScheduled(Cursor cursor) {
        return policies.named(cursor.policy())
                .filter(policy -> policy.schedule().isPresent())
                .filter(policy -> policy.select().regions().contains(cursor.region()))
                .isPresent();
    }

    /** A failure is reported in any case, even if a newer image already makes up for it. */
    private void endTroubles(Troubles.Facts facts) {
        List<Notice> over = Troubles.over(catalog.open(), facts);
        if (over.isEmpty()) {
            return;
        }
        Set<NoticeKey> untoldFailures =
                catalog.unannounced().stream()
                        .map(Notice::about)
                        .filter(key -> key.is(Trouble.FAILED))
                        .collect(Collectors.toSet());
        Set<ImageName> unreadable = catalog.unreadable(facts.region());
        over.stream()
                .map(Notice::about)
                .filter(key -> !untoldFailures.contains(key))
                // The record may be among the unreadable ones, so it is not known to be missing.
                .filter(key -> unreadable.stream().noneMatch(key::isOf))
                .forEach(key -> catalog.resolve(key, now));
    }

    private SortedSet<String> names(Bookmarks bookmarks, TaggedAmis amis) {
        return Stream.of(
                        policies.allNames().stream(),
                        bookmarks.cursors().stream().map(Cursor::policy),
                        amis.ours().keySet().stream())
                .flatMap(names -> names)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether there was time for all of them. */
    private boolean closeAll(Unit unit, TaggedAmis amis, Map<ImageName, List<Snapshot>> orphans) {
        boolean closely = known.open().contains(withdrawalOf(unit));
        Drift.View view = view(unit, amis, orphans, closely);
        Map<Region, Map<ImageName, Tombstone>> removed = new HashMap<>();
        Drift.doubtful(view)
                .forEach((region, names) -> removed.put(region, catalog.removed(region, names)));
        Set<Region> begun = new TreeSet<>();
        boolean all = true;
        Map<Region, Set<ImageName>> unreadable = new HashMap<>();
        view.copies().keySet().forEach(to -> unreadable.put(to, catalog.unreadable(to)));
        unreadable.put(unit.region(), catalog.unreadable(unit.region()));
        List<Gap> gaps =
                Drift.of(view, removed, unreadable).stream().filter(gap -> !isTold(gap)).toList();
        for (List<Gap> some : GapSlices.of(gaps, now)) {
            if (!timeLeft.getAsBoolean()) {
                all = false;
                break;
            }
            repairs.close(some);
            for (Gap gap : some) {
                if (gap instanceof Gap.Uncopied(Image copy)) {
                    begun.add(copy.region());
                }
            }
        }
        int left = repairs.takeLeft();
        if (left > 0) {
            counts.add(UNSWEPT);
            log.warn("{}: {} gaps are left for the next sweep, as EC2 is slow", unit, left);
        }
        tellOfWithdrawn(unit, closely, all && left == 0);
        if (!dryRun) {
            begun.forEach(region -> kicks.copy(region, now));
        }
        return all;
    }

    /** If something blocks all copies, people have already been told why copies are not started. */
    private boolean isTold(Gap gap) {
        return gap instanceof Gap.Slow(Image image)
                && image.state() == ImageState.REQUESTED
                && Blockers.isBlocked(image.region(), known.open());
    }

    private Drift.View view(
            Unit unit, TaggedAmis amis, Map<ImageName, List<Snapshot>> orphans, boolean closely) {
        Optional<Policy> policy = policies.find(unit.policy());
        List<Image> here = records.computeIfAbsent(unit, this::read);
        Map<Region, List<Image>> copies = new HashMap<>();
        if (here.stream().anyMatch(image -> !image.isCopy() && image.isGood())) {
            policy.map(p -> p.destinations(unit.region()))
                    .orElse(List.of())
                    .forEach(to ->
                            copies.put(
                                    to,
                                    policies.allNames(unit.policy()).stream()
                                            .map(name -> new Unit(to, name))
                                            .flatMap(there ->
                                                    records
                                                            .computeIfAbsent(there, this::read)
                                                            .stream())
                                            .toList()));
        }
        Map<ImageName, List<Snapshot>> itsOrphans = new TreeMap<>(orphans);
        itsOrphans.keySet().removeIf(name -> !name.policy().equals(unit.policy()));
        return new Drift.View(
                unit.region(),
                unit.policy(),
                policy,
                here,
                amis,
                itsOrphans,
                copies,
                known.refusing().getOrDefault(policies.nameOf(unit.policy()), Set.of()),
                closely,
                now);
    }

    /** What has changed meanwhile is not overwritten, and the next sweep sees it. */
    private List<Image> read(Unit unit) {
        return catalog.glimpse(unit.policy(), unit.region());
    }
}
