package dev.amikeeper.image;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The catalogue's record of one image in one Region, from the intent on. Each change is a new
 * record; the methods that make one are the only ways forward.
 *
 * @param name what it is an image of; with the Region, its identity
 * @param home on a copy, the image it is a copy of
 * @param attempt 1 for the first try
 * @param id the AMI of this attempt, once started
 * @param volumes how many snapshots it has or will have; 0 while unknown
 * @param since when this state began; of an available image, when it became available
 * @param due the next step waits until then
 * @param note why it waits, failed or retires; empty if there is nothing to say
 * @param snapshots set when the removal begins, so that it can be finished without the AMI
 * @param permissions its launch permissions, written down before it is disabled, for EC2 drops them
 *     with that: account ids, ARNs of organisations and their units. On an available image, those
 *     that it is still to get back
 * @param adopted whether the record was itself made from tags: then it is one key only
 * @param shared whether the launch permissions of the policy are set, but for those whom EC2
 *     refused
 * @param disabled whether somebody else disabled the AMI
 * @param guardedUntil until when our own deregistration protection holds: {@link #IN_FORCE}, or the
 *     end of its cool-down; empty if we never set it
 * @param proven when a restore from it passed its checks
 * @param capsule what is needed besides the AMI to launch the server again as it was; empty if it
 *     is not known
 * @param stored its way into S3; empty if it was never to be stored
 * @param refused with whom of those that its policy names EC2 refused to share it
 * @param copiers which accounts were allowed to create volumes from its snapshots, and so to copy
 *     it
 * @param given whom we let launch it, of those whom its policy names, when that was looked at last;
 *     empty if that was not written down
 * @param taken when its disks were read, of a copy those of its home image; empty if that was not
 *     written down
 * @param version counts the changes of this record
 */
public record Image(
        ImageName name,
        Region region,
        Optional<ImageRef> home,
        Trigger trigger,
        ImageState state,
        int attempt,
        Optional<ImageId> id,
        int volumes,
        Instant since,
        Instant due,
        String note,
        List<SnapshotId> snapshots,
        List<String> permissions,
        boolean adopted,
        boolean shared,
        boolean disabled,
        Optional<Instant> guardedUntil,
        Optional<Instant> proven,
        Optional<Capsule> capsule,
        Optional<Stored> stored,
        List<String> refused,
        List<String> copiers,
        List<String> given,
        Optional<Instant> taken,
        long version) {
    /**
     * So long a step that was written down is its run's own. A run may come an hour late for its
     * event, whose time is its now, and lasts 15 minutes at most.
     */
    public static final Duration LEASE = Duration.ofHours(2);

    /** Protection that nobody has lifted. */
    public static final Instant IN_FORCE = Instant.MAX;

    public Image {
        snapshots = List.copyOf(snapshots);
        permissions = List.copyOf(permissions);
        refused = List.copyOf(refused);
        copiers = List.copyOf(copiers);
        given = List.copyOf(given);
    }

    /** A home image that is to be made. */
    public static Image intent(ImageName name, Region region, Trigger trigger, Instant now) {
        return waiting(name, region, Optional.empty(), trigger, 0, now);
    }

    /** A copy of this home image that is to be made in a DR Region. */
    public Image copyTo(Region destination, Instant now) {
        ImageRef original = new ImageRef(region, id.orElseThrow());
        return waiting(name, destination, Optional.of(original), trigger, volumes, now)
                .remembering(capsule)
                .takenAt(taken);
    }

    /** The same record, of an image with this capsule: before it is written down. */
    public Image remembering(Optional<Capsule> itsCapsule) {
        return changed(version, image -> image.capsule = itsCapsule);
    }

    /** The same record, of an image of these disks: before it is written down. */
    public Image takenAt(Optional<Instant> when) {
        return changed(version, image -> image.taken = when);
    }

    /** Until when the server's changes are in it, as far as is known: at least until its slot. */
    public Instant asOf() {
        return taken.orElse(name.slot().time());
    }

    /** The same record, of an image that went this way into S3: before it is written down. */
    public Image rememberingStored(Optional<Stored> itsWay) {
        return changed(version, image -> image.stored = itsWay);
    }

    /**
     * An AMI that the catalogue does not know, by what its tags and EC2 say of it. What asked for
     * it is not in the tags; nothing depends on it.
     *
     * @param created when EC2 began to make it
     */
    public static Image adopted(
            ImageName name,
            Region region,
            Optional<ImageRef> home,
            ImageId id,
            int volumes,
            Instant created,
            Instant now) {
        return new Image(
                name,
                region,
                home,
                Trigger.SCHEDULED,
                ImageState.CREATING,
                1,
                Optional.of(id),
                volumes,
                created,
                now,
                "",
                List.of(),
                List.of(),
                true,
                false,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                1);
    }

    /** The record of an AMI that was not known before and that EC2 shows in this state. */
    public Image inState(AmiState state) {
        return switch (state) {
            case AVAILABLE -> available(false, since);
            case DISABLED -> available(false, since).disabledByOthers(true);
            case PENDING, FAILED, DEREGISTERED, INVALID, TRANSIENT, ERROR, UNKNOWN -> this;
        };
    }

    private static Image waiting(
            ImageName name,
            Region region,
            Optional<ImageRef> home,
            Trigger trigger,
            int volumes,
            Instant now) {
        return new Image(
                name,
                region,
                home,
                trigger,
                ImageState.REQUESTED,
                1,
                Optional.empty(),
                volumes,
                now,
                now,
                "",
                List.of(),
                List.of(),
                false,
                false,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                1);
    }

    /** Whether this is a copy of a home image. */
    public boolean isCopy() {
        return home.isPresent();
    }

    /** Whether restoring can rest on it: available, and not disabled by somebody. */
    public boolean isGood() {
        return state == ImageState.AVAILABLE && !disabled;
    }

    /** EC2 is at work on it. */
    public Image started(ImageId startedId, int volumeCount, Instant now) {
        return next(
                ImageState.CREATING,
                "",
                now,
                image -> {
                    image.id = Optional.of(startedId);
                    image.volumes = volumeCount;
                });
    }

    /** It is a good image now. */
    public Image available(boolean isShared, Instant now) {
        return next(
                ImageState.AVAILABLE,
                "",
                now,
                image -> {
                    image.shared = isShared;
                    image.stored = stored.map(it -> it.isFetching() ? it.done(now) : it);
                });
    }

    /** This try failed; another one may begin at {@code next}. */
    public Image again(Instant next, String why, Instant now) {
        return next(
                ImageState.REQUESTED,
                why,
                now,
                image -> {
                    image.attempt++;
                    image.id = Optional.empty();
                    image.due = next;
                    image.taken = isCopy() ? taken : Optional.empty();
                });
    }

    /** EC2 failed at it for this reason; what it left is about to be removed. */
    public Image failing(String why) {
        return changed(image -> image.note = why);
    }

    /** Given up. */
    public Image failed(String why, Instant now) {
        return next(ImageState.FAILED, why, now, image -> image.id = Optional.empty());
    }

    /**
     * It is about to be disabled, for this reason. Launch permissions that an earlier try wrote
     * down stay: EC2 may have dropped them since.
     */
    public Image disabling(
            String why, List<SnapshotId> itsSnapshots, List<String> itsPermissions, Instant now) {
        return next(
                ImageState.DISABLING,
                why,
                now,
                image -> {
                    image.due = now.plus(LEASE);
                    image.snapshots = itsSnapshots;
                    image.permissions =
                            Stream.concat(permissions.stream(), itsPermissions.stream())
                                    .distinct()
                                    .sorted()
                                    .toList();
                });
    }

    /** It is disabled, and may be removed at {@code until}. */
    public Image disabledUntil(Instant until, Instant now) {
        return next(ImageState.DISABLED, note, now, image -> image.due = until);
    }

    /** It is about to be enabled again, with its launch permissions. */
    public Image enabling(Instant now) {
        return next(ImageState.ENABLING, note, now, image -> {});
    }

    /** Its removal begins, for this reason; these snapshots go with it. */
    public Image retiring(String why, List<SnapshotId> itsSnapshots, Instant now) {
        return next(
                ImageState.RETIRING,
                why,
                now,
                image -> {
                    image.due = now.plus(LEASE);
                    image.snapshots = itsSnapshots;
                });
    }

    /**
     * Its removal is called off, or taken back. EC2 dropped its launch permissions when it was
     * disabled: those that were written down it is to get back.
     */
    public Image keptAfterAll(Instant now) {
        return next(
                ImageState.AVAILABLE,
                "",
                now,
                image -> {
                    image.snapshots = List.of();
                    image.shared = shared && permissions.isEmpty();
                    image.disabled = false;
                });
    }

    /** The AMI is gone; of its snapshots these are still to be deleted. */
    public Image leaving(List<SnapshotId> left) {
        return changed(image -> image.snapshots = left);
    }

    /** Somebody else disabled the AMI, or enabled it again. */
    public Image disabledByOthers(boolean nowDisabled) {
        return changed(image -> image.disabled = nowDisabled);
    }

    /**
     * Its launch permissions are set now.
     *
     * @param withoutThese whom EC2 refused
     * @param itsCopiers who may create volumes from its snapshots now
     * @param toThese who may launch it now, of those whom its policy names
     */
    public Image nowShared(
            List<String> withoutThese, List<String> itsCopiers, List<String> toThese) {
        return changed(image -> {
            image.shared = true;
            image.permissions = List.of();
            image.refused = withoutThese;
            image.copiers = itsCopiers;
            image.given = toThese;
        });
    }

    /** These no longer get it: neither now, nor when it is enabled again. */
    public Image sharedWithout(List<String> these) {
        return changed(image -> {
            image.permissions = without(permissions, these);
            image.refused = without(refused, these);
            image.copiers = without(copiers, these);
            image.given = without(given, these);
        });
    }

    /** These may launch it, of those whom its policy names, as was seen now. */
    public Image seenSharedWith(List<String> these) {
        return changed(image -> image.given = these);
    }

    private static List<String> without(List<String> all, List<String> these) {
        return all.stream().filter(who -> !these.contains(who)).toList();
    }

    /** It could not be shared; the next try is then. */
    public Image shareAgainAt(Instant next) {
        return changed(image -> {
            image.shared = false;
            image.due = next;
        });
    }

    /** Our deregistration protection holds until then. */
    public Image guardedUntil(Instant end) {
        return changed(image -> image.guardedUntil = Optional.of(end));
    }

    /** A step on its way into S3, or back to where it was if that is not taken. */
    public Image inS3(Optional<Stored> step) {
        return changed(image -> image.stored = step);
    }

    /**
     * It was removed, and EC2 is making it again of its object in S3, with another id. Nothing is
     * proven of the new one, and nothing protects it.
     */
    public Image fetched(ImageId newId, Instant now) {
        return next(
                ImageState.CREATING,
                "",
                now,
                image -> {
                    image.id = Optional.of(newId);
                    image.snapshots = List.of();
                    image.permissions = List.of();
                    image.shared = false;
                    image.refused = List.of();
                    image.copiers = List.of();
                    image.given = List.of();
                    image.disabled = false;
                    image.guardedUntil = Optional.empty();
                    image.proven = Optional.empty();
                    image.stored = stored.map(it -> it.fetching(now));
                });
    }

    /** Whether EC2 makes it of an object in S3, not of its instance, of which it is no longer. */
    public boolean isBeingFetched() {
        return state == ImageState.CREATING && stored.filter(Stored::isFetching).isPresent();
    }

    /** What it was made of was there before it: its record is one key only. */
    public Image madeOfOthers() {
        return changed(image -> image.adopted = true);
    }

    /** A person looked at it: its record counts as one that was written when it was made. */
    public Image confirmed() {
        return changed(image -> image.adopted = false);
    }

    /** A restore from it passed its checks. */
    public Image proven(Instant when) {
        return changed(image -> image.proven = Optional.of(when));
    }

    private Image next(ImageState newState, String why, Instant now, Consumer<Draft> change) {
        return changed(image -> {
            image.state = newState;
            image.since = now;
            image.due = now;
            image.note = why;
            change.accept(image);
        });
    }

    private Image changed(Consumer<Draft> change) {
        return changed(version + 1, change);
    }

    private Image changed(long itsVersion, Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new Image(
                name,
                region,
                home,
                trigger,
                draft.state,
                draft.attempt,
                draft.id,
                draft.volumes,
                draft.since,
                draft.due,
                draft.note,
                draft.snapshots,
                draft.permissions,
                draft.adopted,
                draft.shared,
                draft.disabled,
                draft.guardedUntil,
                draft.proven,
                draft.capsule,
                draft.stored,
                draft.refused,
                draft.copiers,
                draft.given,
                draft.taken,
                itsVersion);
    }

    /** The next record in the making: what of it can change. */
    private static final class Draft {
        private ImageState state;
        private int attempt;
        private Optional<ImageId> id;
        private int volumes;
        private Instant since;
        private Instant due;
        private String note;
        private List<SnapshotId> snapshots;
        private List<String> permissions;
        private boolean adopted;
        private boolean shared;
        private boolean disabled;
        private Optional<Instant> guardedUntil;
        private Optional<Instant> proven;
        private Optional<Capsule> capsule;
        private Optional<Stored> stored;
        private List<String> refused;
        private List<String> copiers;
        private List<String> given;
        private Optional<Instant> taken;

        Draft(Image image) {
            state = image.state;
            attempt = image.attempt;
            id = image.id;
            volumes = image.volumes;
            since = image.since;
            due = image.due;
            note = image.note;
            snapshots = image.snapshots;
            permissions = image.permissions;
            adopted = image.adopted;
            shared = image.shared;
            disabled = image.disabled;
            guardedUntil = image.guardedUntil;
            proven = image.proven;
            capsule = image.capsule;
            stored = image.stored;
            refused = image.refused;
            copiers = image.copiers;
            given = image.given;
            taken = image.taken;
        }
    }
}
