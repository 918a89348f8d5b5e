package dev.amikeeper.operate;

import static java.util.stream.Collectors.joining;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The reasons against creating an image from snapshots. */
final class Objections {
    /** How long an image may be too new to be shown by every call. After that, it is gone. */
    private static final Duration NEW = Duration.ofHours(24);

    private final Catalog catalog;
    private final ImageReads images;
    private final Instant now;
    private final RegistrationInput wanted;

    /** The images that have the name or one of the snapshots. */
    private final List<Ami> holders;

    /** Creates the objections from what EC2 shows now. */
    Objections(Catalog catalog, ImageReads images, Instant now, RegistrationInput wanted) {
        this.catalog = catalog;
        this.images = images;
        this.now = now;
        this.wanted = wanted;
        holders =
                Stream.concat(
                                images.named(wanted.region(), wanted.name()).stream(),
                                images.using(wanted.region(), wanted.ids()).stream())
                        .distinct()
                        // EC2 may list it for a while.
                        .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                        .toList();
    }

    /** The image that an earlier or simultaneous order made. */
    Optional<Ami> ours() {
        return holders.stream()
                .filter(ami -> isOurs(ami, wanted.name()))
                .filter(ami -> Set.copyOf(ami.snapshots()).equals(Set.copyOf(wanted.ids())))
                .findFirst();
    }

    private static boolean isOurs(Ami ami, ImageName name) {
        return ami.name().equals(name.toString())
                && ImageTags.name(ami.tags()).equals(Optional.of(name));
    }

    /**
     * All reasons against creating the image; empty if there are none.
     *
     * @param record the catalogue's record of that name
     * @param last that record, or what its tombstone holds
     */
    List<String> all(Optional<Image> record, Optional<Image> last) {
        List<String> against = against(record, last);
        return against.isEmpty() && !wanted.whole() ? incomplete(last) : against;
    }

    private List<String> against(Optional<Image> record, Optional<Image> last) {
        List<String> against = new ArrayList<>();
        wanted.snapshots().forEach(it -> against(it).ifPresent(against::add));
        Set<SnapshotId> ids = Set.copyOf(wanted.ids());
        holders.forEach(ami ->
                against.add(
                        ami.snapshots().stream().anyMatch(ids::contains)
                                ? "they belong to %s, and are deleted with it".formatted(ami.id())
                                : "%s has its name, %s".formatted(ami.id(), ami.name())));
        if (holders.isEmpty()) {
            record.flatMap(image -> standing(image, wanted.whole())).ifPresent(against::add);
        }
        if (against.isEmpty() && wanted.isNew() && last.isPresent()) {
            against.add("there was an image %s, from other snapshots".formatted(wanted.name()));
        }
        return against;
    }

    private static Optional<String> against(Snapshot snapshot) {
        Optional<String> service = ForeignOrigin.caretaker(snapshot.tags(), "");
        if (service.isPresent()) {
            return service.map(it ->
                    "%s made %s and manages it: it is left alone".formatted(it, snapshot.id()));
        }
        return switch (snapshot.state()) {
            case "completed" -> Optional.empty();
            case "archived" ->
                    Optional.of(snapshot.id() + " is in the archive: restore it from there first");
            default ->
                    Optional.of(
                            "%s is %s, not completed".formatted(snapshot.id(), snapshot.state()));
        };
    }

    /** Why an image of that name exists or will exist, according to the catalogue's record. */
    private Optional<String> standing(Image record, boolean whole) {
        return switch (record.state()) {
            case REQUESTED, CREATING -> Optional.of(record.name() + " is being made");
            case FAILED ->
                    whole
                            ? Optional.empty()
                            : Optional.of(
                                    record.name()
                                            + " was given up, so its snapshots may be of different"
                                            + " tries: name those that are meant (--root)");
            case RETIRING ->
                    Optional.of(
                            record.name()
                                    + " is being removed; the pruner finishes that, or takes it"
                                    + " back");
            case AVAILABLE, DISABLING, DISABLED, ENABLING ->
                    switch (images.look(record.region(), record.id().orElseThrow())) {
                        case ImageLookup.Gone _ -> Optional.empty();
                        case ImageLookup.Shown(Ami ami) ->
                                Optional.of(record.name() + " exists as " + ami.id());
                        case ImageLookup.NotShown _ ->
                                record.since().plus(NEW).isBefore(now)
                                        ? Optional.empty()
                                        : Optional.of(
                                                "EC2 does not show whether "
                                                        + record.id().orElseThrow()
                                                        + " is there: try again tomorrow");
                    };
        };
    }

    /** An image that lacks a volume would be taken for a complete one. */
    private List<String> incomplete(Optional<Image> last) {
        Set<SnapshotId> gone = new TreeSet<>();
        last.ifPresent(image -> gone.addAll(image.snapshots()));
        wanted.ids().forEach(gone::remove);
        if (!gone.isEmpty()) {
            return wanted.withHint(
                    List.of(
                            "these of its snapshots are gone: "
                                    + gone.stream().map(SnapshotId::value).collect(joining(", "))));
        }
        int volumes =
                Stream.concat(
                                last.stream(),
                                catalog.ofInstance(wanted.name().instance()).stream()
                                        .filter(image -> image.name().equals(wanted.name())))
                        .mapToInt(Image::volumes)
                        .filter(count -> count > 0)
                        .findFirst()
                        .orElse(0);
        if (volumes == wanted.snapshots().size()) {
            return List.of();
        }
        String found =
                wanted.snapshots().stream().map(it -> it.id().value()).collect(joining(", "));
        return wanted.withHint(
                List.of(
                        volumes == 0
                                ? "nothing tells how many volumes %s had; these snapshots exist: %s"
                                        .formatted(wanted.name(), found)
                                : "%s had %d volumes; these snapshots exist: %s"
                                        .formatted(wanted.name(), volumes, found)));
    }
}
