package dev.amikeeper.alerts;

import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policy;

import java.time.Instant;
import java.util.Collection;
import java.util.Optional;

/** Texts about images in Regions that their policy no longer names. Pure. */
public final class FormerRegions {

    private FormerRegions() {}

    /** Returns one line; empty if there are no such images. */
    public static Optional<String> line(Policy policy, Region region, Collection<Image> records) {
        int count = policy.former(records).size();
        return count == 0
                ? Optional.empty()
                : Optional.of(
                        "%s: %d images of policy %s are in a Region that it no longer names: %s"
                                .formatted(
                                        region,
                                        count,
                                        policy.name(),
                                        policy.prunesFormer()
                                                ? "its rules apply to them"
                                                : "they are kept forever"));
    }

    /**
     * Returns what people are told once; empty if there are no such images, or the rules remove
     * them.
     */
    public static Optional<Notice> notice(
            Policy policy, Region region, Collection<Image> records, Instant now) {
        return line(policy, region, records)
                .filter(_ -> !policy.prunesFormer())
                .map(text ->
                        new Notice(
                                Trouble.FORMER.in(region, policy.name()),
                                now,
                                text,
                                "write formerRegions: prune in policy "
                                        + policy.name()
                                        + " so that its rules apply to them; or name the Region"
                                        + " again; or ./keeper deregister them",
                                true));
    }
}
