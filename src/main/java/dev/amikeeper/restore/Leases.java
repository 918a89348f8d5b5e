package dev.amikeeper.restore;

import static java.util.stream.Collectors.joining;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.ChangeResult;
import dev.amikeeper.ec2.ImageLookup;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Server;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Terminates the instances of drills, and no others. A restored server is somebody's server from
 * its launch on, so whatever becomes of its restore, only people terminate it. The roles of the
 * functions allow no more: {@code EndLeaseAccess} in {@code template.yaml} covers only instances
 * with a lease whose restore tag is a drill's, which ends in {@code /drill-…}.
 *
 * <p>An instance counts as a drill's only if AMI Keeper launched it: its client token is the one
 * that the drill's record or its own tag leads to, and its image is ours. Tags alone prove nothing,
 * because anyone allowed to set tags can copy them to any server.
 */
public final class Leases {
    private static final Logger log = LoggerFactory.getLogger(Leases.class);

    /** The most instances that one text names. */
    private static final int NAMED = 10;

    private static final int HASH = 12;

    private final Catalog catalog;
    private final ImageReads images;
    private final Launcher launcher;
    private final Policies policies;
    private final Instant now;

    /**
     * What was found in a Region.
     *
     * @param over how many instances of drills were due for termination
     * @param copied the keys of the troubles about instances that only look like a drill's
     */
    public record Ended(int over, Set<NoticeKey> copied) {
        public Ended {
            copied = Set.copyOf(copied);
        }
    }

    /** Ends the leases that are over at the given time. */
    public Leases(
            Catalog catalog, ImageReads images, Launcher launcher, Policies policies, Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.launcher = launcher;
        this.policies = policies;
        this.now = now;
    }

    /**
     * Terminates the instances of drills whose lease is over, whatever became of their records, and
     * reports those that only look like a drill's.
     *
     * @throws SdkException if the Region does not answer
     */
    public Ended end(Region region) {
        List<Server> leased =
                launcher.servers(region).stream()
                        .filter(server -> !server.isEnded())
                        .filter(server -> server.tags().containsKey(ImageTags.LEASE))
                        .toList();
        List<Server> strangers = new ArrayList<>();
        int over = 0;
        Optional<List<Restore>> records = Optional.empty();
        for (Server server : leased) {
            boolean launched = Restore.isDrill(server.tags(), server.clientToken());
            if (!launched) {
                records = Optional.of(records.orElseGet(() -> catalog.restoring()));
                launched = records.get().stream().anyMatch(it -> isDrillOf(it, server));
            }
            if (!launched) {
                strangers.add(server);
            } else if (isOver(server)) {
                log.warn("{}: the lease of {} is over", region, server.id());
                over++;
                if (!terminate(server, Optional.empty())) {
                    strangers.add(server);
                }
            }
        }
        return new Ended(over, tellOf(region, strangers));
    }

    /**
     * Whether this is a drill and launched that server. The client token proves it, because nobody
     * can change it after the launch.
     */
    private static boolean isDrillOf(Restore restore, Server server) {
        return restore.kind() == Restore.RestoreKind.DRILL
                && server.clientToken().equals(Optional.of(restore.token()));
    }

    /**
     * Terminates an instance that a drill launched. May be repeated.
     *
     * @param drill the record that says so; empty if only the instance's tag does
     * @return false if its image is not ours, in which case the instance is left alone
     */
    boolean terminate(Server server, Optional<Restore> drill) {
        if (server.isEnded()) {
            return true;
        }
        boolean ours =
                drill.filter(it -> isDrillOf(it, server))
                                .filter(it -> server.image().equals(Optional.of(it.image())))
                                .isPresent()
                        || isOfOurImage(server);
        if (ours
                && launcher.terminate(server.region(), server.id())
                        instanceof ChangeResult.Refused(String why)) {
            catalog.note(
                    Notice.event(
                            Trouble.LEASE.in(server.region(), server.id()),
                            now,
                            server.region()
                                    + ": the instance "
                                    + server.id()
                                    + " of a drill could not be terminated: "
                                    + why,
                            "it is tried again; see that it ends"));
        }
        return ours;
    }

    /**
     * Whether the instance was launched from an image of ours: one that the catalogue has, or had
     * before its removal, or one that has both our keys.
     */
    private boolean isOfOurImage(Server server) {
        if (server.image().isEmpty()) {
            return false;
        }
        Region region = server.region();
        ImageId id = server.image().get();
        return isRecorded(region, id)
                || catalog.restoring().stream()
                        .anyMatch(it -> it.region().equals(region) && it.image().equals(id))
                || (images.look(region, id) instanceof ImageLookup.Shown(Ami ami)
                        && ImageTags.name(ami.tags())
                                .map(name -> name.toString().equals(ami.name()))
                                .orElse(false))
                || wasOurs(server, id);
    }

    /** A record that cannot be read is one of ours, too. */
    private boolean isRecorded(Region region, ImageId id) {
        try {
            return catalog.find(region, id).isPresent();
        } catch (UnreadableItemException itIs) {
            return true;
        }
    }

    private boolean wasOurs(Server server, ImageId id) {
        String tag = server.tags().getOrDefault(ImageTags.RESTORE, "");
        String policy = tag.contains("/") ? tag.substring(0, tag.indexOf('/')) : "";
        return !policy.isEmpty()
                && policies.allNames(policy).stream()
                        .flatMap(name -> catalog.removed(name, server.region()).stream())
                        .anyMatch(removed -> removed.id().equals(Optional.of(id)));
    }

    private boolean isOver(Server server) {
        try {
            return Instant.parse(server.tags().getOrDefault(ImageTags.LEASE, "")).isBefore(now);
        } catch (DateTimeException edited) {
            // The person who edited the tag does not want a drill.
            return false;
        }
    }

    /**
     * Opens one trouble for each drill whose tags were copied, because the copying is the cause.
     */
    private Set<NoticeKey> tellOf(Region region, List<Server> strangers) {
        Map<NoticeKey, List<Server>> byDrill =
                strangers.stream()
                        .collect(
                                Collectors.groupingBy(
                                        server -> key(region, server),
                                        TreeMap::new,
                                        Collectors.toList()));
        byDrill.forEach((key, some) -> {
            log.error("{}: not a drill's: {}", region, some.stream().map(Server::id).toList());
            catalog.note(
                    new Notice(
                            key,
                            now,
                            "%s: the tag %s is on %s, which AMI Keeper did not launch from an image of its own: left alone, and imaged like any server"
                                    .formatted(region, ImageTags.LEASE, names(some)),
                            "take the tags "
                                    + ImageTags.LEASE
                                    + " and "
                                    + ImageTags.RESTORE
                                    + " away, and see in CloudTrail (CreateTags,"
                                    + " RunInstances) who set them; terminate it by hand if"
                                    + " nobody needs it",
                            true));
        });
        return Set.copyOf(byDrill.keySet());
    }

    private static String names(List<Server> some) {
        String first = some.stream().limit(NAMED).map(it -> it.id().value()).collect(joining(", "));
        return some.size() <= NAMED ? first : first + " and " + (some.size() - NAMED) + " more";
    }

    /** Anybody may have written the tag's text, so it does not become part of a key. */
    private static NoticeKey key(Region region, Server server) {
        return Trouble.COPIED_LEASE.in(
                region,
                Sha256.of(server.tags().getOrDefault(ImageTags.RESTORE, "")).substring(0, HASH));
    }
}
