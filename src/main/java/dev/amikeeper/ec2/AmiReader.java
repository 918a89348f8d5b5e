package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.StoreImageTaskResult;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Converts EC2's descriptions of images to AMI Keeper's types. */
final class AmiReader {
    private AmiReader() {}

    /** Converts EC2's description of an image. */
    static Ami ami(Region region, software.amazon.awssdk.services.ec2.model.Image image) {
        return new Ami(
                new ImageId(image.imageId()),
                region,
                Objects.requireNonNullElse(image.name(), ""),
                AmiState.of(image.stateAsString()),
                tags(image.tags()),
                image.blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .map(device -> device.ebs().snapshotId())
                        .filter(Objects::nonNull)
                        .map(SnapshotId::new)
                        .toList(),
                time(image.creationDate()).orElse(Instant.EPOCH),
                image.stateReason() == null ? "" : String.valueOf(image.stateReason().message()),
                time(image.deprecationTime()),
                time(image.lastLaunchedTime()),
                // While a lifted protection cools down, EC2 says "disabled after" a time.
                !Objects.requireNonNullElse(image.deregistrationProtection(), "disabled")
                        .equals("disabled"),
                Boolean.TRUE.equals(image.publicLaunchPermissions()),
                image.blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .filter(device -> device.ebs().snapshotId() != null)
                        .collect(
                                Collectors.toMap(
                                        BlockDeviceMapping::deviceName,
                                        device -> new SnapshotId(device.ebs().snapshotId()),
                                        (one, again) -> one)));
    }

    /**
     * Tags by their keys. All images of an instance and all their snapshots have the same ones, and
     * there may be a hundred thousand of them, so each text is kept once.
     */
    static Map<String, String> tags(List<Tag> tags) {
        return tags.stream()
                .collect(Collectors.toMap(tag -> tag.key().intern(), tag -> tag.value().intern()));
    }

    /** EC2 returns these dates as text. */
    private static Optional<Instant> time(@Nullable String date) {
        try {
            return Optional.ofNullable(date).map(Instant::parse);
        } catch (DateTimeException unreadable) {
            return Optional.empty();
        }
    }

    /** Converts the properties that matter for storing an image. */
    static StoreSize size(Region region, software.amazon.awssdk.services.ec2.model.Image image) {
        return new StoreSize(
                ami(region, image),
                image.blockDeviceMappings().stream()
                        .filter(device -> device.ebs() != null)
                        .mapToInt(
                                device -> Objects.requireNonNullElse(device.ebs().volumeSize(), 0))
                        .sum(),
                "paravirtual".equals(image.virtualizationTypeAsString()),
                !"instance-store".equals(image.rootDeviceTypeAsString()),
                image.productCodes().stream().map(ProductCode::productCodeId).toList());
    }

    /** Converts a task that stores an image; empty if its state is unknown to AMI Keeper. */
    static Optional<StoreTask> storeTask(StoreImageTaskResult task) {
        return state(task).map(state -> task(task, state));
    }

    private static Optional<StoreTask.TaskState> state(StoreImageTaskResult task) {
        return switch (String.valueOf(task.storeTaskState())) {
            case "InProgress" -> Optional.of(StoreTask.TaskState.IN_PROGRESS);
            case "Completed" -> Optional.of(StoreTask.TaskState.COMPLETED);
            case "Failed" -> Optional.of(StoreTask.TaskState.FAILED);
            default -> Optional.empty();
        };
    }

    private static StoreTask task(StoreImageTaskResult task, StoreTask.TaskState state) {
        return new StoreTask(
                new ImageId(task.amiId()),
                task.bucket(),
                state,
                task.taskStartTime(),
                Objects.requireNonNullElse(task.storeTaskFailureReason(), ""));
    }
}
