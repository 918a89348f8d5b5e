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

    /** The good images in a Region, those first whose disks were read last. */
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

    /**
     * The newest good image in a Region, of those whose disks were read by then if a time is given:
     * an image that was made late holds what came after its slot.
     */
    public static Optional<Image> newest(Region region, Optional<Instant> at, List<Image> images) {
        return in(region, images).stream()
                .filter(image -> at.isEmpty() || !image.asOf().isAfter(at.orElseThrow()))
                .findFirst();
    }
}
