package dev.amikeeper.retention;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Texts;
import dev.amikeeper.retention.Reason.ReasonKind;
import dev.amikeeper.usage.Usage;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is known about the images of one policy and Region besides their records.
 *
 * @param inEc2 the AMIs that EC2 shows there; an AMI that is missing here counts as gone
 * @param usage what uses the images
 * @param permissions the launch permissions of the images that may be removed; empty until they are
 *     read
 * @param copySources the images whose copies are being made or are waiting
 * @param imaged the instances that the policy selects now; empty if unknown
 * @param gone the instances that a complete listing just now did not show, and since when they are
 *     gone
 */
public record Evidence(
        Map<ImageId, Ami> inEc2,
        Usage usage,
        Optional<Map<ImageId, List<String>>> permissions,
        Set<ImageRef> copySources,
        Optional<Set<InstanceId>> imaged,
        Map<InstanceId, Instant> gone,
        Instant now) {
    /** Evidence in which no instance is known to be gone. */
    public Evidence(
            Map<ImageId, Ami> inEc2,
            Usage usage,
            Optional<Map<ImageId, List<String>>> permissions,
            Set<ImageRef> copySources,
            Optional<Set<InstanceId>> imaged,
            Instant now) {
        this(inEc2, usage, permissions, copySources, imaged, Map.of(), now);
    }

    /**
     * If an image was last launched within this time, it counts as in use, whatever the probes say.
     */
    static final Duration RECENTLY = Duration.ofDays(7);

    private static final int USERS_SHOWN = 5;

    public Evidence {
        inEc2 = Map.copyOf(inEc2);
        permissions = permissions.map(Map::copyOf);
        copySources = Set.copyOf(copySources);
        imaged = imaged.map(Set::copyOf);
        gone = Map.copyOf(gone);
    }

    /** Adds what was asked about the images that may be removed. */
    public Evidence with(List<Usage.Report> probes, Map<ImageId, List<String>> read) {
        return new Evidence(
                inEc2, usage.and(probes), Optional.of(read), copySources, imaged, gone, now);
    }

    /** The image's AMI; empty once it is gone, even if EC2 still shows it for a while. */
    Optional<Ami> ami(Image image) {
        return image.id()
                .flatMap(id -> Optional.ofNullable(inEc2.get(id)))
                .filter(ami -> ami.state() != AmiState.DEREGISTERED);
    }

    boolean isFuture(Image image) {
        return image.name().slot().time().isAfter(now);
    }

    /** Whether a restore can rely on the image, judging by its record and by EC2. */
    boolean isGood(Image image) {
        return notGood(image).isEmpty();
    }

    /** Whether AMI Keeper is removing the image but could still bring it back. */
    boolean isReturnable(Image image) {
        return switch (image.state()) {
            case DISABLING, DISABLED, ENABLING, RETIRING ->
                    ami(image)
                            .filter(ami -> isAvailable(ami) || ami.state() == AmiState.DISABLED)
                            .isPresent();
            case REQUESTED, CREATING, AVAILABLE, FAILED -> false;
        };
    }

    /** Why a restore cannot rely on the image; empty if it is good. */
    Optional<Reason> notGood(Image image) {
        return switch (image.state()) {
            case REQUESTED -> reason(ReasonKind.REQUESTED, "not started yet");
            case CREATING -> reason(ReasonKind.CREATING, "still being made");
            case FAILED -> reason(ReasonKind.FAILED, "failed: " + Texts.plain(image.note()));
            case AVAILABLE, DISABLING, DISABLED, ENABLING, RETIRING -> notUsable(image);
        };
    }

    private Optional<Reason> notUsable(Image image) {
        Optional<Ami> ami = ami(image);
        if (ami.isEmpty()) {
            return reason(ReasonKind.MISSING, "EC2 does not show it in " + image.region());
        }
        if (image.state() != ImageState.AVAILABLE) {
            return reason(ReasonKind.DISABLED, "on its way out: " + Texts.plain(image.note()));
        }
        if (ami.get().state() == AmiState.DISABLED || image.disabled()) {
            return reason(ReasonKind.DISABLED, "disabled by somebody");
        }
        if (!isAvailable(ami.get())) {
            return reason(
                    ReasonKind.NOT_AVAILABLE,
                    "EC2 shows it as " + Texts.quoted(ami.get().state().toString()));
        }
        return Optional.empty();
    }

    static boolean isAvailable(Ami ami) {
        return ami.state() == AmiState.AVAILABLE;
    }

    /** Whether other accounts may launch the image, or could until it was disabled. */
    boolean isShared(Image image) {
        return image.id()
                .flatMap(id -> permissions.flatMap(read -> Optional.ofNullable(read.get(id))))
                .map(found -> !found.isEmpty() || !image.leaving().permissions().isEmpty())
                .orElse(image.shared() || !image.leaving().permissions().isEmpty());
    }

    /** The launch permissions that were read for the image; none if they were not read. */
    List<String> permissionsOf(Image image) {
        return permissions
                .flatMap(read -> image.id().flatMap(id -> Optional.ofNullable(read.get(id))))
                .orElse(List.of());
    }

    /** Every reason, other than the rules, not to remove the image. */
    List<Reason> against(Image image, Ami ami) {
        List<Reason> against = new ArrayList<>();
        if (isFuture(image)) {
            against.add(new Reason(ReasonKind.FUTURE, "its slot lies after this run's " + now));
        }
        if (!isOurs(image, ami)) {
            Optional<ImageName> tagged = ImageTags.name(ami.tags());
            String tags = tagged.map(name -> "say " + name).orElse("are not ours");
            against.add(new Reason(ReasonKind.OTHER_TAGS, "its tags in EC2 " + tags));
        }
        if (ami.tags().containsKey(ImageTags.HOLD)) {
            against.add(new Reason(ReasonKind.HELD, "held by its tag " + ImageTags.HOLD));
        }
        if (ami.isPublic()) {
            against.add(new Reason(ReasonKind.PUBLIC, "public: who uses it cannot be known"));
        }
        use(ami).ifPresent(against::add);
        ami.lastLaunched()
                .filter(launched -> launched.isAfter(now.minus(RECENTLY)))
                .ifPresent(launched ->
                        against.add(
                                new Reason(
                                        ReasonKind.LAUNCHED,
                                        "launched from as recently as " + launched)));
        boolean readAll = image.state() != ImageState.AVAILABLE || permissions.isEmpty();
        if (!readAll && !permissions.get().containsKey(ami.id())) {
            against.add(
                    new Reason(ReasonKind.USE_UNKNOWN, "whom it is shared with could not be read"));
        }
        if (copySources.contains(new ImageRef(image.region(), ami.id()))) {
            against.add(
                    new Reason(
                            ReasonKind.COPY_SOURCE,
                            "a copy of it is being made or waits, or may be"));
        }
        guard(image, ami).ifPresent(against::add);
        return against;
    }

    /**
     * Whether the image's tags in EC2 agree with its record. This is the second key to a removal.
     */
    static boolean isOurs(Image image, Ami ami) {
        return ImageTags.name(ami.tags()).equals(Optional.of(image.name()));
    }

    private Optional<Reason> use(Ami ami) {
        return switch (usage.of(ami.id())) {
            case Usage.Answer.Used(var by) -> reason(ReasonKind.IN_USE, "used by " + some(by));
            case Usage.Answer.Unknown(var because) ->
                    reason(
                            ReasonKind.USE_UNKNOWN,
                            "whether it is used is not known: " + some(because));
            case Usage.Answer.Unused() -> Optional.empty();
        };
    }

    private Optional<Reason> guard(Image image, Ami ami) {
        Optional<Instant> ours = image.condition().guardedUntil();
        if (ours.filter(Image.IN_FORCE::equals).isPresent()) {
            return reason(ReasonKind.PROTECTED, "our deregistration protection is lifted first");
        }
        if (ours.filter(now::isBefore).isPresent()) {
            return reason(
                    ReasonKind.PROTECTED, "its lifted protection still holds until " + ours.get());
        }
        return ami.isProtected()
                ? reason(ReasonKind.PROTECTED, "somebody protected it from deregistration")
                : Optional.empty();
    }

    private static Optional<Reason> reason(ReasonKind kind, String text) {
        return Optional.of(new Reason(kind, text));
    }

    private static String some(List<String> all) {
        String shown = String.join(", ", all.subList(0, Math.min(USERS_SHOWN, all.size())));
        return all.size() <= USERS_SHOWN
                ? shown
                : shown + " and " + (all.size() - USERS_SHOWN) + " more";
    }
}
