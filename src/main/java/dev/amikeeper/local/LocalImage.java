package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An image of the simulated cloud, with what DescribeImages does not show.
 *
 * @param kmsKey the key that a copy was encrypted with
 * @param hiddenCalls how many more DescribeImages calls do not show it
 * @param origin the instance that it, or what it was copied, registered or restored from, was made
 *     of
 * @param protectedUntil the end of the cool-down after its deregistration protection was lifted
 */
public record LocalImage(
        Image image,
        List<LaunchPermission> launchPermissions,
        Optional<String> kmsKey,
        int hiddenCalls,
        Instant protectedUntil,
        Optional<String> origin) {
    public LocalImage {
        launchPermissions = List.copyOf(launchPermissions);
    }

    LocalImage with(Consumer<Image.Builder> change) {
        Image.Builder changed = image.toBuilder();
        change.accept(changed);
        return new LocalImage(
                changed.build(), launchPermissions, kmsKey, hiddenCalls, protectedUntil, origin);
    }

    LocalImage shared(List<LaunchPermission> permissions) {
        boolean everybody = permissions.stream().anyMatch(p -> "all".equals(p.groupAsString()));
        return new LocalImage(
                image.toBuilder().publicLaunchPermissions(everybody).build(),
                permissions,
                kmsKey,
                hiddenCalls,
                protectedUntil,
                origin);
    }

    LocalImage lookedAt() {
        return new LocalImage(
                image, launchPermissions, kmsKey, hiddenCalls - 1, protectedUntil, origin);
    }

    LocalImage protectedUntil(Instant end) {
        return new LocalImage(image, launchPermissions, kmsKey, hiddenCalls, end, origin);
    }

    String id() {
        return image.imageId();
    }

    boolean is(ImageState state) {
        return image.state() == state;
    }

    boolean isCopy() {
        return image.sourceImageId() != null;
    }

    List<String> snapshots() {
        return image.blockDeviceMappings().stream()
                .map(BlockDeviceMapping::ebs)
                .filter(ebs -> ebs != null && ebs.snapshotId() != null)
                .map(ebs -> ebs.snapshotId())
                .toList();
    }
}
