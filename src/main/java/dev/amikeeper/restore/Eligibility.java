package dev.amikeeper.restore;

import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Restore;

import java.util.Optional;

/**
 * Whether an image may be restored now: only if the catalogue and EC2 both say that it is good. If
 * the obstacle may be a stale read or a half-done step, the restore waits; if it is certain, it
 * does not. Pure.
 */
sealed interface Eligibility {
    /** The image may be restored. */
    record Good() implements Eligibility {}

    /** The image may not be restored now, for this reason, but perhaps later. */
    record NotYet(String why) implements Eligibility {}

    /** The image can never be restored again, for this reason. */
    record Never(String why) implements Eligibility {}

    /**
     * Whether this restore may continue.
     *
     * @param record the catalogue's record of the image
     * @param removed whether the catalogue says that the image is removed
     * @param look what EC2 says about the image
     */
    static Eligibility of(
            Restore restore, Optional<Image> record, boolean removed, ImageLookup look) {
        ImageId id = restore.image();
        Optional<String> certain =
                removed ? Optional.of("was removed") : record.flatMap(it -> certain(it, id, look));
        Optional<String> never = certain.or(() -> certain(look));
        if (never.isPresent()) {
            return new Never(id + " " + never.get());
        }
        return doubt(record, look)
                .or(() -> otherTags(restore, look))
                .<Eligibility>map(why -> new NotYet(id + " " + why))
                .orElseGet(Good::new);
    }

    private static Optional<String> certain(Image record, ImageId id, ImageLookup look) {
        Optional<ImageId> other = record.id().filter(it -> !it.equals(id));
        if (other.isPresent()) {
            return Optional.of("was replaced by " + other.get());
        }
        boolean saidDisabled = record.disabled() || record.state() == ImageState.DISABLED;
        return switch (record.state()) {
            case FAILED -> Optional.of("failed");
            case RETIRING -> Optional.of("is being removed");
            // Both must say so, so that a stale read of one is not taken as certain.
            case AVAILABLE, DISABLED ->
                    Optional.of("is disabled")
                            .filter(_ -> saidDisabled && isShown(look, AmiState.DISABLED));
            case REQUESTED, CREATING, DISABLING, ENABLING -> Optional.empty();
        };
    }

    private static Optional<String> certain(ImageLookup look) {
        if (look instanceof ImageLookup.Gone) {
            return Optional.of("is deregistered");
        }
        return Optional.of("failed").filter(_ -> isShown(look, AmiState.FAILED));
    }

    private static boolean isShown(ImageLookup look, AmiState state) {
        return look instanceof ImageLookup.Shown(Ami ami) && ami.state() == state;
    }

    private static Optional<String> doubt(Optional<Image> record, ImageLookup look) {
        if (record.isEmpty()) {
            return Optional.of("is not in the catalogue");
        }
        if (!record.get().isGood() || record.get().id().isEmpty()) {
            String state = record.get().disabled() ? "DISABLED" : record.get().state().toString();
            return Optional.of("is " + state + " according to the catalogue");
        }
        return switch (look) {
            case ImageLookup.Shown(Ami ami) ->
                    Optional.of("is " + ami.state() + " in EC2")
                            .filter(_ -> ami.state() != AmiState.AVAILABLE);
            case ImageLookup.NotShown _, ImageLookup.Gone _ -> Optional.of("is not shown by EC2");
        };
    }

    private static Optional<String> otherTags(Restore restore, ImageLookup look) {
        return look instanceof ImageLookup.Shown(Ami ami)
                        && ImageTags.name(ami.tags()).equals(Optional.of(restore.of()))
                ? Optional.empty()
                : Optional.of("does not carry the tags of " + restore.of());
    }
}
