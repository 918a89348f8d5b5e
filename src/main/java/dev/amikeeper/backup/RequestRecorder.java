package dev.amikeeper.backup;

import dev.amikeeper.Counts;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.queue.Kicks;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;

/**
 * Records the images that a request asks for, and reports the requests that cannot be fulfilled.
 */
public final class RequestRecorder {
    private static final Logger log = LoggerFactory.getLogger(RequestRecorder.class);

    private final Catalog catalog;
    private final Instances instances;
    private final Kicks kicks;
    private final Policies policies;
    private final InstantSource clock;

    /** Uses the given objects. */
    public RequestRecorder(
            Catalog catalog,
            Instances instances,
            Kicks kicks,
            Policies policies,
            InstantSource clock) {
        this.catalog = catalog;
        this.instances = instances;
        this.kicks = kicks;
        this.policies = policies;
        this.clock = clock;
    }

    /**
     * Takes a request that came with an event, or that the sweep found on an instance.
     *
     * @throws SdkException if the instances cannot be read
     */
    public RequestReport take(BackupPlan.ImageRequest request, Instant now) {
        List<Instance> found = find(request, now);
        BackupPlan plan = BackupPlan.requested(request, policies, found, now, clock.instant());
        List<Image> fresh =
                catalog.request(
                        plan.intents().stream()
                                .filter(intent -> !isRecordedFormerly(intent))
                                .toList());
        plan.refusals().forEach(refusal -> record(request, refusal, now));
        if (request.trigger() == Trigger.TAGGED) {
            removeTags(request, plan, found);
        }
        if (!plan.intents().isEmpty()) {
            kicks.create(request.region(), now);
        }
        Counts<RequestReport.RequestCount> counts = Counts.none(RequestReport.RequestCount.class);
        counts.add(RequestReport.RequestCount.REQUESTED, fresh.size());
        counts.add(RequestReport.RequestCount.ALREADY, plan.intents().size() - fresh.size());
        counts.add(RequestReport.RequestCount.REFUSED, plan.refusals().size());
        return new RequestReport(counts);
    }

    /** Whether the same request came before its policy was renamed. One slot means one image. */
    private boolean isRecordedFormerly(Image intent) {
        ImageName name = intent.name();
        return policies.allNames(name.policy()).stream()
                .filter(other -> !other.equals(name.policy()))
                .map(other -> new ImageName(other, name.instance(), name.slot()))
                .anyMatch(formerly -> isRecorded(intent.region(), formerly));
    }

    private boolean isRecorded(Region region, ImageName name) {
        try {
            return catalog.find(region, name).isPresent();
        } catch (UnreadableItemException itIs) {
            return true;
        }
    }

    /**
     * The instances that the request asks for. On a stop event, the instance counts as stopped,
     * whatever its state is by now.
     */
    private List<Instance> find(BackupPlan.ImageRequest request, Instant now) {
        try {
            List<Instance> found = instances.find(request.region(), request.instances());
            return request.trigger() == Trigger.STOPPED
                    ? found.stream().map(instance -> instance.in("stopped")).toList()
                    : found;
        } catch (SdkException error) {
            tellOfUnread(request, error, now);
            // Lambda repeats an event whose function failed.
            throw error;
        }
    }

    /**
     * Tells people once for the Region, however many requests there are: the Region does not
     * answer, or the role lacks a permission.
     */
    private void tellOfUnread(BackupPlan.ImageRequest request, SdkException error, Instant now) {
        catalog.note(
                new Notice(
                        unread(request.region()),
                        now,
                        request.region()
                                + ": instances that are to be imaged on request could not"
                                + " be looked at, first "
                                + request.instances()
                                + ": "
                                + Fault.text(error, "ec2:DescribeInstances"),
                        "Lambda repeats each request twice; those that failed are among the"
                                + " dead letters: ./keeper retry --dead-letters, once the"
                                + " cause is fixed",
                        true));
    }

    /**
     * The sweep could read the instances of a Region, so the trouble with requests there is over.
     *
     * @param open the keys of the troubles that are open
     */
    public void canBeLookedAt(Region region, Collection<NoticeKey> open, Instant now) {
        if (open.contains(unread(region))) {
            catalog.resolve(unread(region), now);
        }
    }

    private static NoticeKey unread(Region region) {
        return Trouble.UNASKED.in(region);
    }

    private void record(BackupPlan.ImageRequest request, BackupPlan.Refusal refusal, Instant now) {
        String text =
                request.region()
                        + ": "
                        + refusal.instance()
                        + " is not imaged on request: "
                        + refusal.why();
        log.warn("{}", text);
        catalog.note(
                Notice.event(
                        Trouble.REQUEST.in(
                                request.region(), refusal.instance() + "/" + request.slot()),
                        now,
                        text,
                        refusal.remedy()));
    }

    /**
     * Removes the tags only after the intents are recorded: until then, the tag is what remembers
     * the request.
     */
    private void removeTags(
            BackupPlan.ImageRequest request, BackupPlan plan, List<Instance> found) {
        for (Instance instance : found) {
            String value = instance.tags().get(ImageTags.REQUEST);
            boolean taken =
                    plan.intents().stream()
                            .anyMatch(intent -> intent.name().instance().equals(instance.id()));
            if (taken && value != null) {
                try {
                    instances.removeRequest(request.region(), instance.id(), value);
                } catch (SdkException error) {
                    log.warn(
                            "the tag {} stays on {}: {}",
                            ImageTags.REQUEST,
                            instance.id(),
                            Fault.text(error));
                }
            }
        }
    }
}
