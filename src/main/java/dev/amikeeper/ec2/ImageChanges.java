package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.SnapshotReturnCodes;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The only class that changes and removes existing images and snapshots: their tags, who may use
 * them, and whether they can be launched or removed.
 */
public final class ImageChanges {
    /** How long a lifted protection remains in force; EC2 calls it the cool-down period. */
    public static final Duration COOL_DOWN = Duration.ofHours(24);

    private final PacedCalls calls;
    private final ImageReads images;

    /**
     * Makes changes at EC2's pace.
     *
     * @param images finds out why a snapshot was not deleted
     */
    ImageChanges(PacedCalls calls, ImageReads images) {
        this.calls = calls;
        this.images = images;
    }

    /** Adds tags to snapshots. */
    public ChangeResult tag(
            Region region, Collection<SnapshotId> snapshots, Map<String, String> tags) {
        return change(
                region,
                Pace.Call.CREATE_TAGS,
                client ->
                        client.createTags(create ->
                                create.resources(snapshots.stream().map(SnapshotId::value).toList())
                                        .tags(Tags.list(tags))));
    }

    /** Sets the tag on an image that keeps it from being removed. */
    public ChangeResult hold(Region region, ImageId id, String why) {
        return change(
                region,
                Pace.Call.CREATE_TAGS,
                client ->
                        client.createTags(tags ->
                                tags.resources(id.value())
                                        .tags(Tags.list(Map.of(ImageTags.HOLD, why)))));
    }

    /**
     * Lets others launch the image; may be repeated.
     *
     * @param with account ids, ARNs of organizations and of organizational units
     */
    public Grant share(Region region, ImageId id, List<String> with) {
        return Grant.of(
                with,
                some ->
                        calls.made(
                                region,
                                Pace.Call.MODIFY_IMAGE_ATTRIBUTE,
                                client ->
                                        client.modifyImageAttribute(modify ->
                                                modify.imageId(id.value())
                                                        .launchPermission(add ->
                                                                add.add(permissions(some))))));
    }

    /**
     * Lets other accounts create volumes from a snapshot, and so copy an image that has it; may be
     * repeated. EC2 allows this for accounts only, not for organizations.
     */
    public Grant share(Region region, SnapshotId id, List<String> accounts) {
        return Grant.of(
                accounts,
                some ->
                        calls.made(
                                region,
                                Pace.Call.MODIFY_SNAPSHOT_ATTRIBUTE,
                                client ->
                                        client.modifySnapshotAttribute(modify ->
                                                modify.snapshotId(id.value())
                                                        .createVolumePermission(
                                                                add -> add.add(creators(some))))));
    }

    /**
     * Revokes launch permissions. It is not an error if there is no such permission or the image is
     * gone.
     */
    public ChangeResult unshare(Region region, ImageId id, List<String> with) {
        return takenBack(
                region,
                Pace.Call.MODIFY_IMAGE_ATTRIBUTE,
                client ->
                        client.modifyImageAttribute(modify ->
                                modify.imageId(id.value())
                                        .launchPermission(take -> take.remove(permissions(with)))));
    }

    /**
     * Revokes the permission to create volumes from a snapshot. It is not an error if an account
     * does not have it or the snapshot is gone.
     *
     * @param who organizations among these are ignored, because they cannot have the permission
     */
    public ChangeResult unshare(Region region, SnapshotId id, List<String> who) {
        return takenBack(
                region,
                Pace.Call.MODIFY_SNAPSHOT_ATTRIBUTE,
                client ->
                        client.modifySnapshotAttribute(modify ->
                                modify.snapshotId(id.value())
                                        .createVolumePermission(take ->
                                                take.remove(creators(Grantees.accounts(who))))));
    }

    /**
     * Revokes a permission. If the image or snapshot is gone, nobody can use it any more, so that
     * counts as done.
     */
    private ChangeResult takenBack(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        try {
            calls.made(region, call, change);
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return Fault.of(error).isNoMore()
                    ? new ChangeResult.Changed()
                    : new ChangeResult.Refused(Fault.text(error));
        }
    }

    private static List<LaunchPermission> permissions(List<String> with) {
        return with.stream().map(ImageChanges::permission).toList();
    }

    private static LaunchPermission permission(String who) {
        LaunchPermission.Builder permission = LaunchPermission.builder();
        if (!Grantees.isOrganization(who)) {
            return permission.userId(who).build();
        }
        return who.contains(":ou/")
                ? permission.organizationalUnitArn(who).build()
                : permission.organizationArn(who).build();
    }

    private static List<CreateVolumePermission> creators(List<String> accounts) {
        return accounts.stream()
                .map(account -> CreateVolumePermission.builder().userId(account).build())
                .toList();
    }

    /** Disables an image: nobody can launch it, and EC2 drops its launch permissions. */
    public ChangeResult disable(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE,
                client -> client.disableImage(disable -> disable.imageId(id.value())));
    }

    /** Enables a disabled image again, without its launch permissions. */
    public ChangeResult enable(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE,
                client -> client.enableImage(enable -> enable.imageId(id.value())));
    }

    /**
     * Deprecates an image: from then on it is no longer listed for those it is shared with.
     *
     * @param at EC2 rounds it to the minute, and refuses a time in the past
     */
    public ChangeResult deprecate(Region region, ImageId id, Instant at) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE_DEPRECATION,
                client ->
                        client.enableImageDeprecation(
                                deprecate -> deprecate.imageId(id.value()).deprecateAt(at)));
    }

    /** Cancels the deprecation of an image. It is not an error if there is none. */
    public ChangeResult undeprecate(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE_DEPRECATION,
                client ->
                        client.disableImageDeprecation(
                                undeprecate -> undeprecate.imageId(id.value())));
    }

    /**
     * Protects an image: nobody can deregister it, not even for {@link #COOL_DOWN} after the
     * protection is lifted.
     */
    public ChangeResult protect(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE_DEREGISTRATION_PROTECTION,
                client ->
                        client.enableImageDeregistrationProtection(
                                protect -> protect.imageId(id.value()).withCooldown(true)));
    }

    /** Lifts the protection, which starts its cool-down. */
    public ChangeResult unprotect(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE_DEREGISTRATION_PROTECTION,
                client ->
                        client.disableImageDeregistrationProtection(
                                unprotect -> unprotect.imageId(id.value())));
    }

    private ChangeResult change(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        try {
            calls.made(region, call, change);
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return new ChangeResult.Refused(Fault.text(error));
        }
    }

    /**
     * Deregisters an image and deletes its snapshots in one call. An image that is already gone
     * counts as removed, and its snapshots are deleted one by one.
     */
    public RemovalResult remove(Region region, ImageId id, List<SnapshotId> snapshots) {
        try {
            var answer =
                    calls.paced(
                            region,
                            Pace.Call.DEREGISTER_IMAGE,
                            client ->
                                    client.deregisterImage(image ->
                                            image.imageId(id.value())
                                                    .deleteAssociatedSnapshots(true)));
            Map<SnapshotId, String> left = new TreeMap<>();
            answer.deleteSnapshotResults().stream()
                    .filter(result -> result.returnCode() != SnapshotReturnCodes.SUCCESS)
                    .forEach(result ->
                            left.put(
                                    new SnapshotId(result.snapshotId()),
                                    String.valueOf(result.returnCodeAsString())));
            return left(region, left);
        } catch (SdkException error) {
            boolean isGone =
                    Fault.of(error).isNoMore()
                            || (Fault.of(error) == Fault.UNAVAILABLE
                                    && images.isGone(new ImageRef(region, id)));
            return isGone
                    ? removeSnapshots(region, snapshots)
                    : new RemovalResult.NotRemoved(Fault.text(error));
        }
    }

    /** Deletes the snapshots that a deregistered image left behind. */
    public RemovalResult removeSnapshots(Region region, List<SnapshotId> snapshots) {
        Map<SnapshotId, String> left = new TreeMap<>();
        for (SnapshotId snapshot : snapshots) {
            try {
                calls.paced(
                        region,
                        Pace.Call.DELETE_SNAPSHOT,
                        client ->
                                client.deleteSnapshot(
                                        delete -> delete.snapshotId(snapshot.value())));
            } catch (SdkException error) {
                if (Fault.of(error) != Fault.GONE) {
                    left.put(snapshot, Fault.text(error, "ec2:DeleteSnapshot"));
                }
            }
        }
        return left(region, left);
    }

    /**
     * Explains why snapshots were not deleted: EC2's answer, and the images or the lock that keep
     * each of them. EC2 is asked about these afterwards; if they cannot be read, only its first
     * answer is reported.
     */
    private RemovalResult left(Region region, Map<SnapshotId, String> answers) {
        if (answers.isEmpty()) {
            return new RemovalResult.Removed();
        }
        List<SnapshotId> snapshots = List.copyOf(answers.keySet());
        Map<SnapshotId, String> locks =
                ifRead(() -> Locks.all(calls.client(region), snapshots)).orElse(Map.of());
        List<Ami> holders = ifRead(() -> images.using(region, snapshots)).orElse(List.of());
        List<RemovalResult.Stay> stays =
                snapshots.stream()
                        .map(snapshot ->
                                new RemovalResult.Stay(
                                        snapshot,
                                        answers.getOrDefault(snapshot, ""),
                                        holders.stream()
                                                .filter(ami -> ami.snapshots().contains(snapshot))
                                                .filter(ami -> ami.state() != AmiState.DEREGISTERED)
                                                .map(Ami::id)
                                                .toList(),
                                        Optional.ofNullable(locks.get(snapshot))))
                        .toList();
        return new RemovalResult.Left(stays);
    }

    private static <T> Optional<T> ifRead(Supplier<T> read) {
        try {
            return Optional.of(read.get());
        } catch (SdkException unread) {
            return Optional.empty();
        }
    }

    /**
     * Takes a snapshot out of the Recycle Bin.
     *
     * @return refused if it is not in there, because it is gone for good or was never deleted
     */
    public ChangeResult restore(Region region, SnapshotId id) {
        return unpaced(
                region,
                client ->
                        client.restoreSnapshotFromRecycleBin(
                                restore -> restore.snapshotId(id.value())));
    }

    /** Takes an image out of the Recycle Bin. All its snapshots must have been taken out before. */
    public ChangeResult restore(Region region, ImageId id) {
        return unpaced(
                region,
                client ->
                        client.restoreImageFromRecycleBin(restore -> restore.imageId(id.value())));
    }

    private ChangeResult unpaced(Region region, Consumer<Ec2Client> change) {
        try {
            change.accept(calls.client(region));
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return new ChangeResult.Refused(Fault.text(error));
        }
    }
}
