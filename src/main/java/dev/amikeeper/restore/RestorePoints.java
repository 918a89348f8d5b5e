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

    /** The good images in a Region, the most recent content of the disks first. */
    public static List<Image> in(Region region, List<Image> images) {
        return images.stream()
                .filter(image -> image.region().equals(region))
                .filter(Image::isGood)
                .sorted(
                        Comparator.comparing(Image::asOf)
                                .thenComparing(image -> image.name().slot())
                                .reversed())
                .toList();
    }

    /** For each instance, the newest good image in a Region at or before the given time. */
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

    /**
     * The newest good image in a Region. If a time is given, only images whose disks were read by
     * then count, because an image that was made late contains what came after its slot.
     */
    public static Optional<Image> newest(Region region, Optional<Instant> at, List<Image> images) {
        return in(region, images).stream()
                .filter(image -> at.isEmpty() || !image.asOf().isAfter(at.orElseThrow()))
                .findFirst();
    }
}
