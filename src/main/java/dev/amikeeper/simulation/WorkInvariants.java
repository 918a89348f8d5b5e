package dev.amikeeper.simulation;

import dev.amikeeper.catalog.Tombstone;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.simulation.Witness.Made;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How the work was done: once, and within EC2's limits. */
final class WorkInvariants {
    private static final String ONE_START = "14 one try, one start";
    private static final String RECORDED = "15 an image is recorded once";
    private static final String LIMITS = "16 within EC2's limits";

    /** The calls that AMI Keeper paces, as {@code CopyImage}. */
    private static final Set<String> PACED =
            Stream.of(Pace.Call.values())
                    .map(call ->
                            Stream.of(call.name().split("_", -1))
                                    .map(word ->
                                            word.charAt(0)
                                                    + word.substring(1).toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining()))
                    .collect(Collectors.toSet());

    private final Aftermath aftermath;
    private final Simulation play;
    private final List<Violation> violations = new ArrayList<>();

    WorkInvariants(Aftermath aftermath) {
        this.aftermath = aftermath;
        play = aftermath.play();
    }

    List<Violation> violations() {
        eachTryWasStartedOnce();
        eachImageIsRecordedOnce();
        if (!isDisturbed()) {
            eachStartIsCountedOnce();
            nothingWasThrottled();
        }
        return violations;
    }

    /** Each image or copy that EC2 made was another try of its record. */
    private void eachTryWasStartedOnce() {
        aftermath
                .made()
                .forEach((key, all) -> {
                    List<String> ids =
                            all.stream()
                                    .map(Made::id)
                                    .filter(id -> !play.witness().wentBeforeItWasKnown(id))
                                    .toList();
                    Optional<Image> image =
                            Optional.ofNullable(aftermath.records().get(key))
                                    .or(() ->
                                            Optional.ofNullable(aftermath.tombstones().get(key))
                                                    .map(Tombstone::image));
                    image.filter(it -> ids.size() > it.attempt())
                            .ifPresent(it ->
                                    violations.add(
                                            new Violation(
                                                    ONE_START,
                                                    "%s was started as %s in %d tries"
                                                            .formatted(key, ids, it.attempt()))));
                });
    }

    /** No AMI is in two records, and each record is found by its AMI. */
    private void eachImageIsRecordedOnce() {
        Map<ImageId, String> recorded = new HashMap<>();
        Stream.concat(
                        aftermath.records().entrySet().stream(),
                        aftermath.tombstones().entrySet().stream()
                                .map(it -> Map.entry(it.getKey(), it.getValue().image())))
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry ->
                        entry.getValue()
                                .id()
                                .ifPresent(id ->
                                        Optional.ofNullable(
                                                        recorded.putIfAbsent(id, entry.getKey()))
                                                .ifPresent(other ->
                                                        violations.add(
                                                                new Violation(
                                                                        RECORDED,
                                                                        "%s is %s and %s"
                                                                                .formatted(
                                                                                        id,
                                                                                        other,
                                                                                        entry
                                                                                                .getKey()))))));
        aftermath
                .records()
                .forEach((key, image) ->
                        image.id()
                                .filter(id ->
                                        play.catalog()
                                                .find(new Region(image.region().name()), id)
                                                .filter(it -> it.name().equals(image.name()))
                                                .isEmpty())
                                .ifPresent(id ->
                                        violations.add(
                                                new Violation(
                                                        RECORDED,
                                                        key + " is not found by its id " + id))));
    }

    /** Whether a call was made in vain, or its caller died. */
    private boolean isDisturbed() {
        return play.history().steps().stream()
                .anyMatch(it ->
                        it.what() instanceof Happening.FailingCalls
                                || it.what() instanceof Happening.Down);
    }

    /** Where no worker had to do anything again, none did what another one had done. */
    private void eachStartIsCountedOnce() {
        for (boolean copy : List.of(false, true)) {
            String worker = copy ? "CopyImageFunction" : "CreateImageFunction";
            int counted =
                    play.metrics().getOrDefault(worker + ".started", 0)
                            + play.metrics().getOrDefault(worker + ".adopted", 0);
            long made = play.witness().made().stream().filter(it -> it.copy() == copy).count();
            if (counted > made) {
                violations.add(
                        new Violation(
                                RECORDED,
                                "%s recorded %d starts, but EC2 made %d"
                                        .formatted(worker, counted, made)));
            }
        }
    }

    /** A worker that dies, or whose kick is lost, does not say what it has left in its bucket. */
    private void nothingWasThrottled() {
        play.cloud()
                .throttled()
                .forEach((action, times) -> {
                    if (PACED.contains(action)) {
                        violations.add(
                                new Violation(
                                        LIMITS,
                                        "EC2 throttled %s %d times".formatted(action, times)));
                    }
                });
    }
}
