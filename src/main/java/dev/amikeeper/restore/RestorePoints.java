package dev.amikeeper.restore;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The images that a server can be restored from. Pure. */
public final class RestorePoints {
    private RestorePoints() {}

    /** The good images in a Region, newest slot first. */
    public static List<Image> in(Region region, List<Image> images) {
        return images.stream()
                .filter(image -> image.region().equals(region))
                .filter(Image::isGood)
                .sorted(Comparator.comparing((Image image) -> image.name().slot()).reversed())
                .toList();
    }

    /** The newest good image in a Region whose slot is at that time or before; else the newest. */
    public static Optional<Image> newest(Region region, Optional<Instant> at, List<Image> images) {
        return in(region, images).stream()
                .filter(image ->
                        at.isEmpty() || !image.name().slot().time().isAfter(at.orElseThrow()))
                .findFirst();
    }
}
