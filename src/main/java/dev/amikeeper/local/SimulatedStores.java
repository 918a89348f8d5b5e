package dev.amikeeper.local;

import dev.amikeeper.local.SimulatedBuckets.StoredImage;

import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CreateRestoreImageTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateRestoreImageTaskResponse;
import software.amazon.awssdk.services.ec2.model.CreateStoreImageTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateStoreImageTaskResponse;
import software.amazon.awssdk.services.ec2.model.DescribeStoreImageTasksRequest;
import software.amazon.awssdk.services.ec2.model.DescribeStoreImageTasksResponse;
import software.amazon.awssdk.services.ec2.model.ImageState;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.StoreImageTaskResult;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Stores images of one Region in S3 and restores them. Data is stored decrypted and restored
 * unencrypted. Where AWS says that a request is rejected but not how, the code is a guess:
 * ResourceLimitExceeded over a quota, InvalidRequest for a second copy in a bucket,
 * InvalidParameterValue for a bucket or an object that does not exist.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-store-restore.html">Store
 *     and restore an AMI using S3</a>
 */
final class SimulatedStores {
    private static final int LARGEST_IMAGE_GB = 5000;
    private static final int STORING_AT_ONCE_GB = 1200;
    private static final int RESTORING_AT_ONCE_GB = 600;
    private static final Duration SHOWN = Duration.ofDays(31);
    private static final int PAGE_UNLESS_ASKED = 200;
    private static final int HUNDRED = 100;

    /** Newest first. */
    private static final Listing<Task> LISTING =
            new Listing<>(
                    task -> "%020d".formatted(Long.MAX_VALUE - task.number()),
                    _ -> List.of(),
                    Map.of(
                            "bucket", task -> Stream.of(task.bucket()),
                            "task-state", task -> Stream.of(task.state())));

    private final String region;
    private final CloudCore core;
    private final SimulatedImages images;
    private final SimulatedImageMaking making;
    private final SimulatedSnapshots snapshots;
    private final SimulatedBuckets buckets;
    private final Map<String, Integer> restoredGb = new TreeMap<>();
    private final List<Task> tasks = new ArrayList<>();

    SimulatedStores(
            String region, CloudCore core, SimulatedImages images, SimulatedImageMaking making) {
        this.region = region;
        this.core = core;
        this.images = images;
        this.making = making;
        snapshots = images.snapshots();
        this.buckets = core.buckets();
    }

    private record Task(
            int number,
            String image,
            String bucket,
            int sizeGb,
            Instant began,
            Duration takes,
            String state,
            String failure) {
        Task ended(String failed) {
            String end = failed.isEmpty() ? "Completed" : "Failed";
            return new Task(number, image, bucket, sizeGb, began, takes, end, failed);
        }

        boolean isUnderWay() {
            return state.equals("InProgress");
        }

        String key() {
            return image + ".bin";
        }
    }

    /** The object appears in the bucket only when it is complete. */
    CreateStoreImageTaskResponse store(CreateStoreImageTaskRequest request) {
        LocalImage image = images.requireLaunchable(request.imageId());
        buckets.require(request.bucket(), region);
        if ("paravirtual".equals(image.image().virtualizationTypeAsString())) {
            throw Ec2Errors.wrong("InvalidRequest", "Paravirtual images cannot be stored");
        }
        StoredImage stored = pack(image);
        int size = sizeGb(stored);
        if (size > LARGEST_IMAGE_GB) {
            throw Ec2Errors.wrong(
                    "InvalidRequest",
                    "The image has " + size + " GB; at most " + LARGEST_IMAGE_GB + " are stored");
        }
        int underWay = tasks.stream().filter(Task::isUnderWay).mapToInt(Task::sizeGb).sum();
        if (underWay >= STORING_AT_ONCE_GB) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "Images of " + underWay + " GB are being stored already");
        }
        Task task =
                new Task(
                        tasks.size(),
                        image.id(),
                        request.bucket(),
                        size,
                        core.timeline().instant(),
                        core.settings().storeTime(),
                        "InProgress",
                        "");
        boolean there = buckets.find(task.bucket(), task.key()).isPresent();
        if (there || tasks.stream().anyMatch(it -> it.isUnderWay() && isSameObject(it, task))) {
            throw Ec2Errors.wrong(
                    "InvalidRequest",
                    "The image " + image.id() + " is in the bucket " + task.bucket() + " already");
        }
        tasks.add(task);
        core.timeline().in(task.takes(), () -> end(task, stored));
        return CreateStoreImageTaskResponse.builder().objectKey(task.key()).build();
    }

    /** The tasks of the last 31 days, newest first. */
    DescribeStoreImageTasksResponse describe(DescribeStoreImageTasksRequest request) {
        if (request.maxResults() != null && !request.imageIds().isEmpty()) {
            throw Ec2Errors.wrong(
                    "InvalidParameterCombination",
                    "The parameter imageIds cannot be used with the parameter maxResults");
        }
        Instant oldest = core.timeline().instant().minus(SHOWN);
        Stream<Task> wanted =
                tasks.reversed().stream()
                        .filter(task -> !task.began().isBefore(oldest))
                        .filter(task -> Listing.isAmong(request.imageIds(), task.image()));
        Listing.Page<Task> page =
                LISTING.cut(
                        wanted,
                        request.filters(),
                        Objects.requireNonNullElse(request.maxResults(), PAGE_UNLESS_ASKED),
                        request.nextToken());
        return DescribeStoreImageTasksResponse.builder()
                .storeImageTaskResults(page.items().stream().map(this::result).toList())
                .nextToken(page.nextToken())
                .build();
    }

    /**
     * Makes a new image, pending for a while, with the tags of the stored image and of the request.
     */
    CreateRestoreImageTaskResponse restore(CreateRestoreImageTaskRequest request) {
        buckets.require(request.bucket(), region);
        StoredImage stored =
                buckets.find(request.bucket(), request.objectKey())
                        .orElseThrow(() ->
                                SimulatedBuckets.missing(request.bucket(), request.objectKey()));
        int underWay = restoringGb();
        if (underWay >= RESTORING_AT_ONCE_GB) {
            throw Ec2Errors.wrong(
                    "ResourceLimitExceeded",
                    "Images of " + underWay + " GB are being restored already");
        }
        TagRules.allowOnly(Set.of("image", "snapshot"), request.tagSpecifications());
        Map<String, String> tags = new TreeMap<>(TagRules.map(stored.image().tags()));
        tags.putAll(TagRules.of(request.tagSpecifications(), "image"));
        TagRules.check(tags);
        Map<String, String> snapshotTags = TagRules.of(request.tagSpecifications(), "snapshot");
        String name = Objects.requireNonNullElse(request.name(), stored.image().name());
        images.checkName(name);
        String id = making.restore(stored, name, tags, snapshots(stored, snapshotTags));
        restoredGb.put(id, sizeGb(stored));
        return CreateRestoreImageTaskResponse.builder().imageId(id).build();
    }

    private StoredImage pack(LocalImage image) {
        Map<String, Snapshot> byDevice = new TreeMap<>();
        for (BlockDeviceMapping device : image.image().blockDeviceMappings()) {
            byDevice.put(
                    device.deviceName(), snapshots.require(device.ebs().snapshotId()).snapshot());
        }
        return new StoredImage(image.image(), byDevice, image.origin());
    }

    /** New snapshots of a stored image's data, by device. */
    private Map<String, String> snapshots(StoredImage stored, Map<String, String> more) {
        Map<String, String> byDevice = new TreeMap<>();
        stored.snapshots()
                .forEach((device, snapshot) -> {
                    Map<String, String> tags = new TreeMap<>(TagRules.map(snapshot.tags()));
                    tags.putAll(more);
                    TagRules.check(tags);
                    String id =
                            snapshots.begin(
                                    tags,
                                    s ->
                                            s.volumeId("vol-ffffffff")
                                                    .volumeSize(snapshot.volumeSize())
                                                    .description(snapshot.description()));
                    byDevice.put(device, id);
                });
        return byDevice;
    }

    private static int sizeGb(StoredImage stored) {
        return stored.snapshots().values().stream().mapToInt(Snapshot::volumeSize).sum();
    }

    private int restoringGb() {
        return restoredGb.entrySet().stream()
                .filter(it ->
                        images.find(it.getKey())
                                .filter(image -> image.is(ImageState.PENDING))
                                .isPresent())
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    private static boolean isSameObject(Task one, Task other) {
        return one.bucket().equals(other.bucket()) && one.key().equals(other.key());
    }

    /** Ends a task, which fails if the snapshots were deleted meanwhile. */
    private void end(Task task, StoredImage stored) {
        boolean intact =
                stored.snapshots().values().stream()
                        .allMatch(snapshot -> snapshots.exists(snapshot.snapshotId()));
        String failure =
                intact && core.settings().stores(task.image())
                        ? ""
                        : intact ? "Server.InternalError" : "InvalidSnapshot.NotFound";
        tasks.set(task.number(), task.ended(failure));
        if (failure.isEmpty()) {
            buckets.put(task.bucket(), task.key(), stored);
        }
    }

    private StoreImageTaskResult result(Task task) {
        Duration passed = Duration.between(task.began(), core.timeline().instant());
        long percent =
                task.isUnderWay()
                        ? HUNDRED * passed.toMillis() / Math.max(1, task.takes().toMillis())
                        : task.failure().isEmpty() ? HUNDRED : 0;
        return StoreImageTaskResult.builder()
                .amiId(task.image())
                .bucket(task.bucket())
                .s3objectKey(task.key())
                .taskStartTime(task.began())
                .progressPercentage((int) percent)
                .storeTaskState(task.state())
                .storeTaskFailureReason(task.failure().isEmpty() ? null : task.failure())
                .build();
    }
}
