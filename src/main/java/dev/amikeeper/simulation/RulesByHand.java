package dev.amikeeper.simulation;

import dev.amikeeper.image.ImageTags;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.policy.Period;
import dev.amikeeper.simulation.PolicyModel.Keeping;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What policies keep, worked out independently of the pruner from the tags in the cloud. */
public record RulesByHand(SimulatedCloud cloud, List<PolicyModel> policies) {
    /** Which rules speak against removing this image now. */
    List<String> against(String region, LocalImage image) {
        Map<String, String> tags = Witness.tags(image);
        String policy = tags.getOrDefault(ImageTags.POLICY, "");
        boolean copy = image.image().sourceImageId() != null;
        Optional<Keeping> keep =
                policies.stream()
                        .filter(it -> it.name().equals(policy))
                        .findFirst()
                        .flatMap(it -> it.keepIn(region, copy));
        if (keep.isEmpty()) {
            return List.of("no policy says that anything of its kind is ever removed");
        }
        ZoneId zone =
                policies.stream()
                        .filter(it -> it.name().equals(policy))
                        .findFirst()
                        .orElseThrow()
                        .zoneId();
        String instance = tags.getOrDefault(ImageTags.INSTANCE, "");
        Instant slot = slot(image);
        List<LocalImage> good =
                cloud.images(region).stream()
                        .filter(it -> it.image().stateAsString().equals("available"))
                        .filter(it -> isOf(it, policy, instance))
                        .toList();
        List<String> against = new ArrayList<>();
        long newer =
                good.stream()
                        .filter(it -> !it.image().imageId().equals(image.image().imageId()))
                        .filter(it -> !slot(it).isBefore(slot))
                        .count();
        if (newer < keep.get().atLeast()) {
            against.add(
                    "of newer good ones there are %d, atLeast is %d"
                            .formatted(newer, keep.get().atLeast()));
        }
        List<Instant> usable =
                cloud.images(region).stream()
                        .filter(it ->
                                Set.of("available", "disabled")
                                        .contains(it.image().stateAsString()))
                        .filter(it -> isOf(it, policy, instance))
                        .map(RulesByHand::slot)
                        .sorted(Comparator.reverseOrder())
                        .toList();
        if (kept(keep.get(), zone, usable).contains(slot)) {
            against.add("the rules keep it");
        }
        return against;
    }

    private static boolean isOf(LocalImage image, String policy, String instance) {
        Map<String, String> tags = Witness.tags(image);
        return policy.equals(tags.get(ImageTags.POLICY))
                && instance.equals(tags.get(ImageTags.INSTANCE));
    }

    private static Instant slot(LocalImage image) {
        return Instant.parse(
                Witness.tags(image).getOrDefault(ImageTags.SLOT, Instant.EPOCH.toString()));
    }

    /**
     * Computes the rules again. An image that is good only according to the cloud can only add to
     * what is kept.
     */
    static Set<Instant> kept(Keeping keep, ZoneId zone, List<Instant> newestFirst) {
        Set<Instant> kept = new HashSet<>();
        if (newestFirst.isEmpty()) {
            return kept;
        }
        int newest = Math.min(newestFirst.size(), Math.max(keep.last(), keep.atLeast()));
        kept.addAll(newestFirst.subList(0, newest));
        keep.periods()
                .forEach((period, count) -> {
                    DateTimeFormatter format = format(period).withZone(zone);
                    Map<String, Instant> first = new LinkedHashMap<>();
                    newestFirst.forEach(slot -> first.putIfAbsent(format.format(slot), slot));
                    kept.addAll(first.values().stream().limit(count).toList());
                    if (count > first.size()) {
                        kept.add(newestFirst.getLast());
                    }
                });
        if (keep.withinHours() > 0) {
            Instant from = newestFirst.getFirst().minusSeconds(keep.withinHours() * 3600L);
            newestFirst.stream().filter(slot -> slot.isAfter(from)).forEach(kept::add);
        }
        return kept;
    }

    /**
     * Writes each moment of a period alike, without asking {@link Period#of}: Germany uses ISO
     * weeks.
     */
    public static DateTimeFormatter format(Period period) {
        String pattern =
                switch (period) {
                    case HOURLY -> "uuuu-MM-dd HH xxx";
                    case DAILY -> "uuuu-MM-dd";
                    case WEEKLY -> "YYYY-'W'ww";
                    case MONTHLY -> "uuuu-MM";
                    case YEARLY -> "uuuu";
                };
        return DateTimeFormatter.ofPattern(pattern, Locale.GERMANY);
    }
}
