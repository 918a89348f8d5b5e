package dev.amikeeper.restore;

import dev.amikeeper.alerts.Blockers;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Change;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.NoticeKey;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.catalog.UnreadableItemException;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.Launcher;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Volume;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Handles the end of a restore or drill: its notice, the proof of its image, and its tags. */
public final class RestoreEnd {
    private static final Logger log = LoggerFactory.getLogger(RestoreEnd.class);

    private final Catalog catalog;
    private final ImageReads images;
    private final Instances instances;
    private final Launcher launcher;
    private final Policies policies;
    private final Instant now;
    private final Blockers blockers;

    /** Creates the handling of restores that end at this time. */
    public RestoreEnd(
            Catalog catalog,
            ImageReads images,
            Instances instances,
            Launcher launcher,
            Policies policies,
            Instant now) {
        this.catalog = catalog;
        this.images = images;
        this.instances = instances;
        this.launcher = launcher;
        this.policies = policies;
        this.now = now;
        this.blockers = new Blockers(catalog);
    }

    /** Handles the end of a restore. May be repeated. */
    void settle(Restore restore) {
        tagVolumes(restore);
        switch (restore.outcome()) {
            case PASSED -> passed(restore);
            case FAILED -> failed(restore);
            case UNDER_WAY -> throw new IllegalStateException(restore.id() + " has not ended");
        }
    }

    private void passed(Restore restore) {
        log.info("{}: {} passed", restore.region(), restore.id());
        policies.allNames(restore.of().policy())
                .forEach(name -> catalog.resolve(trouble(restore, name), now));
        record(restore)
                .filter(image -> image.id().equals(Optional.of(restore.image())))
                .ifPresent(image -> catalog.save(Change.of(image, image.proven(now))));
    }

    private void failed(Restore restore) {
        NoticeKey trouble = trouble(restore, policies.nameOf(restore.of().policy()));
        log.error("{}: {} failed: {}", restore.region(), restore.id(), restore.note());
        String text = restore.region() + ": " + what(restore) + " failed: " + restore.note();
        catalog.note(
                restore.kind() == Restore.RestoreKind.DRILL
                        ? new Notice(trouble, now, text, afterADrill(restore), true)
                        : Notice.event(trouble, now, text, afterARestore(restore)));
    }

    /** If the record of an image cannot be read, the proof of the image is not recorded. */
    private Optional<Image> record(Restore restore) {
        try {
            return catalog.find(restore.region(), restore.of());
        } catch (UnreadableItemException left) {
            log.warn("{}: {}", restore.id(), left.getMessage());
            return Optional.empty();
        }
    }

    /**
     * What to do about a KMS key that EC2 may not use for the launch; empty if the failure has
     * another cause.
     */
    private Optional<String> aboutItsKey(Restore restore) {
        if (!Fault.isOfAKey(restore.note())) {
            return Optional.empty();
        }
        return Optional.of(
                "EC2 says so if it may not use the key of a volume. The image is encrypted with "
                        + keys(restore)
                        + ": see that the key is enabled and its policy lets this account use it,"
                        + " and name it in the parameter KmsKeyArns of the stack; then ");
    }

    private String keys(Restore restore) {
        try {
            List<String> keys = images.keys(restore.region(), restore.image());
            return keys.isEmpty()
                    ? "no key of its own, so it is the account's default key for EBS"
                    : String.join(" and ", keys);
        } catch (SdkException unread) {
            log.warn("{}: {}", restore.image(), Fault.text(unread, "ec2:DescribeSnapshots"));
            return "the key that its snapshots in EC2 show";
        }
    }

    /** RunInstances puts the same tags on all volumes. This gives each volume back its own tags. */
    private void tagVolumes(Restore restore) {
        List<Capsule.Disk> disks =
                restore.as().disks().stream().filter(disk -> !disk.tags().isEmpty()).toList();
        if (restore.kind() != Restore.RestoreKind.LAUNCH
                || restore.instance().isEmpty()
                || disks.isEmpty()) {
            return;
        }
        InstanceId instance = restore.instance().get();
        try {
            for (Volume volume :
                    instances
                            .volumes(restore.region(), List.of(instance))
                            .getOrDefault(instance, List.of())) {
                for (Capsule.Disk disk : disks) {
                    Map<String, String> missing =
                            ImageTags.missing(disk.tags(), List.of("*"), volume.tags());
                    if (disk.device().equals(volume.device()) && !missing.isEmpty()) {
                        launcher.tag(restore.region(), volume.id(), missing);
                    }
                }
            }
        } catch (SdkException error) {
            catalog.note(
                    Notice.event(
                            Trouble.RESTORE_TAGS.in(restore.region(), restore.tag()),
                            now,
                            "%s: the volumes of %s lack the tags that they had of their own: %s"
                                    .formatted(
                                            restore.region(),
                                            instance,
                                            Fault.text(error, "ec2:CreateTags")),
                            "put them on by hand: the capsule of image "
                                    + restore.image()
                                    + " names them"));
        }
    }

    static String what(Restore restore) {
        return (restore.kind() == Restore.RestoreKind.DRILL ? "the drill of " : "the restore of ")
                + restore.of().instance()
                + " from "
                + restore.image()
                + " ("
                + restore.of().slot()
                + ")";
    }

    private String afterADrill(Restore restore) {
        return aboutItsKey(restore).orElse("")
                + "./keeper restore --instance "
                + restore.of().instance()
                + " --region "
                + restore.region()
                + " --dry-run shows what a restore would do; fix the cause, a later drill that"
                + " passes ends this";
    }

    private String afterARestore(Restore restore) {
        Optional<String> key = aboutItsKey(restore);
        if (key.isPresent()) {
            return key.get() + "try again";
        }
        Optional<String> block = blockers.remedy(restore.region(), restore.note());
        if (block.isPresent()) {
            // Another image would meet the same blocker.
            return block.get() + "; then try again";
        }
        return restore.instance().map(id -> "look at " + id + "; then ").orElse("")
                + "try again, or an older image with --at";
    }

    private static NoticeKey trouble(Restore restore, String policy) {
        return restore.kind() == Restore.RestoreKind.DRILL
                ? Trouble.DRILL.in(restore.region(), policy + "/" + restore.of().instance())
                : Trouble.RESTORE.in(restore.region(), restore.tag());
    }
}
