package dev.amikeeper.sweep;

import static dev.amikeeper.sweep.SweepReport.SweepCount.FAILED;
import static dev.amikeeper.sweep.SweepReport.SweepCount.REQUESTS;

import dev.amikeeper.Counts;
import dev.amikeeper.backup.BackupPlan;
import dev.amikeeper.backup.RequestRecorder;
import dev.amikeeper.backup.RequestReport;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.SweepState.Seen;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.event.Event;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.DueSlots;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Takes the requests for images whose events were lost. */
final class ForgottenRequests {
    private static final Logger log = LoggerFactory.getLogger(ForgottenRequests.class);

    /**
     * The most requests that are remembered; any more are seen by the next sweep. An item has room
     * for 400 KB.
     */
    private static final int MOST_REQUESTS = 500;

    private final Catalog catalog;
    private final Instances instances;
    private final Policies policies;
    private final RequestRecorder requests;
    private final UnreadRegions unread;
    private final Instant now;
    private final InstantSource clock;
    private final boolean dryRun;
    private final Counts<SweepReport.SweepCount> counts;
    private final Map<Region, List<LivingInstance>> servers = new HashMap<>();

    ForgottenRequests(
            Catalog catalog,
            Instances instances,
            Policies policies,
            RequestRecorder requests,
            UnreadRegions unread,
            SweepRun run) {
        this.catalog = catalog;
        this.instances = instances;
        this.policies = policies;
        this.requests = requests;
        this.unread = unread;
        now = run.now();
        clock = run.clock();
        dryRun = run.dryRun();
        counts = run.counts();
    }

    /** The instances that were read. */
    Map<Region, List<LivingInstance>> servers() {
        return Collections.unmodifiableMap(servers);
    }

    /**
     * Takes requests from tags. If an instance still has the tag by which somebody asked for an
     * image, either the event was lost or the request is refused. EC2 does not tell how long the
     * tag has been there. The sweep that first sees it therefore records the time, and a later
     * sweep makes the request, always for that same time.
     */
    List<Seen> take(List<Seen> before, Set<NoticeKey> open) {
        List<Seen> seen = new ArrayList<>();
        for (Region region : policies.homeRegions()) {
            List<Seen> known = before.stream().filter(it -> it.region().equals(region)).toList();
            List<LivingInstance> living;
            try {
                living = instances.living(region);
            } catch (SdkException error) {
                log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
                unread.tell(region, error, false);
                seen.addAll(known);
                continue;
            }
            servers.put(region, living);
            if (!dryRun) {
                requests.canBeLookedAt(region, open, now);
            }
            List<Instance> tagged =
                    living.stream()
                            .map(LivingInstance::instance)
                            .filter(instance -> instance.tags().containsKey(ImageTags.REQUEST))
                            .toList();
            for (Instance instance : tagged) {
                Seen request = seen(instance, known);
                if (!take(request, instance)) {
                    seen.add(request);
                }
            }
        }
        return seen.subList(0, Math.min(seen.size(), MOST_REQUESTS));
    }

    private Seen seen(Instance instance, List<Seen> known) {
        String value = instance.tags().getOrDefault(ImageTags.REQUEST, "");
        return known.stream()
                .filter(it -> it.instance().equals(instance.id()) && it.value().equals(value))
                .filter(it -> !Event.isAhead(it.since(), clock.instant()))
                .findFirst()
                .orElseGet(() -> new Seen(instance.region(), instance.id(), value, now));
    }

    /** Whether the request is done with. */
    private boolean take(Seen seen, Instance instance) {
        if (seen.since().plus(Drift.EVERY).isAfter(now)) {
            return false;
        }
        BackupPlan.ImageRequest request =
                new BackupPlan.ImageRequest(
                        Trigger.TAGGED,
                        seen.region(),
                        new Slot(asked(seen)),
                        List.of(seen.instance()),
                        Optional.empty());
        BackupPlan plan = BackupPlan.requested(request, policies, List.of(instance), now, now);
        if (plan.intents().isEmpty() && isToldOf(seen)) {
            return false;
        }
        if (dryRun) {
            counts.add(REQUESTS, plan.intents().size());
            return false;
        }
        try {
            RequestReport taken = requests.take(request, now);
            counts.add(REQUESTS, taken.count(RequestReport.RequestCount.REQUESTED));
            return taken.count(RequestReport.RequestCount.REQUESTED)
                            + taken.count(RequestReport.RequestCount.ALREADY)
                    > 0;
        } catch (SdkException error) {
            log.warn("{}: {}", seen.instance(), Fault.text(error));
            counts.add(FAILED);
            return false;
        }
    }

    /**
     * The time to ask for. If a request could not be granted for days, it asks for an image of the
     * latest full day.
     */
    private Instant asked(Seen seen) {
        long days = Duration.between(seen.since(), now).toDays();
        return seen.since().plus(Duration.ofDays(Math.max(0, days)));
    }

    /** A refused request keeps its tag. Whoever set the tag was told when its event came. */
    private boolean isToldOf(Seen seen) {
        String instance = seen.instance() + "/";
        Instant tagged = seen.since().minus(DueSlots.CATCH_UP);
        return catalog.notices().stream()
                .anyMatch(notice ->
                        notice.about().is(Trouble.REQUEST, seen.region())
                                && notice.about()
                                        .what()
                                        .filter(what -> what.startsWith(instance))
                                        .isPresent()
                                && !notice.at().isBefore(tagged));
    }
}
