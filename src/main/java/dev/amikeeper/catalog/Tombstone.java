package dev.amikeeper.catalog;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.Optional;

/**
 * What is left of a removed image, for a year. While it stands, its slot is never imaged again.
 *
 * @param by who removed it
 * @param why the rule, or what else was the reason
 */
public record Tombstone(
        ImageName name,
        Region region,
        Optional<ImageId> id,
        Instant removedAt,
        String by,
        String why) {}
