package dev.amikeeper.image;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The catalogue's record of one image in one Region, from the intent on. Each change is a new
 * record, and only the methods here make one. They are all in this class, so that one place shows
 * how an image gets into a state.
 *
 * @param name what it is an image of; with the Region, its identity
 * @param capsule what it takes, besides the AMI, to launch the same server again; empty if unknown
 * @param stored its way into S3; empty if it was never meant to be stored
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
     * How long a recorded step belongs to the run that recorded it. A run takes the time of its
     * event as the current time, may start an hour after that, and lasts at most 15 minutes.
     */
    public static final Duration LEASE = Duration.ofHours(2);

    /** The end of a protection that nobody has lifted. */
    public static final Instant IN_FORCE = Instant.MAX;

    /**
     * Where the record comes from. Only {@code adopted} ever changes.
     *
     * @param home for a copy, the image it is a copy of
     * @param adopted whether the record itself was made from tags; it then counts as only one of
     *     the keys that a removal needs
     */
    public record Provenance(Optional<ImageRef> home, Trigger trigger, boolean adopted) {
        private Provenance withAdopted(boolean nowAdopted) {
            return new Provenance(home, trigger, nowAdopted);
        }
    }

    /**
     * How far the image has come. Every new state begins a new phase.
     *
     * @param since when this state began; for an available image, when it became available
     * @param due the earliest time of the next step
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
     * The current attempt to create the image, and its result.
     *
     * @param attempt 1 for the first attempt
     * @param id the AMI of this attempt, once started
     * @param volumes how many snapshots it has or will have; 0 while unknown
     * @param taken when its disks were read, for a copy those of its home image; empty if not
     *     recorded
     */
    public record Making(int attempt, Optional<ImageId> id, int volumes, Optional<Instant> taken) {
        private Making withId(Optional<ImageId> newId) {
            return new Making(attempt, newId, volumes, taken);
        }

        private Making withTaken(Optional<Instant> when) {
            return new Making(attempt, id, volumes, when);
        }
    }

    /**
     * Who may use the image. It changes when permissions are set or checked.
     *
     * @param shared whether the policy's launch permissions are set, except for those whom EC2
     *     refused
     * @param refused those named by its policy with whom EC2 refused to share it
     * @param copiers the accounts that were allowed to create volumes from its snapshots, and so to
     *     copy the image
     * @param given those named by its policy who could launch it at the last check; empty if not
     *     recorded
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
     * What must be recorded because EC2 no longer reports it once the image is disabled or gone.
     *
     * @param snapshots set when the removal begins, so that it can be finished without the AMI
     * @param permissions its launch permissions, recorded before it is disabled because disabling
     *     drops them: account ids and ARNs of organizations and organizational units. For an
     *     available image, the permissions that are yet to be given back
     */
    public record Leaving(List<SnapshotId> snapshots, List<String> permissions) {
        private static final Leaving NONE = new Leaving(List.of(), List.of());

        public Leaving {
            snapshots = List.copyOf(snapshots);
            permissions = List.copyOf(permissions);
        }

        private Leaving withSnapshots(List<SnapshotId> newSnapshots) {
            return new Leaving(newSnapshots, permissions);
        }

        private Leaving withPermissions(List<String> newPermissions) {
            return new Leaving(snapshots, newPermissions);
        }
    }

    /**
     * Other conditions of the AMI.
     *
     * @param disabled whether somebody else disabled the AMI
     * @param guardedUntil how long AMI Keeper's own deregistration protection lasts: {@link
     *     #IN_FORCE}, or the end of its cool-down; empty if AMI Keeper never set it
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

    /** Returns the intent to create a home image. */
    public static Image intent(ImageName name, Region region, Trigger trigger, Instant now) {
        return waiting(name, region, Optional.empty(), trigger, 0, now);
    }

    /** Returns this intent with a later start, before it is first written. */
    public Image startingAt(Instant start, String why) {
        return changed(version, image -> image.phase = phase.dueAt(start).noting(why));
    }

    /** Returns the intent to copy this home image to a DR Region. */
    public Image copyTo(Region destination, Instant now) {
        ImageRef original = new ImageRef(region, id().orElseThrow());
        return waiting(name, destination, Optional.of(original), provenance.trigger, volumes(), now)
                .remembering(capsule)
                .takenAt(making.taken);
    }

    /** Returns this record with this capsule, before it is first written. */
    public Image remembering(Optional<Capsule> newCapsule) {
        return changed(version, image -> image.capsule = newCapsule);
    }

    /** Returns this record with the time its disks were read, before it is first written. */
    public Image takenAt(Optional<Instant> when) {
        return changed(version, image -> image.making = making.withTaken(when));
    }

    /**
     * The latest time up to which the image is known to contain the server's changes: at least its
     * slot.
     */
    public Instant asOf() {
        return making.taken.orElse(name.slot().time());
    }

    /** Returns this record with this way into S3, before it is first written. */
    public Image rememberingStored(Optional<Stored> newStored) {
        return changed(version, image -> image.stored = newStored);
    }

    /**
     * Returns a record for an AMI that the catalogue does not know, from its tags and what EC2
     * reports. The tags do not say what triggered it; nothing depends on that.
     *
     * @param created when EC2 began to create it
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

    /** Returns the record of a newly adopted AMI that EC2 reports in this state. */
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

    /** For a copy, the image it is a copy of. */
    public Optional<ImageRef> home() {
        return provenance.home;
    }

    /** Whether the record itself was made from tags. */
    public boolean adopted() {
        return provenance.adopted;
    }

    /** How far the image has come. */
    public ImageState state() {
        return phase.state;
    }

    /** When this state began. */
    public Instant since() {
        return phase.since;
    }

    /** The earliest time of the next step. */
    public Instant due() {
        return phase.due;
    }

    /** Why it waits, failed or retires; empty if there is nothing to say. */
    public String note() {
        return phase.note;
    }

    /** The number of the attempt, 1 for the first. */
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

    /** Whether a restore can rely on it: it is available, and nobody else disabled it. */
    public boolean isGood() {
        return state() == ImageState.AVAILABLE && !disabled();
    }

    /** EC2 has begun to create it. */
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

    /** It is a usable image now. */
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

    /** This attempt failed; another one may begin at {@code next}. */
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

    /** EC2 failed to create it for this reason; its remains are about to be removed. */
    public Image failing(String why) {
        return changed(image -> image.phase = phase.noting(why));
    }

    /** AMI Keeper has given up on it. */
    public Image failed(String why, Instant now) {
        return next(
                ImageState.FAILED,
                why,
                now,
                image -> image.making = making.withId(Optional.empty()));
    }

    /**
     * It is about to be disabled for this reason. Launch permissions that an earlier attempt
     * recorded are kept, because EC2 may have dropped them since.
     */
    public Image disabling(
            String why, List<SnapshotId> newSnapshots, List<String> newPermissions, Instant now) {
        return next(
                ImageState.DISABLING,
                why,
                now,
                image -> {
                    image.phase = image.phase.dueAt(now.plus(LEASE));
                    image.leaving =
                            new Leaving(
                                    newSnapshots,
                                    Stream.concat(
                                                    leaving.permissions.stream(),
                                                    newPermissions.stream())
                                            .distinct()
                                            .sorted()
                                            .toList());
                });
    }

    /** It is disabled and may be removed at {@code until}. */
    public Image disabledUntil(Instant until, Instant now) {
        return next(
                ImageState.DISABLED, note(), now, image -> image.phase = image.phase.dueAt(until));
    }

    /** It is about to be enabled again and to get its launch permissions back. */
    public Image enabling(Instant now) {
        return next(ImageState.ENABLING, note(), now, image -> {});
    }

    /** Its removal begins for this reason; these snapshots will be deleted with it. */
    public Image retiring(String why, List<SnapshotId> newSnapshots, Instant now) {
        return next(
                ImageState.RETIRING,
                why,
                now,
                image -> {
                    image.phase = image.phase.dueAt(now.plus(LEASE));
                    image.leaving = leaving.withSnapshots(newSnapshots);
                });
    }

    /**
     * Its removal is canceled or undone. EC2 dropped its launch permissions when it was disabled;
     * it is to get the recorded ones back.
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

    /** The AMI is gone; these of its snapshots are still to be deleted. */
    public Image leaving(List<SnapshotId> left) {
        return changed(image -> image.leaving = leaving.withSnapshots(left));
    }

    /** Somebody else disabled the AMI, or enabled it again. */
    public Image disabledByOthers(boolean nowDisabled) {
        return changed(image -> image.condition = condition.withDisabled(nowDisabled));
    }

    /**
     * Its launch permissions are now set.
     *
     * @param refused those whom EC2 refused
     * @param copiers those who may now create volumes from its snapshots
     * @param given those named by its policy who may now launch it
     */
    public Image nowShared(List<String> refused, List<String> copiers, List<String> given) {
        return changed(image -> {
            image.sharing = new Sharing(true, refused, copiers, given);
            image.leaving = leaving.withPermissions(List.of());
        });
    }

    /**
     * The revoked ones no longer get permissions, neither now nor when the image is enabled again.
     */
    public Image sharedWithout(List<String> revoked) {
        return changed(image -> {
            image.leaving = leaving.withPermissions(without(leaving.permissions, revoked));
            image.sharing =
                    new Sharing(
                            shared(),
                            without(sharing.refused, revoked),
                            without(sharing.copiers, revoked),
                            without(sharing.given, revoked));
        });
    }

    /** A check has seen that these, of those named by its policy, may launch it. */
    public Image seenSharedWith(List<String> seen) {
        return changed(image ->
                image.sharing = new Sharing(shared(), sharing.refused, sharing.copiers, seen));
    }

    private static List<String> without(List<String> all, List<String> revoked) {
        return all.stream().filter(who -> !revoked.contains(who)).toList();
    }

    /** It could not be shared; the next attempt is at {@code next}. */
    public Image shareAgainAt(Instant next) {
        return changed(image -> {
            image.sharing = sharing.withShared(false);
            image.phase = phase.dueAt(next);
        });
    }

    /** AMI Keeper's deregistration protection lasts until {@code end}. */
    public Image guardedUntil(Instant end) {
        return changed(
                image -> image.condition = new Condition(disabled(), Optional.of(end), proven()));
    }

    /**
     * Records this step of its way into S3, or restores the earlier step if EC2 did not take the
     * task.
     */
    public Image inS3(Optional<Stored> step) {
        return changed(image -> image.stored = step);
    }

    /**
     * It was removed, and EC2 is creating it again from its object in S3, with a new id. Nothing is
     * proven about the new AMI, and nothing protects it.
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

    /** Whether EC2 is creating it from an object in S3 rather than from its instance. */
    public boolean isBeingFetched() {
        return state() == ImageState.CREATING && stored.filter(Stored::isFetching).isPresent();
    }

    /** It was made from snapshots that already existed, so its record counts as one key only. */
    public Image madeOfOthers() {
        return changed(image -> image.provenance = provenance.withAdopted(true));
    }

    /**
     * A person has checked it, so its record counts like one that was written when the image was
     * created.
     */
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

    private Image changed(long newVersion, Consumer<Draft> change) {
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
                newVersion);
    }

    /** The parts of the next record that can change. */
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
