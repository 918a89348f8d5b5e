package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.Optional;

/**
 * What is left of a removed image, for a year; of one that is stored in S3, for good. While it
 * stands, its slot is never imaged again.
 *
 * @param image its last record
 * @param by who removed it
 * @param why the rule, or what else was the reason
 */
public record Tombstone(Image image, Instant removedAt, String by, String why) {
    public ImageName name() {
        return image.name();
    }

    public Region region() {
        return image.region();
    }

    public Optional<ImageId> id() {
        return image.id();
    }

    /** What kind of remover it was. */
    public Remover remover() {
        return Remover.of(by);
    }
}
