package dev.amikeeper.retention;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;

import dev.amikeeper.Application;
import dev.amikeeper.Invocation;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Look;
import dev.amikeeper.ec2.Removal;
import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Rejected;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Removes what no rule keeps, nothing uses and nobody holds. A removal is written down before it
 * begins and buried when nothing is left, so an interrupted one is finished by the next run.
 */
public final class PruneHandler implements RequestHandler<Map<String, Object>, PruneReport> {
    private static final Logger log = LoggerFactory.getLogger(PruneHandler.class);

    /** What a run leaves of its function's time, in milliseconds: for the call under way. */
    private static final int RESERVE = 30_000;

    /** As many as one read answers. */
    private static final int CHECKED_AT_ONCE = 200;

    /** Lambda answers with at most 6 MB. */
    private static final int LINES = 2000;

    private final Application app;

    /** As Lambda makes it. */
    public PruneHandler() {
        this(Application.get());
    }

    /** Over these objects. */
    public PruneHandler(Application app) {
        this.app = app;
    }

    @Override
    public PruneReport handleRequest(Map<String, Object> input, Context context) {
        return Invocation.run(input, context, event -> prune(event, context));
    }

    private PruneReport prune(Map<String, Object> input, Context context) {
        try {
            // A person calls it with {"dryRun": true} and nothing else.
            Instant now =
                    input.containsKey("source") || input.containsKey("time")
                            ? Event.of(input).time()
                            : app.clock().instant();
            boolean dryRun = Boolean.TRUE.equals(input.get("dryRun"));
            return new PruneRun(now, dryRun, () -> context.getRemainingTimeInMillis() > RESERVE)
                    .report();
        } catch (MalformedEventException malformed) {
            Rejected.record(
                    app.catalog(), "PruneFunction", input, malformed, app.clock().instant());
            return new PruneReport(0, 0, 0, 0, 0, 0, 0, 0, 1, false, List.of(), 0);
        }
    }

    /** What EC2 shows of a Region. */
    private record View(Map<ImageId, Ami> inEc2, Usage usage) {}

    /** One run; its time is the event's. */
    private final class PruneRun {
        private final Instant now;
        private final boolean dryRun;
        private final BooleanSupplier timeLeft;
        private final List<PruneReport.Line> lines = new ArrayList<>();
        private int kept;
        private int removed;
        private int left;
        private int refused;
        private int calledOff;
        private int postponed;
        private int blocked;
        private int unreadable;

        PruneRun(Instant now, boolean dryRun, BooleanSupplier timeLeft) {
            this.now = now;
            this.dryRun = dryRun;
            this.timeLeft = timeLeft;
        }

        PruneReport report() {
            Map<Region, View> views = new LinkedHashMap<>();
            app.policies()
                    .regions()
                    .forEach(region -> view(region).ifPresent(view -> views.put(region, view)));
            app.policies().all().forEach(policy -> prune(policy, views));
            List<PruneReport.Line> shown =
                    lines.stream()
                            .sorted(Comparator.comparing(line -> line.verdict().equals("keep")))
                            .limit(LINES)
                            .toList();
            return new PruneReport(
                    kept,
                    removed,
                    left,
                    refused,
                    calledOff,
                    postponed,
                    blocked,
                    unreadable,
                    0,
                    dryRun,
                    shown,
                    lines.size() - shown.size());
        }

        /** A Region that cannot be read is left alone, and holds up no other. */
        private Optional<View> view(Region region) {
            Map<ImageId, Ami> inEc2;
            try {
                inEc2 =
                        app.images().ours(region).stream()
                                .collect(
                                        Collectors.toMap(
                                                Ami::id, Function.identity(), (one, again) -> one));
            } catch (SdkException error) {
                unreadable++;
                unread(region, Fault.text(error));
                return Optional.empty();
            }
            warnOfUnknownPolicies(region, inEc2);
            Usage usage = app.probes().usage(region);
            usage.probes().forEach(probe -> warnOfBlindness(region, probe));
            return Optional.of(new View(inEc2, usage));
        }

        private void prune(Policy policy, Map<Region, View> views) {
            Map<Region, List<Image>> records = new LinkedHashMap<>();
            views.keySet()
                    .forEach(region ->
                            records.put(region, app.catalog().ofPolicy(policy.name(), region)));
            // After the records: an image that was available by then has its copies written down.
            Set<ImageRef> sources = copySources();
            List<PrunePlan> plans = new ArrayList<>();
            views.forEach((region, view) ->
                    plans.add(
                            PrunePlan.of(
                                    policy,
                                    region,
                                    records.getOrDefault(region, List.of()),
                                    view.inEc2,
                                    view.usage,
                                    sources,
                                    now)));
            List<PrunePlan> limited = PrunePlan.limited(policy.limits(), plans);
            limited.stream()
                    .flatMap(plan -> plan.blocked().stream())
                    .findFirst()
                    .ifPresent(why -> block(policy, why));
            limited.forEach(this::carryOut);
        }

        /** In this order: a copy moves from waiting to under way, and back if it fails. */
        private Set<ImageRef> copySources() {
            Set<ImageRef> sources = new HashSet<>();
            Set<Region> regions = new TreeSet<>(app.catalog().bookmarks().regions());
            regions.addAll(app.policies().regions());
            for (Region region : regions) {
                for (Work kind :
                        List.of(Work.COPY_WAITING, Work.COPY_UNDER_WAY, Work.COPY_WAITING)) {
                    app.catalog()
                            .work(region, kind, Instant.MAX, Integer.MAX_VALUE)
                            .forEach(copy -> copy.home().ifPresent(sources::add));
                }
            }
            return sources;
        }

        private void warnOfBlindness(Region region, Usage.Probe probe) {
            probe.unknown()
                    .ifPresent(why -> {
                        log.error(
                                "{}: nothing is removed, for use by {} is not known: {}",
                                region,
                                probe.name(),
                                why);
                        note(
                                "blind/" + region + "/" + probe.name(),
                                region
                                        + ": nothing is removed, for use by "
                                        + probe.name()
                                        + " is not known: "
                                        + why,
                                "give the function's role the permission, or mend what is"
                                        + " named");
                    });
        }

        private void unread(Region region, String why) {
            log.error("{}: images cannot be read, nothing is removed there: {}", region, why);
            note(
                    "unread/" + region + "/prune/" + now,
                    region + ": nothing was pruned, for the images cannot be read: " + why,
                    "the next run tries again; check the Region and the function's role");
        }

        private void warnOfUnknownPolicies(Region region, Map<ImageId, Ami> inEc2) {
            Set<String> unknown = new TreeSet<>();
            for (Ami ami : inEc2.values()) {
                ImageTags.name(ami.tags())
                        .map(name -> name.policy())
                        .filter(policy -> app.policies().find(policy).isEmpty())
                        .ifPresent(unknown::add);
            }
            if (!unknown.isEmpty()) {
                log.warn(
                        "{}: images of policies {} stay, for the policies are not in the file",
                        region,
                        unknown);
            }
        }

        private void block(Policy policy, String why) {
            blocked++;
            log.error("{}: nothing is removed: {}", policy.name(), why);
            note(
                    "breaker/" + policy.name() + "/" + now,
                    "policy " + policy.name() + ": nothing was removed: " + why,
                    "look at the plan of a dry run; if it is right, raise the policy's limits");
        }

        private void carryOut(PrunePlan plan) {
            if (dryRun) {
                plan.verdicts().forEach(this::show);
                return;
            }
            List<Verdict.Remove> removals = new ArrayList<>();
            for (Verdict verdict : plan.verdicts()) {
                switch (verdict) {
                    case Verdict.Keep _ -> kept++;
                    case Verdict.Remove remove -> removals.add(remove);
                    case Verdict.Finish(var image, var snapshots) -> finish(image, snapshots);
                    case Verdict.CallOff(var image, _) -> {
                        if (app.catalog().save(Change.of(image, image.keptAfterAll(now)))) {
                            calledOff++;
                        }
                    }
                }
            }
            for (int from = 0; from < removals.size(); from += CHECKED_AT_ONCE) {
                remove(
                        plan.region(),
                        removals.subList(from, Math.min(removals.size(), from + CHECKED_AT_ONCE)));
            }
        }

        /** The plan is minutes old by now: each image is looked at once more before it goes. */
        private void remove(Region region, List<Verdict.Remove> removals) {
            if (!timeLeft.getAsBoolean()) {
                postponed += removals.size();
                return;
            }
            Map<ImageId, Ami> fresh;
            try {
                fresh =
                        app.images()
                                .find(
                                        region,
                                        removals.stream()
                                                .flatMap(r -> r.image().id().stream())
                                                .toList());
            } catch (SdkException error) {
                log.warn("{}: images cannot be read again: {}", region, Fault.text(error));
                postponed += removals.size();
                return;
            }
            for (Verdict.Remove removal : removals) {
                Image image = removal.image();
                boolean asPlanned =
                        Optional.ofNullable(fresh.get(image.id().orElseThrow()))
                                .filter(ami -> !ami.tags().containsKey(ImageTags.HOLD))
                                .filter(ami ->
                                        ImageTags.name(ami.tags())
                                                .equals(Optional.of(image.name())))
                                .isPresent();
                if (asPlanned) {
                    remove(image, removal.why(), removal.snapshots());
                } else {
                    log.info("{} {} changed meanwhile and stays", region, image.name());
                    kept++;
                }
            }
        }

        private void remove(Image image, String why, List<SnapshotId> snapshots) {
            if (!timeLeft.getAsBoolean()) {
                postponed++;
                return;
            }
            Image retiring = image;
            if (image.state() != ImageState.RETIRING) {
                retiring = image.retiring(why, snapshots, now);
                if (!app.catalog().save(Change.of(image, retiring))) {
                    log.info("{} {} changed meanwhile and stays", image.region(), image.name());
                    kept++;
                    return;
                }
            }
            ImageId id = retiring.id().orElseThrow();
            settle(retiring, app.images().remove(retiring.region(), id, retiring.snapshots()));
        }

        /** Its AMI is not among ours: deregistered, unless somebody just took its tags away. */
        private void finish(Image image, List<SnapshotId> snapshots) {
            if (!timeLeft.getAsBoolean()) {
                postponed++;
                return;
            }
            try {
                if (app.images().look(image.region(), image.id().orElseThrow())
                        instanceof Look.Shown) {
                    log.warn("{} {} lost its tags and stays", image.region(), image.name());
                    kept++;
                    return;
                }
            } catch (SdkException error) {
                log.warn("{} cannot be read: {}", image.name(), Fault.text(error));
                postponed++;
                return;
            }
            settle(image, app.images().removeSnapshots(image.region(), snapshots));
        }

        private void settle(Image image, Removal removal) {
            switch (removal) {
                case Removal.Removed _ -> {
                    Tombstone tombstone =
                            new Tombstone(
                                    image.name(),
                                    image.region(),
                                    image.id(),
                                    now,
                                    "PruneFunction",
                                    image.note());
                    if (app.catalog().bury(image, tombstone)) {
                        removed++;
                        log.info("{} {} removed: {}", image.region(), image.name(), image.note());
                    }
                }
                case Removal.Left(var snapshots, var why) -> {
                    left++;
                    log.warn("{} {} leaves snapshots: {}", image.region(), image.name(), why);
                    app.catalog().save(Change.of(image, image.leaving(snapshots)));
                    note(
                            "left/" + image.region() + "/" + image.name(),
                            image.region()
                                    + ": image "
                                    + image.name()
                                    + " is deregistered but leaves snapshots: "
                                    + why,
                            "every run tries again; see what holds the snapshots");
                }
                case Removal.Refused(var why) -> {
                    refused++;
                    log.error("{} {} not removed: {}", image.region(), image.name(), why);
                    note(
                            "refused/" + image.region() + "/" + image.name(),
                            image.region()
                                    + ": image "
                                    + image.name()
                                    + " could not be removed: "
                                    + why,
                            "every run tries again; check the function's role and the image's"
                                    + " deregistration protection");
                }
            }
        }

        private void show(Verdict verdict) {
            switch (verdict) {
                case Verdict.Keep(var image, var reasons) -> {
                    kept++;
                    line(image, "keep", texts(reasons));
                }
                case Verdict.Remove(var image, var why, _) -> {
                    removed++;
                    line(image, "remove", List.of(why));
                }
                case Verdict.Finish(var image, var snapshots) -> {
                    left++;
                    line(image, "finish", List.of("to be deleted: " + snapshots));
                }
                case Verdict.CallOff(var image, var reasons) -> {
                    calledOff++;
                    line(image, "call off", texts(reasons));
                }
            }
        }

        private void line(Image image, String verdict, List<String> reasons) {
            lines.add(
                    new PruneReport.Line(
                            image.region().name(),
                            image.name().policy(),
                            image.name().instance().value(),
                            image.name().slot().toString(),
                            image.id().map(ImageId::value).orElse(""),
                            verdict,
                            reasons));
        }

        private void note(String key, String text, String remedy) {
            if (!dryRun) {
                app.catalog().note(new Notice(key, now, text, remedy, true));
            }
        }
    }

    private static List<String> texts(List<Reason> reasons) {
        return reasons.stream().map(Reason::text).toList();
    }
}
