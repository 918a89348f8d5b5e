package dev.amikeeper.lifecycle;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Grant;
import dev.amikeeper.ec2.ImageChanges;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * Shares available images. This is a separate step, taken after the step that recorded the image as
 * good. It may be repeated, and the sweep repeats it until it succeeds.
 *
 * <p>EC2 refuses a whole call because of one account that it does not accept. People are told about
 * such an account once for its policy, under {@code sharing/policy/who}. While that trouble is
 * open, calls leave the account out; once a day, one image asks again.
 */
public final class Shares {
    private static final Logger log = LoggerFactory.getLogger(Shares.class);

    private static final Duration SOON = Duration.ofMinutes(15);
    private static final Duration LATE = Duration.ofHours(24);

    private final Catalog catalog;
    private final ImageReads images;
    private final ImageChanges imageChanges;
    private final Policies policies;

    public Shares(
            Catalog catalog, ImageReads images, ImageChanges imageChanges, Policies policies) {
        this.catalog = catalog;
        this.images = images;
        this.imageChanges = imageChanges;
        this.policies = policies;
    }

    /** Whom EC2 is known to refuse, according to these open troubles, by policy. */
    public static Map<String, Set<String>> refusing(Collection<Notice> open) {
        Map<String, Set<String>> refusing = new TreeMap<>();
        for (Notice notice : open) {
            NoticeKey key = notice.about();
            if (notice.isOpen() && key.is(Trouble.SHARING)) {
                refusing.computeIfAbsent(key.where().orElseThrow(), _ -> new TreeSet<>())
                        .add(key.what().orElseThrow());
            }
        }
        return refusing;
    }

    /** The key of the notice that EC2 refuses to share a policy's images with somebody. */
    public static NoticeKey refusal(String policy, String who) {
        return Trouble.SHARING.of(policy, who);
    }

    /**
     * Shares an image with everybody whom EC2 is not known to refuse. After any other trouble, the
     * image waits for its next try as long again as it has waited so far, but at least 15 minutes
     * and at most 24 hours.
     *
     * @return whether there was no such trouble
     */
    public boolean give(Image image, Instant now) {
        return give(image, now, (who, refusing) -> !refusing.contains(who));
    }

    /** Shares an image, asking only for those whom EC2 refused this image. */
    public boolean askAgain(Image image, Instant now) {
        return give(image, now, (who, _) -> image.sharing().refused().contains(who));
    }

    private boolean give(Image image, Instant now, BiPredicate<String, Set<String>> mayAsk) {
        Optional<Policy> policy = policies.find(image.name().policy());
        WantedShares wanted = WantedShares.of(image, policy);
        if (wanted.launch().isEmpty()
                && wanted.copy().isEmpty()
                && image.sharing().copiers().isEmpty()) {
            return image.leaving().permissions().isEmpty()
                    || catalog.save(
                            Change.of(image, image.nowShared(List.of(), List.of(), List.of())));
        }
        Set<String> refusing = refusing(catalog.open()).getOrDefault(nameOf(image), Set.of());
        List<String> asked =
                wanted.launch().stream()
                        .filter(who -> mayAsk.test(who, refusing))
                        .sorted()
                        .toList();
        Given given = new Given(image, refusing, asked, now);
        return (given.launches() && given.copies(wanted)) ? given.settled() : given.postponed();
    }

    /** The policy's present name: people are told once for each policy. */
    private String nameOf(Image image) {
        return policies.nameOf(image.name().policy());
    }

    /** Shares one image. */
    private final class Given {
        private final Image image;
        private final Region region;
        private final ImageId id;
        private final Set<String> refusing;
        private final List<String> asked;
        private final Instant now;
        private final Map<String, String> refused = new TreeMap<>();
        private Set<String> copiers;
        private String trouble = "";

        Given(Image image, Set<String> refusing, List<String> asked, Instant now) {
            this.image = image;
            this.refusing = refusing;
            this.asked = asked;
            this.now = now;
            region = image.region();
            id = image.id().orElseThrow();
            copiers = new LinkedHashSet<>(image.sharing().copiers());
        }

        boolean launches() {
            return isGranted(imageChanges.share(region, id, asked));
        }

        private boolean isGranted(Grant grant) {
            refused.putAll(grant.refused());
            trouble = grant.trouble().orElse("");
            return grant.isDecided();
        }

        /** Reads the snapshots only if something is to change. */
        boolean copies(WantedShares wanted) {
            Set<String> these = wanted.copiers(left());
            if (these.equals(copiers)) {
                return true;
            }
            Optional<List<SnapshotId>> snapshots = snapshots();
            if (snapshots.isEmpty()) {
                return false;
            }
            List<String> more = without(these, copiers::contains);
            List<String> less = without(copiers, these::contains);
            for (SnapshotId snapshot : snapshots.get()) {
                if (!isGranted(
                        imageChanges.share(
                                region, snapshot, without(more, refused::containsKey)))) {
                    return false;
                }
                if (!less.isEmpty()
                        && imageChanges.unshare(region, snapshot, less)
                                instanceof ChangeResult.Refused(String why)) {
                    trouble = why;
                    return false;
                }
            }
            copiers = wanted.copiers(left());
            return true;
        }

        private Optional<List<SnapshotId>> snapshots() {
            try {
                if (images.look(region, id) instanceof ImageLookup.Shown(var ami)) {
                    return Optional.of(ami.snapshots());
                }
                trouble = "EC2 does not show the image yet";
            } catch (SdkException error) {
                trouble = Fault.text(error);
            }
            return Optional.empty();
        }

        private static List<String> without(Collection<String> all, Predicate<String> these) {
            return all.stream().filter(these.negate()).sorted().toList();
        }

        /**
         * Those whom EC2 refuses now, and those whom it was known to refuse and who were not asked
         * about.
         */
        private List<String> left() {
            Set<String> left = new TreeSet<>(refused.keySet());
            refusing.stream().filter(who -> !asked.contains(who)).forEach(left::add);
            return List.copyOf(left);
        }

        boolean settled() {
            tellOfRefusals();
            List<String> without = left().stream().filter(who -> byPolicy().contains(who)).toList();
            Image after =
                    image.nowShared(
                            without,
                            copiers.stream().sorted().toList(),
                            without(byPolicy(), left()::contains));
            boolean asBefore =
                    image.shared()
                            && image.leaving().permissions().isEmpty()
                            && image.sharing().refused().equals(after.sharing().refused())
                            && image.sharing().copiers().equals(after.sharing().copiers())
                            && image.sharing().given().equals(after.sharing().given());
            if (!asBefore) {
                catalog.save(Change.of(image, after));
            }
            return true;
        }

        boolean postponed() {
            tellOfRefusals();
            log.warn("{} {} could not be shared: {}", region, image.name(), trouble);
            catalog.note(
                    new Notice(
                            Trouble.SHARE.in(region, nameOf(image)),
                            now,
                            region
                                    + ": images of policy "
                                    + nameOf(image)
                                    + " could not be shared, first "
                                    + image.name()
                                    + ": "
                                    + trouble,
                            "check what functions may call (ec2:ModifyImageAttribute,"
                                    + " ModifySnapshotAttribute) and the images' key: what"
                                    + " is encrypted with AWS's default key can be shared"
                                    + " with nobody, so give the volumes, or the Region"
                                    + " under \"replicate\", a key of your own that the"
                                    + " others may use; every sweep tries again",
                            true));
            catalog.save(Change.of(image, image.shareAgainAt(now.plus(backOff()))));
            return false;
        }

        private Duration backOff() {
            Duration waited = Duration.between(image.since(), now);
            if (waited.compareTo(SOON) < 0) {
                return SOON;
            }
            return waited.compareTo(LATE) > 0 ? LATE : waited;
        }

        private Set<String> byPolicy() {
            return policies.find(image.name().policy())
                    .map(policy -> Set.copyOf(policy.share().all()))
                    .orElse(Set.of());
        }

        private void tellOfRefusals() {
            String policy = nameOf(image);
            refused.forEach((who, why) -> catalog.note(refusal(policy, who, why)));
            if (trouble.isEmpty()) {
                asked.stream()
                        .filter(refusing::contains)
                        .filter(who -> !refused.containsKey(who))
                        .forEach(who -> catalog.resolve(Shares.refusal(policy, who), now));
            }
        }

        /** An account that no policy names was allowed by hand, and is not asked for again. */
        private Notice refusal(String policy, String who, String why) {
            log.warn("{} {} is not shared with {}: {}", region, image.name(), who, why);
            NoticeKey key = Shares.refusal(policy, who);
            String text =
                    "images of policy " + policy + " cannot be shared with " + who + ": " + why;
            return byPolicy().contains(who)
                    ? new Notice(
                            key,
                            now,
                            text,
                            "everybody else gets them; correct or remove it under \"share\" of"
                                    + " policy "
                                    + policy
                                    + ", or have the account opened again: it is tried again once a"
                                    + " day",
                            true)
                    : Notice.event(
                            key,
                            now,
                            text,
                            "it was allowed by hand before the image was disabled, and is not any"
                                    + " more; if it should be, ./keeper share "
                                    + id
                                    + " --with "
                                    + who);
        }
    }
}
