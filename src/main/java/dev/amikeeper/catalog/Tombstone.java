package dev.amikeeper.catalog;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.Optional;

/**
 * What is left of a removed image, for a year, or forever if it is stored in S3. While it exists,
 * its slot is never imaged again.
 *
 * @param image its last record
 * @param by who removed it
 * @param why the rule or another reason
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

    /** The kind of remover. */
    public Remover remover() {
        return Remover.of(by);
    }
}
