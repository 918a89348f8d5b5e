package dev.amikeeper.simulation;

import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.Work;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.LocalSnapshot;
import dev.amikeeper.simulation.Witness.Made;

import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** At the end images, snapshots, tags and the catalogue must agree. */
final class ImageInvariants {
    private static final String FORGOTTEN = "2 nothing forgotten";
    private static final String LITTER = "5 no litter";
    private static final String TAGS = "6 the tags are the backup";
    private static final String AGREES = "the catalogue agrees";
    private static final Set<Work> UNFINISHED = EnumSet.complementOf(EnumSet.of(Work.GIVEN_UP));

    private final Aftermath aftermath;
    private final Simulation play;
    private final List<Violation> violations = new ArrayList<>();

    ImageInvariants(Aftermath aftermath) {
        this.aftermath = aftermath;
        play = aftermath.play();
    }

    List<Violation> violations() {
        nothingIsLeftBehind();
        whatIsBuriedIsGone();
        tagsSuffice();
        theCatalogueAgrees();
        return violations;
    }

    private void violated(String invariant, String what) {
        violations.add(new Violation(invariant, what));
    }

    private void nothingIsLeftBehind() {
        Set<String> used = new HashSet<>();
        aftermath.inEc2().values().forEach(it -> used.addAll(Aftermath.snapshots(it)));
        // Whoever deregisters an image decides what becomes of its snapshots.
        play.witness()
                .removedByOthers()
                .values()
                .forEach(it -> used.addAll(Aftermath.snapshots(it)));
        for (String region : HistoryGenerator.REGIONS) {
            for (LocalSnapshot snapshot : play.cloud().snapshots(region)) {
                boolean ours =
                        snapshot.snapshot().tags().stream()
                                .anyMatch(tag -> tag.key().equals(ImageTags.POLICY));
                if (ours && !used.contains(snapshot.snapshot().snapshotId())) {
                    violated(
                            LITTER,
                            "%s %s is of no image: %s"
                                    .formatted(
                                            region,
                                            snapshot.snapshot().snapshotId(),
                                            snapshot.snapshot().tags()));
                }
            }
            for (Work kind : UNFINISHED) {
                play
                        .catalog()
                        .work(new Region(region), kind, Instant.MAX, Integer.MAX_VALUE)
                        .stream()
                        .filter(it -> it.since().plus(Aftermath.YOUNG).isBefore(aftermath.end()))
                        .filter(it -> kind != Work.RETIRING || !waitsForApproval(it))
                        .filter(it -> kind != Work.RETIRING || !leavesWhatOthersUse(it))
                        .forEach(it ->
                                violated(
                                        kind == Work.RETIRING ? LITTER : FORGOTTEN,
                                        "%s is %s since %s"
                                                .formatted(
                                                        Aftermath.key(region, it.name().toString()),
                                                        it.state(),
                                                        it.since())));
            }
        }
        for (Made one : play.witness().made()) {
            boolean left =
                    aftermath.inEc2().containsKey(one.id())
                            && play.witness().hasFailed(one.id())
                            && !aftermath.told().isTold(Trouble.LITTER.of(one.region(), one.id()));
            if (left) {
                violated(
                        LITTER,
                        Aftermath.key(one.region(), one.name())
                                + ": failed "
                                + one.id()
                                + " stays");
            }
        }
    }

    /** The breaker also stops removals that have begun; then people must have been told. */
    private boolean waitsForApproval(Image image) {
        return aftermath.told().notices().values().stream()
                .filter(it ->
                        it.about().is(Trouble.APPROVE)
                                && it.about().where().equals(Optional.of(image.name().policy())))
                .anyMatch(aftermath.told()::isTold);
    }

    /** The AMI is gone, but somebody else's image uses its snapshots, and people were told. */
    private boolean leavesWhatOthersUse(Image image) {
        return image.state() == ImageState.RETIRING
                && aftermath.told().isTold(Trouble.LEFT.in(image.region(), image.name()))
                && image.snapshots().stream()
                        .anyMatch(left ->
                                aftermath.inEc2().values().stream()
                                        .filter(it ->
                                                !Witness.tags(it).containsKey(ImageTags.POLICY))
                                        .anyMatch(it ->
                                                Aftermath.snapshots(it).contains(left.value())));
    }

    /** An image that the catalogue calls removed is gone, and so are all its snapshots. */
    private void whatIsBuriedIsGone() {
        Set<String> there = new HashSet<>();
        for (String region : HistoryGenerator.REGIONS) {
            play.cloud().snapshots(region).forEach(it -> there.add(it.snapshot().snapshotId()));
        }
        Set<String> buried =
                aftermath.tombstones().values().stream()
                        .flatMap(it -> it.id().stream())
                        .map(ImageId::value)
                        .collect(Collectors.toSet());
        play.witness()
                .removedByUs()
                .forEach((id, image) -> {
                    List<String> left =
                            Aftermath.snapshots(image).stream().filter(there::contains).toList();
                    if (buried.contains(id) && !left.isEmpty()) {
                        violated(
                                LITTER,
                                image.image().name() + " " + id + " is buried, but left " + left);
                    }
                });
    }

    private void tagsSuffice() {
        Map<String, Map<String, String>> snapshotTags = new HashMap<>();
        for (String region : HistoryGenerator.REGIONS) {
            for (LocalSnapshot it : play.cloud().snapshots(region)) {
                snapshotTags.put(
                        it.snapshot().snapshotId(),
                        it.snapshot().tags().stream()
                                .collect(Collectors.toMap(Tag::key, Tag::value)));
            }
        }
        for (Made one : play.witness().made()) {
            LocalImage image = aftermath.inEc2().get(one.id());
            if (image == null) {
                continue;
            }
            Map<String, String> expected = new HashMap<>(Witness.expected(one.name()));
            if (one.copy()) {
                expected.put(
                        ImageTags.HOME,
                        image.image().sourceImageRegion() + "/" + image.image().sourceImageId());
            }
            if (!Witness.tags(image).entrySet().containsAll(expected.entrySet())) {
                violated(TAGS, one.id() + " has " + Witness.tags(image) + ", not " + expected);
            }
            for (String snapshot : Aftermath.snapshots(image)) {
                Map<String, String> tags = snapshotTags.getOrDefault(snapshot, Map.of());
                if (!tags.entrySet().containsAll(expected.entrySet())) {
                    violated(TAGS, snapshot + " has " + tags + ", not " + expected);
                }
            }
        }
    }

    private void theCatalogueAgrees() {
        play.witness()
                .removedByUs()
                .forEach((id, image) -> {
                    boolean buried =
                            aftermath.tombstones().values().stream()
                                            .flatMap(it -> it.id().stream())
                                            .filter(it -> it.value().equals(id))
                                            .count()
                                    == 1;
                    boolean leaves =
                            aftermath.records().values().stream()
                                    .filter(it ->
                                            it.id().filter(i -> i.value().equals(id)).isPresent())
                                    .anyMatch(this::leavesWhatOthersUse);
                    if (!buried && !leaves) {
                        violated(
                                AGREES,
                                image.image().name() + " " + id + " went without a tombstone");
                    }
                });
        aftermath
                .tombstones()
                .forEach((key, tombstone) ->
                        tombstone
                                .id()
                                .filter(id -> aftermath.inEc2().containsKey(id.value()))
                                .ifPresent(id ->
                                        violated(AGREES, key + " is buried, but there: " + id)));
        for (Made one : play.witness().made()) {
            LocalImage image = aftermath.inEc2().get(one.id());
            if (image == null || play.witness().hasFailed(one.id())) {
                continue;
            }
            boolean known =
                    Optional.ofNullable(
                                    aftermath
                                            .records()
                                            .get(Aftermath.key(one.region(), one.name())))
                            .flatMap(Image::id)
                            .filter(id -> id.value().equals(one.id()))
                            .isPresent();
            if (!known) {
                violated(
                        AGREES,
                        "%s %s is in EC2, %s but the catalogue does not know it"
                                .formatted(
                                        Aftermath.key(one.region(), one.name()),
                                        one.id(),
                                        image.image().stateAsString()));
            }
        }
        aftermath
                .records()
                .forEach((key, record) -> {
                    if (record.state() == ImageState.AVAILABLE
                            && record.since().plus(Aftermath.YOUNG).isBefore(aftermath.end())) {
                        String id = record.id().orElseThrow().value();
                        String state =
                                Optional.ofNullable(aftermath.inEc2().get(id))
                                        .map(it -> it.image().stateAsString())
                                        .orElse("gone");
                        if (!state.equals(record.disabled() ? "disabled" : "available")) {
                            violated(
                                    AGREES,
                                    "%s %s is %s%s, and %s in EC2"
                                            .formatted(
                                                    key,
                                                    id,
                                                    record.state(),
                                                    record.disabled() ? ", disabled" : "",
                                                    state));
                        }
                    }
                });
    }
}
