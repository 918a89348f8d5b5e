package dev.amikeeper.restore;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

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

    /** Of each instance the newest good image in a Region at that time or before. */
    public static List<Image> newestOfEach(
            Region region, Optional<Instant> at, Collection<Image> images) {
        Map<InstanceId, List<Image>> byInstance =
                images.stream()
                        .collect(
                                Collectors.groupingBy(
                                        image -> image.name().instance(), Collectors.toList()));
        return byInstance.values().stream()
                .flatMap(its -> newest(region, at, its).stream())
                .sorted(Comparator.comparing(image -> image.name().instance().value()))
                .toList();
    }

    /** The newest good image in a Region, of those at that time or before if one is given. */
    public static Optional<Image> newest(Region region, Optional<Instant> at, List<Image> images) {
        return in(region, images).stream()
                .filter(image ->
                        at.isEmpty() || !image.name().slot().time().isAfter(at.orElseThrow()))
                .findFirst();
    }
}
