package dev.amikeeper.retention;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Answers questions about images as a whole: which instances are gone, which are still imaged, and
 * which images are being copied.
 */
final class FleetState {
    private static final Logger log = LoggerFactory.getLogger(FleetState.class);

    private static final Set<Work> COPYING = EnumSet.of(Work.COPY_WAITING, Work.COPY_UNDER_WAY);

    private final Catalog catalog;
    private final Instances instances;
    private final Policies policies;
    private final Planner.PlannerRun run;
    private final Map<Region, Optional<Set<InstanceId>>> living = new HashMap<>();

    FleetState(Catalog catalog, Instances instances, Policies policies, Planner.PlannerRun run) {
        this.catalog = catalog;
        this.instances = instances;
        this.policies = policies;
        this.run = run;
    }

    /**
     * Which of these images' instances are gone, and since when. Only complete listings of their
     * home Regions prove this, and each run proves it anew. The first listing that did not show an
     * instance is remembered until a listing shows the instance again. If a listing fails, no
     * instance counts as gone.
     */
    Map<InstanceId, Instant> gone(Policy policy, List<Image> records) {
        Map<InstanceId, Instant> gone = new HashMap<>();
        if (!policy.letsGoneOnesGo()) {
            return gone;
        }
        Map<Region, Set<InstanceId>> instances = new TreeMap<>();
        records.forEach(image ->
                instances
                        .computeIfAbsent(
                                image.home().map(ImageRef::region).orElse(image.region()),
                                _ -> new HashSet<>())
                        .add(image.name().instance()));
        instances.forEach((home, all) -> {
            Optional<Set<InstanceId>> there = living.computeIfAbsent(home, this::living);
            if (there.isEmpty()) {
                return;
            }
            Map<InstanceId, Instant> known = catalog.gone(home);
            for (InstanceId instance : all) {
                boolean isThere = there.get().contains(instance);
                if (isThere && known.containsKey(instance) && run.mayRequest()) {
                    catalog.back(home, instance);
                }
                if (!isThere) {
                    gone.put(instance, known.getOrDefault(instance, run.now()));
                    if (!known.containsKey(instance) && run.mayRequest()) {
                        catalog.gone(home, instance, run.now());
                    }
                }
            }
        });
        return gone;
    }

    private Optional<Set<InstanceId>> living(Region region) {
        try {
            return Optional.of(
                    instances.living(region).stream()
                            .map(living -> living.instance().id())
                            .collect(Collectors.toSet()));
        } catch (SdkException error) {
            log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
            return Optional.empty();
        }
    }

    /** The instances that the policy selects now; empty if a home Region cannot be read. */
    Optional<Set<InstanceId>> imaged(Policy policy) {
        Set<InstanceId> imaged = new HashSet<>();
        for (Region region : policy.select().regions()) {
            try {
                instances
                        .tagged(
                                region,
                                policy.select().tags().keySet(),
                                policy.select().statesToAsk())
                        .stream()
                        .filter(policy.select()::selects)
                        .map(Instance::id)
                        .forEach(imaged::add);
            } catch (SdkException error) {
                log.warn("{}: instances cannot be read: {}", region, Fault.text(error));
                return Optional.empty();
            }
        }
        return Optional.of(imaged);
    }

    /**
     * The order of the reads matters: a copy moves from waiting to in progress, and back if it
     * fails.
     */
    Set<ImageRef> copySources() {
        Set<ImageRef> sources = new HashSet<>();
        for (Region region : regions()) {
            for (Work kind : List.of(Work.COPY_WAITING, Work.COPY_UNDER_WAY, Work.COPY_WAITING)) {
                catalog.work(region, kind, Instant.MAX, Integer.MAX_VALUE)
                        .forEach(copy -> copy.home().ifPresent(sources::add));
            }
        }
        return sources;
    }

    /**
     * Those of these images of which a copy waits or is being made at this moment, or may be. The
     * copies are looked up by their names, which costs little for a few images.
     */
    Set<Image> copiedNow(Collection<Image> images, Collection<Region> regions) {
        Map<ImageName, Image> homes =
                images.stream()
                        .filter(image -> !image.isCopy())
                        .collect(Collectors.toMap(Image::name, image -> image));
        Set<Image> copied = new HashSet<>();
        for (Region region : regions) {
            Map<ImageName, Image> asked = new HashMap<>(homes);
            asked.values().removeIf(home -> home.region().equals(region));
            if (!asked.isEmpty()) {
                Map<ImageName, Image> there = catalog.find(region, asked.keySet());
                Set<ImageName> unreadable = catalog.unreadable(region);
                asked.forEach((name, home) -> {
                    boolean isOpen =
                            Optional.ofNullable(there.get(name))
                                    .flatMap(Work::of)
                                    .filter(COPYING::contains)
                                    .isPresent();
                    if (isOpen || unreadable.contains(name)) {
                        copied.add(home);
                    }
                });
            }
        }
        return copied;
    }

    /**
     * Those of these images for which the catalogue holds an item, in any Region, that cannot be
     * read: it may be a copy in progress.
     */
    Stream<ImageRef> unreadableElsewhere(List<Image> records) {
        Set<ImageName> unreadable =
                regions().stream()
                        .flatMap(region -> catalog.unreadable(region).stream())
                        .collect(Collectors.toSet());
        return records.stream()
                .filter(image -> unreadable.contains(image.name()))
                .flatMap(image -> image.id().map(id -> new ImageRef(image.region(), id)).stream());
    }

    private Set<Region> regions() {
        return catalog.regionsWith(policies.regions());
    }
}
