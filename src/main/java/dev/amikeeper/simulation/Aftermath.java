package dev.amikeeper.simulation;

import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.simulation.Witness.Made;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is left when a play is over. Images are keyed by their Region and name.
 *
 * @param records the catalogue's records of images
 * @param made what EC2 ever made
 * @param inEc2 the images that are there, by id
 */
record Aftermath(
        Simulation play,
        Instant end,
        Map<String, Image> records,
        Map<String, Tombstone> tombstones,
        Map<String, List<Made>> made,
        Map<String, LocalImage> inEc2,
        Told told) {
    /** A change this close to a slot may or may not count for it. */
    static final Duration UNSURE = Duration.ofMinutes(10);

    /** What is younger than this at the end may still be under way. */
    static final Duration YOUNG = Duration.ofHours(12);

    static Aftermath of(Simulation play) {
        Map<String, Image> records = new HashMap<>();
        Map<String, Tombstone> tombstones = new HashMap<>();
        Map<String, List<Made>> made = new TreeMap<>();
        Map<String, LocalImage> inEc2 = new TreeMap<>();
        for (String region : HistoryGenerator.REGIONS) {
            for (Image image : play.records(new Region(region))) {
                records.put(key(region, image.name().toString()), image);
            }
            for (String policy : play.policyNames()) {
                for (Tombstone tombstone : play.catalog().removed(policy, new Region(region))) {
                    tombstones.put(key(region, tombstone.name().toString()), tombstone);
                }
            }
            play.cloud().images(region).forEach(it -> inEc2.put(it.image().imageId(), it));
        }
        for (Made one : play.witness().made()) {
            made.computeIfAbsent(key(one.region(), one.name()), _ -> new ArrayList<>()).add(one);
        }
        return new Aftermath(
                play, play.cloud().now(), records, tombstones, made, inEc2, new Told(play));
    }

    static String key(String region, String name) {
        return region + " " + name;
    }

    boolean wasAvailable(String region, String name) {
        return made.getOrDefault(key(region, name), List.of()).stream()
                .anyMatch(it -> play.witness().wasAvailable(it.id()));
    }

    /** Whether the catalogue records that there will be no image, and people were told. */
    boolean failureIsTold(String region, String name) {
        boolean failed =
                Optional.ofNullable(records.get(key(region, name)))
                        .filter(it -> it.state() == ImageState.FAILED)
                        .isPresent();
        return failed && (told.isTold(Trouble.FAILED.of(region, name)) || isCauseTold(region));
    }

    /** The reason why copies fail is told once for the whole Region. */
    private boolean isCauseTold(String region) {
        return told.notices().values().stream()
                .filter(notice -> notice.about().is(Trouble.COPIES, new Region(region)))
                .anyMatch(told::isTold);
    }

    String record(String region, String name) {
        String key = key(region, name);
        if (tombstones.containsKey(key)) {
            return "is buried, though it never was";
        }
        return Optional.ofNullable(records.get(key))
                .map(it -> "stands as " + it.state() + " " + it.note())
                .orElse("was never recorded");
    }

    static List<String> snapshots(LocalImage image) {
        return image.image().blockDeviceMappings().stream()
                .map(it -> it.ebs())
                .filter(Objects::nonNull)
                .map(it -> it.snapshotId())
                .filter(Objects::nonNull)
                .toList();
    }
}
