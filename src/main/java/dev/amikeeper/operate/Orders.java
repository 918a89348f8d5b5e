package dev.amikeeper.operate;

import dev.amikeeper.event.Event;
import dev.amikeeper.event.MalformedEventException;
import dev.amikeeper.event.Trail;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.Texts;
import dev.amikeeper.policy.Policy;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Reads the events that carry orders. */
final class Orders {
    private static final Optional<String> NONE = Optional.empty();

    private Orders() {}

    /**
     * The order that an event carries.
     *
     * @param home the Region that is meant if an order names none
     * @param trail tells who gave the order, for the record
     * @throws MalformedEventException if the event carries no order, or lacks what its kind needs
     */
    static Order of(Event event, Region home, Trail trail) throws MalformedEventException {
        return switch (event.order().orElseThrow(() -> none(event))) {
            case DEREGISTER ->
                    new Order.Deregister(
                            region(event, home),
                            image(event),
                            flag(event, "dryRun"),
                            flag(event, "approve"),
                            trail.toString());
            case SHARE -> new Order.Share(region(event, home), image(event), with(event));
            case UNSHARE -> unshare(event, home);
            case ADOPT ->
                    new Order.Adopt(
                            region(event, home),
                            image(event),
                            needed(event, "policy"),
                            instance(event),
                            flag(event, "dryRun"));
            case REGISTER -> register(event, home);
            case STORE ->
                    new Order.Store(
                            region(event, home),
                            image(event),
                            bucket(event),
                            flag(event, "dryRun"));
            case FETCH -> fetch(event, home);
            case BACKUP, RESTORE -> throw none(event);
        };
    }

    private static MalformedEventException none(Event event) {
        return new MalformedEventException(
                "source and detail-type: "
                        + Texts.quoted(event.source() + ": " + event.detailType())
                        + " is not a \"Deregister Requested\", \"Share Requested\","
                        + " \"Unshare Requested\", \"Adopt Requested\", \"Register"
                        + " Requested\", \"Store Requested\" or \"Fetch Requested\" of"
                        + " source \"amikeeper\"");
    }

    /**
     * An id that is missing by mistake must not mean all images, so a separate word asks for all.
     */
    private static Order unshare(Event event, Region home) throws MalformedEventException {
        boolean all = flag(event, "all");
        Optional<String> policy = event.onlyText("policy");
        if (!all && policy.isEmpty()) {
            return new Order.Unshare(region(event, home), image(event), with(event));
        }
        for (String other : List.of("image", "region")) {
            if (event.detail().containsKey(other)) {
                throw new MalformedEventException(
                        "detail.%s: means images of all Regions, and cannot go with \"%s\""
                                .formatted(all ? "all" : "policy", other));
            }
        }
        if (all && policy.isPresent()) {
            throw new MalformedEventException(
                    "detail.all: cannot go with \"policy\", which means images of that policy"
                            + " only");
        }
        return new Order.UnshareAll(home, with(event), policy);
    }

    /** If the order names only a snapshot, it is one of ours, and its tags tell the rest. */
    private static Order register(Event event, Region home) throws MalformedEventException {
        boolean again = event.detail().containsKey("snapshot");
        for (String other : List.of("policy", "instance", "root", "volumes")) {
            if (again && event.detail().containsKey(other)) {
                throw new MalformedEventException(
                        "detail.%s: cannot go with \"snapshot\", which alone names an image of ours"
                                .formatted(other));
            }
        }
        Order.Boot boot = boot(event);
        boolean approved = flag(event, "approve");
        boolean dryRun = flag(event, "dryRun");
        return again
                ? new Order.RegisterAgain(
                        region(event, home), snapshot(event, "snapshot"), boot, approved, dryRun)
                : new Order.Register(
                        region(event, home),
                        needed(event, "policy"),
                        read(needed(event, "instance"), InstanceId::new, "detail.instance"),
                        snapshot(event, "root"),
                        volumes(event),
                        boot,
                        approved,
                        dryRun);
    }

    private static SnapshotId snapshot(Event event, String field) throws MalformedEventException {
        return read(needed(event, field), SnapshotId::read, "detail." + field);
    }

    private static List<Order.VolumeSource> volumes(Event event) throws MalformedEventException {
        List<String> texts = event.texts("volumes");
        return read(
                texts,
                all -> all.stream().map(Order.VolumeSource::read).toList(),
                "detail.volumes");
    }

    private static Order.Boot boot(Event event) throws MalformedEventException {
        Optional<String> rootDevice = event.onlyText("rootDevice");
        Optional<String> architecture = event.onlyText("architecture");
        Optional<String> bootMode = event.onlyText("bootMode");
        read(rootDevice, it -> new Order.Boot(it, NONE, NONE), "detail.rootDevice");
        read(architecture, it -> new Order.Boot(NONE, it, NONE), "detail.architecture");
        return read(
                bootMode, it -> new Order.Boot(rootDevice, architecture, it), "detail.bootMode");
    }

    private static ImageId image(Event event) throws MalformedEventException {
        return read(needed(event, "image"), ImageId::new, "detail.image");
    }

    private static Optional<String> bucket(Event event) throws MalformedEventException {
        Optional<String> bucket = event.onlyText("bucket");
        if (bucket.filter(name -> !S3Object.isBucket(name)).isPresent()) {
            throw new MalformedEventException(
                    "detail.bucket: not a bucket's name: " + Texts.quoted(bucket.get()));
        }
        return bucket;
    }

    /** An object names the image that it was made from. */
    private static Order fetch(Event event, Region home) throws MalformedEventException {
        boolean dryRun = flag(event, "dryRun");
        if (event.onlyText("key").isEmpty() && event.onlyText("bucket").isEmpty()) {
            return new Order.Fetch(region(event, home), image(event), Optional.empty(), dryRun);
        }
        String bucket = needed(event, "bucket");
        S3Object object =
                read(needed(event, "key"), key -> new S3Object(bucket, key), "detail.key");
        return new Order.Fetch(region(event, home), object.image(), Optional.of(object), dryRun);
    }

    private static Optional<InstanceId> instance(Event event) throws MalformedEventException {
        Optional<String> text = event.onlyText("instance");
        return text.isEmpty()
                ? Optional.empty()
                : Optional.of(read(text.get(), InstanceId::new, "detail.instance"));
    }

    private static Region region(Event event, Region home) throws MalformedEventException {
        Optional<String> text = event.onlyText("region");
        return text.isEmpty() ? home : read(text.get(), Region::new, "detail.region");
    }

    private static List<String> with(Event event) throws MalformedEventException {
        List<String> with = event.texts("with");
        if (with.isEmpty()) {
            throw new MalformedEventException("detail.with: must name at least one account or ARN");
        }
        return read(with, named -> Policy.ShareRules.with(named).all(), "detail.with");
    }

    private static String needed(Event event, String field) throws MalformedEventException {
        return event.onlyText(field)
                .filter(text -> !text.isBlank())
                .orElseThrow(() ->
                        new MalformedEventException(
                                "detail." + field + ": must be there, as a text"));
    }

    /** A misspelled "true" must not turn a dry run into a real one. */
    private static boolean flag(Event event, String field) throws MalformedEventException {
        return switch (event.detail().get(field)) {
            case null -> false;
            case Boolean flag -> flag;
            default ->
                    throw new MalformedEventException(
                            "detail." + field + ": must be true or false");
        };
    }

    private static <T, R> R read(T text, Function<T, R> reader, String place)
            throws MalformedEventException {
        try {
            return reader.apply(text);
        } catch (IllegalArgumentException wrong) {
            throw new MalformedEventException(place + ": " + wrong.getMessage());
        }
    }
}
