package dev.amikeeper.image;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

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
 * @param adopted whether the record was itself made from tags: then it is one key only
 * @param shared whether the launch permissions of the policy are set
 * @param disabled whether somebody else disabled the AMI
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
        boolean adopted,
        boolean shared,
        boolean disabled,
        long version) {
    public Image {
        snapshots = List.copyOf(snapshots);
    }

    /** A home image that is to be made. */
    public static Image intent(ImageName name, Region region, Trigger trigger, Instant now) {
        return waiting(name, region, Optional.empty(), trigger, 0, now);
    }

    /** A copy of this home image that is to be made in a DR Region. */
    public Image copyTo(Region destination, Instant now) {
        ImageRef original = new ImageRef(region, id.orElseThrow());
        return waiting(name, destination, Optional.of(original), trigger, volumes, now);
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
                false,
                false,
                false,
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
        return with(
                ImageState.CREATING, attempt, Optional.of(startedId), volumeCount, now, now, "");
    }

    /** It is a good image now. */
    public Image available(boolean isShared, Instant now) {
        return with(ImageState.AVAILABLE, attempt, id, volumes, now, now, "").sharing(isShared);
    }

    /** This try failed; another one may begin at {@code next}. */
    public Image again(Instant next, String why, Instant now) {
        return with(ImageState.REQUESTED, attempt + 1, Optional.empty(), volumes, now, next, why);
    }

    /** Given up. */
    public Image failed(String why, Instant now) {
        return with(ImageState.FAILED, attempt, Optional.empty(), volumes, now, now, why);
    }

    /** Its removal begins, for this reason; these snapshots go with it. */
    public Image retiring(String why, List<SnapshotId> itsSnapshots, Instant now) {
        return with(ImageState.RETIRING, attempt, id, volumes, now, now, why)
                .withSnapshots(itsSnapshots);
    }

    /** Its removal is called off. */
    public Image keptAfterAll(Instant now) {
        return with(ImageState.AVAILABLE, attempt, id, volumes, now, now, "")
                .withSnapshots(List.of());
    }

    /** The AMI is gone; of its snapshots these are still to be deleted. */
    public Image leaving(List<SnapshotId> left) {
        return with(state, attempt, id, volumes, since, due, note).withSnapshots(left);
    }

    private Image withSnapshots(List<SnapshotId> left) {
        return new Image(
                name, region, home, trigger, state, attempt, id, volumes, since, due, note, left,
                adopted, shared, disabled, version);
    }

    /** Somebody else disabled the AMI, or enabled it again. */
    public Image disabledByOthers(boolean nowDisabled) {
        return new Image(
                name,
                region,
                home,
                trigger,
                state,
                attempt,
                id,
                volumes,
                since,
                due,
                note,
                snapshots,
                adopted,
                shared,
                nowDisabled,
                version + 1);
    }

    private Image sharing(boolean isShared) {
        return new Image(
                name, region, home, trigger, state, attempt, id, volumes, since, due, note,
                snapshots, adopted, isShared, disabled, version);
    }

    private Image with(
            ImageState newState,
            int newAttempt,
            Optional<ImageId> newId,
            int newVolumes,
            Instant newSince,
            Instant newDue,
            String newNote) {
        return new Image(
                name,
                region,
                home,
                trigger,
                newState,
                newAttempt,
                newId,
                newVolumes,
                newSince,
                newDue,
                newNote,
                snapshots,
                adopted,
                shared,
                disabled,
                version + 1);
    }
}
