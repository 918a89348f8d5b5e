package dev.amikeeper.image;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The catalogue's record of one image in one Region, from the intent on. Each change is a new
 * record; the methods that make one are the only ways forward. All of them stand here, so that
 * whoever asks how an image gets into a state finds the answer in one place.
 *
 * @param name what it is an image of; with the Region, its identity
 * @param capsule what is needed besides the AMI to launch the server again as it was; empty if it
 *     is not known
 * @param stored its way into S3; empty if it was never to be stored
 * @param version counts the changes of this record
 */
public record Image(
        ImageName name,
        Region region,
        Provenance provenance,
        Phase phase,
        Making making,
        Sharing sharing,
        Leaving leaving,
        Condition condition,
        Optional<Capsule> capsule,
        Optional<Stored> stored,
        long version) {
    /**
     * How long a recorded step belongs to the run that recorded it. A run may come an hour late for
     * its event, whose time is its now, and lasts 15 minutes at most.
     */
    public static final Duration LEASE = Duration.ofHours(2);

    /** Protection that nobody has lifted. */
    public static final Instant IN_FORCE = Instant.MAX;

    /**
     * Where the record comes from. Only {@code adopted} ever changes.
     *
     * @param home on a copy, the image it is a copy of
     * @param adopted whether the record was itself made from tags: then it is one key only
     */
    public record Provenance(Optional<ImageRef> home, Trigger trigger, boolean adopted) {
        private Provenance withAdopted(boolean nowAdopted) {
            return new Provenance(home, trigger, nowAdopted);
        }
    }

    /**
     * How far it is. Every new state begins a new phase.
     *
     * @param since when this state began; of an available image, when it became available
     * @param due the next step waits until then
     * @param note why it waits, failed or retires; empty if there is nothing to say
     */
    public record Phase(ImageState state, Instant since, Instant due, String note) {
        private Phase dueAt(Instant next) {
            return new Phase(state, since, next, note);
        }

        private Phase noting(String why) {
            return new Phase(state, since, due, why);
        }
    }

    /**
     * The current attempt to make it, and what came of that.
     *
     * @param attempt 1 for the first try
     * @param id the AMI of this attempt, once started
     * @param volumes how many snapshots it has or will have; 0 while unknown
     * @param taken when its disks were read, of a copy those of its home image; empty if that was
     *     not written down
     */
    public record Making(int attempt, Optional<ImageId> id, int volumes, Optional<Instant> taken) {
        private Making withId(Optional<ImageId> its) {
            return new Making(attempt, its, volumes, taken);
        }

        private Making withTaken(Optional<Instant> when) {
            return new Making(attempt, id, volumes, when);
        }
    }

    /**
     * Who may use it. It changes when permissions are set, and when they were looked at.
     *
     * @param shared whether the launch permissions of the policy are set, but for those whom EC2
     *     refused
     * @param refused with whom of those that its policy names EC2 refused to share it
     * @param copiers which accounts were allowed to create volumes from its snapshots, and so to
     *     copy it
     * @param given whom we let launch it, of those whom its policy names, when that was looked at
     *     last; empty if that was not written down
     */
    public record Sharing(
            boolean shared, List<String> refused, List<String> copiers, List<String> given) {
        private static final Sharing NONE = new Sharing(false, List.of(), List.of(), List.of());

        public Sharing {
            refused = List.copyOf(refused);
            copiers = List.copyOf(copiers);
            given = List.copyOf(given);
        }

        private Sharing withShared(boolean nowShared) {
            return new Sharing(nowShared, refused, copiers, given);
        }
    }

    /**
     * What has to be known once EC2 no longer tells it, because the image is disabled or gone.
     *
     * @param snapshots set when the removal begins, so that it can be finished without the AMI
     * @param permissions its launch permissions, written down before it is disabled, because EC2
     *     drops them then: account ids, ARNs of organizations and their units. On an available
     *     image, those that it is still to get back
     */
    public record Leaving(List<SnapshotId> snapshots, List<String> permissions) {
        private static final Leaving NONE = new Leaving(List.of(), List.of());

        public Leaving {
            snapshots = List.copyOf(snapshots);
            permissions = List.copyOf(permissions);
        }

        private Leaving withSnapshots(List<SnapshotId> its) {
            return new Leaving(its, permissions);
        }

        private Leaving withPermissions(List<String> its) {
            return new Leaving(snapshots, its);
        }
    }

    /**
     * What else is so of the AMI.
     *
     * @param disabled whether somebody else disabled the AMI
     * @param guardedUntil until when our own deregistration protection holds: {@link #IN_FORCE}, or
     *     the end of its cool-down; empty if we never set it
     * @param proven when a restore from it passed its checks
     */
    public record Condition(
            boolean disabled, Optional<Instant> guardedUntil, Optional<Instant> proven) {
        private static final Condition PLAIN =
                new Condition(false, Optional.empty(), Optional.empty());

        private Condition withDisabled(boolean nowDisabled) {
            return new Condition(nowDisabled, guardedUntil, proven);
        }
    }

    /** A home image that is to be made. */
    public static Image intent(ImageName name, Region region, Trigger trigger, Instant now) {
        return waiting(name, region, Optional.empty(), trigger, 0, now);
    }

    /** A copy of this home image that is to be made in a DR Region. */
    public Image copyTo(Region destination, Instant now) {
        ImageRef original = new ImageRef(region, id().orElseThrow());
        return waiting(name, destination, Optional.of(original), provenance.trigger, volumes(), now)
                .remembering(capsule)
                .takenAt(making.taken);
    }

    /** The same record, of an image with this capsule: before it is written down. */
    public Image remembering(Optional<Capsule> itsCapsule) {
        return changed(version, image -> image.capsule = itsCapsule);
    }

    /** The same record, of an image of these disks: before it is written down. */
    public Image takenAt(Optional<Instant> when) {
        return changed(version, image -> image.making = making.withTaken(when));
    }

    /** Until when the server's changes are in it, as far as is known: at least until its slot. */
    public Instant asOf() {
        return making.taken.orElse(name.slot().time());
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
                new Provenance(home, Trigger.SCHEDULED, true),
                new Phase(ImageState.CREATING, created, now, ""),
                new Making(1, Optional.of(id), volumes, Optional.empty()),
                Sharing.NONE,
                Leaving.NONE,
                Condition.PLAIN,
                Optional.empty(),
                Optional.empty(),
                1);
    }

    /** The record of an AMI that was not known before and that EC2 shows in this state. */
    public Image inState(AmiState state) {
        return switch (state) {
            case AVAILABLE -> available(false, since());
            case DISABLED -> available(false, since()).disabledByOthers(true);
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
                new Provenance(home, trigger, false),
                new Phase(ImageState.REQUESTED, now, now, ""),
                new Making(1, Optional.empty(), volumes, Optional.empty()),
                Sharing.NONE,
                Leaving.NONE,
                Condition.PLAIN,
                Optional.empty(),
                Optional.empty(),
                1);
    }

    /** On a copy, the image it is a copy of. */
    public Optional<ImageRef> home() {
        return provenance.home;
    }

    /** Whether the record was itself made from tags. */
    public boolean adopted() {
        return provenance.adopted;
    }

    /** How far it is. */
    public ImageState state() {
        return phase.state;
    }

    /** When this state began. */
    public Instant since() {
        return phase.since;
    }

    /** The next step waits until then. */
    public Instant due() {
        return phase.due;
    }

    /** Why it waits, failed or retires; empty if there is nothing to say. */
    public String note() {
        return phase.note;
    }

    /** 1 for the first try. */
    public int attempt() {
        return making.attempt;
    }

    /** The AMI of this attempt, once started. */
    public Optional<ImageId> id() {
        return making.id;
    }

    /** How many snapshots it has or will have; 0 while unknown. */
    public int volumes() {
        return making.volumes;
    }

    /** The snapshots that its removal deletes; empty before that begins. */
    public List<SnapshotId> snapshots() {
        return leaving.snapshots;
    }

    /** Whether the launch permissions of the policy are set. */
    public boolean shared() {
        return sharing.shared;
    }

    /** Whether somebody else disabled the AMI. */
    public boolean disabled() {
        return condition.disabled;
    }

    /** When a restore from it passed its checks. */
    public Optional<Instant> proven() {
        return condition.proven;
    }

    /** Whether this is a copy of a home image. */
    public boolean isCopy() {
        return home().isPresent();
    }

    /** Whether restoring can rest on it: available, and not disabled by somebody. */
    public boolean isGood() {
        return state() == ImageState.AVAILABLE && !disabled();
    }

    /** EC2 is at work on it. */
    public Image started(ImageId startedId, int volumeCount, Instant now) {
        return next(
                ImageState.CREATING,
                "",
                now,
                image ->
                        image.making =
                                new Making(
                                        attempt(),
                                        Optional.of(startedId),
                                        volumeCount,
                                        making.taken));
    }

    /** It is a good image now. */
    public Image available(boolean isShared, Instant now) {
        return next(
                ImageState.AVAILABLE,
                "",
                now,
                image -> {
                    image.sharing = sharing.withShared(isShared);
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
                    image.phase = image.phase.dueAt(next);
                    image.making =
                            new Making(
                                    attempt() + 1,
                                    Optional.empty(),
                                    volumes(),
                                    isCopy() ? making.taken : Optional.empty());
                });
    }

    /** EC2 failed at it for this reason; what it left is about to be removed. */
    public Image failing(String why) {
        return changed(image -> image.phase = phase.noting(why));
    }

    /** Given up. */
    public Image failed(String why, Instant now) {
        return next(
                ImageState.FAILED,
                why,
                now,
                image -> image.making = making.withId(Optional.empty()));
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
                    image.phase = image.phase.dueAt(now.plus(LEASE));
                    image.leaving =
                            new Leaving(
                                    itsSnapshots,
                                    Stream.concat(
                                                    leaving.permissions.stream(),
                                                    itsPermissions.stream())
                                            .distinct()
                                            .sorted()
                                            .toList());
                });
    }

    /** It is disabled, and may be removed at {@code until}. */
    public Image disabledUntil(Instant until, Instant now) {
        return next(
                ImageState.DISABLED, note(), now, image -> image.phase = image.phase.dueAt(until));
    }

    /** It is about to be enabled again, with its launch permissions. */
    public Image enabling(Instant now) {
        return next(ImageState.ENABLING, note(), now, image -> {});
    }

    /** Its removal begins, for this reason; these snapshots go with it. */
    public Image retiring(String why, List<SnapshotId> itsSnapshots, Instant now) {
        return next(
                ImageState.RETIRING,
                why,
                now,
                image -> {
                    image.phase = image.phase.dueAt(now.plus(LEASE));
                    image.leaving = leaving.withSnapshots(itsSnapshots);
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
                    image.leaving = leaving.withSnapshots(List.of());
                    image.sharing = sharing.withShared(shared() && leaving.permissions.isEmpty());
                    image.condition = condition.withDisabled(false);
                });
    }

    /** The AMI is gone; of its snapshots these are still to be deleted. */
    public Image leaving(List<SnapshotId> left) {
        return changed(image -> image.leaving = leaving.withSnapshots(left));
    }

    /** Somebody else disabled the AMI, or enabled it again. */
    public Image disabledByOthers(boolean nowDisabled) {
        return changed(image -> image.condition = condition.withDisabled(nowDisabled));
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
            image.sharing = new Sharing(true, withoutThese, itsCopiers, toThese);
            image.leaving = leaving.withPermissions(List.of());
        });
    }

    /** These no longer get it: neither now, nor when it is enabled again. */
    public Image sharedWithout(List<String> these) {
        return changed(image -> {
            image.leaving = leaving.withPermissions(without(leaving.permissions, these));
            image.sharing =
                    new Sharing(
                            shared(),
                            without(sharing.refused, these),
                            without(sharing.copiers, these),
                            without(sharing.given, these));
        });
    }

    /** These may launch it, of those whom its policy names, as was seen now. */
    public Image seenSharedWith(List<String> these) {
        return changed(image ->
                image.sharing = new Sharing(shared(), sharing.refused, sharing.copiers, these));
    }

    private static List<String> without(List<String> all, List<String> these) {
        return all.stream().filter(who -> !these.contains(who)).toList();
    }

    /** It could not be shared; the next try is then. */
    public Image shareAgainAt(Instant next) {
        return changed(image -> {
            image.sharing = sharing.withShared(false);
            image.phase = phase.dueAt(next);
        });
    }

    /** Our deregistration protection holds until then. */
    public Image guardedUntil(Instant end) {
        return changed(
                image -> image.condition = new Condition(disabled(), Optional.of(end), proven()));
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
                    image.making = making.withId(Optional.of(newId));
                    image.sharing = Sharing.NONE;
                    image.leaving = Leaving.NONE;
                    image.condition = Condition.PLAIN;
                    image.stored = stored.map(it -> it.fetching(now));
                });
    }

    /** Whether EC2 makes it of an object in S3, not of its instance, of which it is no longer. */
    public boolean isBeingFetched() {
        return state() == ImageState.CREATING && stored.filter(Stored::isFetching).isPresent();
    }

    /** What it was made of was there before it: its record is one key only. */
    public Image madeOfOthers() {
        return changed(image -> image.provenance = provenance.withAdopted(true));
    }

    /** A person looked at it: its record counts as one that was written when it was made. */
    public Image confirmed() {
        return changed(image -> image.provenance = provenance.withAdopted(false));
    }

    /** A restore from it passed its checks. */
    public Image proven(Instant when) {
        return changed(image ->
                image.condition =
                        new Condition(disabled(), condition.guardedUntil, Optional.of(when)));
    }

    private Image next(ImageState newState, String why, Instant now, Consumer<Draft> change) {
        return changed(image -> {
            image.phase = new Phase(newState, now, now, why);
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
                draft.provenance,
                draft.phase,
                draft.making,
                draft.sharing,
                draft.leaving,
                draft.condition,
                draft.capsule,
                draft.stored,
                itsVersion);
    }

    /** The next record in the making: what of it can change. */
    private static final class Draft {
        private Provenance provenance;
        private Phase phase;
        private Making making;
        private Sharing sharing;
        private Leaving leaving;
        private Condition condition;
        private Optional<Capsule> capsule;
        private Optional<Stored> stored;

        Draft(Image image) {
            provenance = image.provenance;
            phase = image.phase;
            making = image.making;
            sharing = image.sharing;
            leaving = image.leaving;
            condition = image.condition;
            capsule = image.capsule;
            stored = image.stored;
        }
    }
}
