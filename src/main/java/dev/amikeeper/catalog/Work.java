package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Stored;

import java.util.Locale;
import java.util.Optional;

/** What still has to be done for an image, or was given up; the catalogue is the queue. */
public enum Work {
    /** A home image waits for its {@code CreateImage}. */
    CREATE_WAITING,
    /** EC2 is creating a home image. */
    CREATE_UNDER_WAY,
    /** A copy waits for its {@code CopyImage}. */
    COPY_WAITING,
    /** EC2 is creating a copy. */
    COPY_UNDER_WAY,
    /** A step of a removal, or of its undoing, has begun. */
    RETIRING,
    /** An available image is being stored in S3, or waits for that. */
    STORING,
    /** There is no such image, unless a person has it tried again. */
    GIVEN_UP;

    /** Returns the work that this record calls for; empty if there is none. */
    public static Optional<Work> of(Image image) {
        return switch (image.state()) {
            case REQUESTED -> Optional.of(image.isCopy() ? COPY_WAITING : CREATE_WAITING);
            case CREATING -> Optional.of(image.isCopy() ? COPY_UNDER_WAY : CREATE_UNDER_WAY);
            case DISABLING, ENABLING, RETIRING -> Optional.of(RETIRING);
            case FAILED -> Optional.of(GIVEN_UP);
            case AVAILABLE -> image.stored().filter(Stored::isOpen).map(_ -> STORING);
            case DISABLED -> Optional.empty();
        };
    }

    /** The kind as keys contain it. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
