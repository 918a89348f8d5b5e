package dev.amikeeper.retention;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Slot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.policy.Keep;
import dev.amikeeper.policy.Period;
import dev.amikeeper.policy.Policy;
import dev.amikeeper.policy.Selector;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Images, AMIs and policies for the tests of retention. */
final class RetentionCases {
    static final Region HOME = new Region("us-east-1");
    static final ZoneId UTC = ZoneId.of("UTC");

    private RetentionCases() {}

    /** A good image of instance {@code i-1}. */
    static Image image(String slot) {
        return image("i-1", Instant.parse(slot));
    }

    /** A good image; its AMI's id follows from instance and slot. */
    static Image image(String instance, Instant slot) {
        Image intent = intent(instance, slot);
        String id = instance.replace("-", "") + "x" + slot.getEpochSecond();
        return intent.started(new ImageId("ami-" + id), 2, slot).available(false, slot);
    }

    static Image intent(String instance, Instant slot) {
        ImageName name = new ImageName("gold", new InstanceId(instance), new Slot(slot));
        return Image.intent(name, HOME, Trigger.SCHEDULED, slot);
    }

    /** The same image by a record that was made from its tags. */
    static Image adopted(Image image) {
        return new Image(
                image.name(),
                image.region(),
                new Image.Provenance(image.home(), image.provenance().trigger(), true),
                image.phase(),
                image.making(),
                image.sharing(),
                image.leaving(),
                image.condition(),
                image.capsule(),
                image.stored(),
                image.version());
    }

    /** The AMI of this image as EC2 shows it while all is well. */
    static Ami ami(Image image) {
        ImageId id = image.id().orElseThrow();
        return new Ami(
                id,
                image.region(),
                image.name().toString(),
                AmiState.AVAILABLE,
                ImageTags.of(image.name(), image.home(), Map.of(), List.of()),
                snapshots(image),
                image.name().slot().time(),
                "",
                Optional.empty(),
                Optional.empty(),
                false,
                false,
                Map.of());
    }

    static List<SnapshotId> snapshots(Image image) {
        String id = image.id().orElseThrow().value().replace("ami-", "snap-");
        return List.of(new SnapshotId(id + "a"), new SnapshotId(id + "b"));
    }

    static Ami inState(Ami ami, String state) {
        return new Ami(
                ami.id(),
                ami.region(),
                ami.name(),
                AmiState.of(state),
                ami.tags(),
                ami.snapshots(),
                ami.created(),
                ami.reason(),
                ami.deprecation(),
                ami.lastLaunched(),
                ami.isProtected(),
                ami.isPublic(),
                Map.of());
    }

    static Ami tagged(Ami ami, String key, String value) {
        Map<String, String> tags = new HashMap<>(ami.tags());
        tags.put(key, value);
        return withTags(ami, tags);
    }

    static Ami withTags(Ami ami, Map<String, String> tags) {
        return new Ami(
                ami.id(),
                ami.region(),
                ami.name(),
                ami.state(),
                tags,
                ami.snapshots(),
                ami.created(),
                ami.reason(),
                ami.deprecation(),
                ami.lastLaunched(),
                ami.isProtected(),
                ami.isPublic(),
                Map.of());
    }

    static Ami launched(Ami ami, Optional<Instant> when, boolean isPublic) {
        return with(ami, ami.deprecation(), when, ami.isProtected(), isPublic);
    }

    static Ami guardedBy(Ami ami) {
        return with(ami, ami.deprecation(), ami.lastLaunched(), true, ami.isPublic());
    }

    static Ami deprecated(Ami ami, Instant at) {
        return with(ami, Optional.of(at), ami.lastLaunched(), ami.isProtected(), ami.isPublic());
    }

    private static Ami with(
            Ami ami,
            Optional<Instant> deprecation,
            Optional<Instant> lastLaunched,
            boolean isProtected,
            boolean isPublic) {
        return new Ami(
                ami.id(),
                ami.region(),
                ami.name(),
                ami.state(),
                ami.tags(),
                ami.snapshots(),
                ami.created(),
                ami.reason(),
                deprecation,
                lastLaunched,
                isProtected,
                isPublic,
                Map.of());
    }

    /** The same policy with these stages. */
    static Policy retiring(Policy policy, Policy.Retire retire, boolean protect) {
        return new Policy(
                policy.name(),
                policy.select(),
                policy.schedule(),
                policy.on(),
                policy.image(),
                policy.keep(),
                policy.replicate(),
                policy.share(),
                retire,
                protect,
                policy.limits(),
                policy.drill(),
                policy.store(),
                false,
                policy.formerly());
    }

    /** The same policy, storing its images in the bucket archive when they are so old. */
    static Policy storing(Policy policy, Duration after) {
        return new Policy(
                policy.name(),
                policy.select(),
                policy.schedule(),
                policy.on(),
                policy.image(),
                policy.keep(),
                policy.replicate(),
                policy.share(),
                policy.retire(),
                policy.protect(),
                policy.limits(),
                policy.drill(),
                Optional.of(new Policy.StoreRules("archive", after)),
                false,
                policy.formerly());
    }

    static Keep keep(String rules) {
        return keep(rules, UTC);
    }

    /** Reads rules as a policy file writes them: {@code last: 3, within: 48h}. */
    static Keep keep(String rules, ZoneId zone) {
        Map<String, String> by = new HashMap<>();
        for (String rule : rules.split(", ", -1)) {
            String[] parts = rule.split(": ", 2);
            by.put(parts[0], parts[1]);
        }
        Map<Period, Integer> periods = new EnumMap<>(Period.class);
        for (Period period : Period.values()) {
            periods.put(period, count(by, period.word()));
        }
        Keep keep =
                new Keep(
                        count(by, "last"),
                        periods,
                        Optional.ofNullable(by.remove("within"))
                                .map(span -> Duration.parse("PT" + span.toUpperCase(Locale.ROOT))),
                        count(by, "atLeast"),
                        zone,
                        Optional.empty());
        if (!by.isEmpty()) {
            throw new IllegalArgumentException("no such rules: " + by);
        }
        return keep;
    }

    private static int count(Map<String, String> by, String rule) {
        String count = by.remove(rule);
        return count == null ? 0 : Integer.parseInt(count);
    }

    static final Policy.Limits NO_LIMITS = new Policy.Limits(Optional.empty(), Optional.empty());

    static Policy policy(Optional<Keep> keep, Policy.Limits limits) {
        return policy(keep, limits, Map.of());
    }

    static Policy policy(
            Optional<Keep> keep, Policy.Limits limits, Map<Region, Policy.Replica> replicate) {
        return new Policy(
                "gold",
                new Selector(
                        Map.of("backup", List.of("gold")),
                        Map.of(),
                        Set.of("running"),
                        List.of(HOME)),
                Optional.empty(),
                Set.of(),
                new Policy.Imaging(
                        false,
                        List.of(),
                        Map.of(),
                        List.of(),
                        Policy.UserData.NONE,
                        Optional.empty()),
                keep,
                replicate,
                Policy.ShareRules.NOBODY,
                new Policy.Retire(Optional.empty(), Optional.empty()),
                false,
                limits,
                Optional.empty(),
                Optional.empty(),
                false,
                List.of());
    }
}
