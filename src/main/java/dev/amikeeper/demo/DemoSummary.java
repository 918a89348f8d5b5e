package dev.amikeeper.demo;

import static java.util.stream.Collectors.reducing;

import dev.amikeeper.demo.ImageHistory.Fate;
import dev.amikeeper.demo.ImageHistory.HistoryEntry;
import dev.amikeeper.image.Restore;
import dev.amikeeper.report.StatusReport;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The figures of a demo. The fields are those of the JSON output.
 *
 * @param from when it began, ISO-8601
 * @param until when it ended, ISO-8601
 * @param instances how many there were at the start
 * @param images by policy and Region
 * @param total all of them
 * @param strays images in EC2 with our tags that the catalogue does not know; there should be none
 * @param story what happened during the demo
 * @param kept how many of the remaining images each kind of reason keeps
 * @param toGo how many of them the next run of the pruner removes
 * @param drills what was proven by launching images; null if no policy drills
 * @param status how the instances stand at the end
 * @param example the images of one instance
 * @param calls to EC2, by action, but for reads
 * @param sharedReads calls that describe, in pages, for all images at once
 * @param invocations calls of functions
 * @param announcements messages to people
 * @param deadLetters events and kicks that could not be handled
 * @param loss how it ended; null if no policy replicates
 */
public record DemoSummary(
        String from,
        String until,
        int days,
        long seed,
        int instances,
        List<String> homeRegions,
        List<PolicyLine> images,
        ImageCounts total,
        int strays,
        List<StoryEvent> story,
        SequencedMap<String, Integer> kept,
        int toGo,
        @Nullable Drills drills,
        ProtectionCounts status,
        Example example,
        List<ActionCalls> calls,
        int sharedReads,
        SortedMap<String, Integer> invocations,
        int announcements,
        int deadLetters,
        @Nullable Loss loss) {
    public DemoSummary {
        homeRegions = List.copyOf(homeRegions);
        images = List.copyOf(images);
        story = List.copyOf(story);
        kept = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(kept));
        calls = List.copyOf(calls);
        invocations = Collections.unmodifiableSortedMap(new TreeMap<>(invocations));
    }

    /**
     * Counts of images.
     *
     * @param made images that were good at some time: removed since, or still there
     * @param givenUp never made, which was announced
     * @param underWay not made yet
     * @param retried made, but not at the first attempt
     */
    record ImageCounts(
            int made, int removed, int thereNow, int givenUp, int underWay, int retried) {
        private static final ImageCounts NONE = new ImageCounts(0, 0, 0, 0, 0, 0);

        private static ImageCounts of(HistoryEntry entry) {
            boolean again = entry.isMade() && entry.image().attempt() > 1;
            return new ImageCounts(
                    entry.isMade() ? 1 : 0,
                    entry.fate() == Fate.REMOVED ? 1 : 0,
                    entry.fate() == Fate.THERE ? 1 : 0,
                    entry.fate() == Fate.GIVEN_UP ? 1 : 0,
                    entry.fate() == Fate.UNDER_WAY ? 1 : 0,
                    again ? 1 : 0);
        }

        private ImageCounts plus(ImageCounts other) {
            return new ImageCounts(
                    made + other.made,
                    removed + other.removed,
                    thereNow + other.thereNow,
                    givenUp + other.givenUp,
                    underWay + other.underWay,
                    retried + other.retried);
        }

        static ImageCounts of(Stream<HistoryEntry> entries) {
            return entries.collect(reducing(NONE, ImageCounts::of, ImageCounts::plus));
        }
    }

    /**
     * The images of a policy in a Region.
     *
     * @param kind image or copy
     * @param triggers why the images that were made were asked for
     */
    record PolicyLine(
            String policy,
            String region,
            String kind,
            ImageCounts counts,
            SequencedMap<String, Integer> triggers) {
        PolicyLine {
            triggers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(triggers));
        }
    }

    /**
     * The drills that were started.
     *
     * @param regions where they ran
     * @param servers how many different servers were drilled
     * @param underWay neither passed nor failed yet
     * @param quickestSeconds the shortest time of those that passed, from the request to the last
     *     check
     */
    record Drills(
            List<String> regions,
            int servers,
            int passed,
            int failed,
            int underWay,
            long quickestSeconds,
            long slowestSeconds) {
        Drills {
            regions = List.copyOf(regions);
        }

        static Drills of(List<Restore> drills) {
            List<Duration> took =
                    drills.stream().flatMap(drill -> drill.took().stream()).sorted().toList();
            int passed = 0;
            int failed = 0;
            int underWay = 0;
            for (Restore drill : drills) {
                switch (drill.outcome()) {
                    case PASSED -> passed++;
                    case FAILED -> failed++;
                    case UNDER_WAY -> underWay++;
                }
            }
            return new Drills(
                    drills.stream()
                            .map(drill -> drill.region().name())
                            .distinct()
                            .sorted()
                            .toList(),
                    (int) drills.stream().map(drill -> drill.of().instance()).distinct().count(),
                    passed,
                    failed,
                    underWay,
                    took.isEmpty() ? 0 : took.getFirst().toSeconds(),
                    took.isEmpty() ? 0 : took.getLast().toSeconds());
        }
    }

    /**
     * The instances that are not terminated, as {@code keeper status} counts them at the end.
     *
     * @param waiting those that lack an image somewhere, but not late
     * @param unprotected those that no policy selects
     */
    record ProtectionCounts(int protectedInstances, int late, int waiting, int unprotected) {
        static ProtectionCounts of(StatusReport report) {
            return new ProtectionCounts(
                    report.protectedInstances(),
                    report.late(),
                    report.waiting(),
                    report.unprotected());
        }
    }

    /** Something that happened, and what came of it. */
    record StoryEvent(int day, String what, String then) {}

    /**
     * The remaining images of one instance, newest first.
     *
     * @param name its Name tag; empty if there is no image at all
     */
    record Example(String instance, String name, List<ExampleImage> images) {
        Example {
            images = List.copyOf(images);
        }
    }

    /** One image of the example. */
    record ExampleImage(
            String slot, String policy, String region, String state, List<String> kept) {
        ExampleImage {
            kept = List.copyOf(kept);
        }
    }

    /**
     * The loss of the home Region at the end, and the restores that follow.
     *
     * @param records how many images the new catalogue knows, from their tags in the DR Region
     * @param servers how many servers have an image there
     * @param back how many run again with passed status checks
     * @param mappedSubnets subnets of the lost Region that the mapping file replaces
     * @param mappedGroups security groups of the lost Region that it replaces
     * @param oldestMinutes the age of the oldest image that a server was restored from
     * @param seconds until the last one was back
     * @param launches calls of RunInstances
     * @param reads calls that describe
     */
    record Loss(
            String region,
            String to,
            int records,
            int servers,
            int back,
            int mappedSubnets,
            int mappedGroups,
            long oldestMinutes,
            long seconds,
            int launches,
            int reads) {}

    /**
     * Calls of one action.
     *
     * @param needed what the images' lives need: one call for each image that was started, or
     *     removed
     * @param failedTries calls for attempts that EC2 itself failed
     * @param repeated the rest: throttled, or repeated because the reply was lost
     */
    record ActionCalls(String action, int calls, int needed, int failedTries, int repeated) {}
}
