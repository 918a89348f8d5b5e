package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.ImageAttributeName;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;
import software.amazon.awssdk.services.ec2.model.ProductCode;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads EC2's images and their snapshots, and changes none of them. A report on an image's use
 * counts as a read, too, although EC2 creates it on request.
 */
public final class ImageReads {
    /** The most values that a filter accepts. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    /** The most tasks that DescribeStoreImageTasks returns per page. */
    private static final int TASKS_A_PAGE = 200;

    /** The group of a public image's launch permission. */
    public static final String EVERYBODY = "all";

    private final PacedCalls calls;
    private final SideBySide sideBySide;

    ImageReads(PacedCalls calls, SideBySide sideBySide) {
        this.calls = calls;
        this.sideBySide = sideBySide;
    }

    /** Calls {@code read} for each of these, several at a time; see {@link SideBySide#forEach}. */
    public <T> void sideBySide(List<T> all, BooleanSupplier moreTime, Consumer<T> read) {
        sideBySide.forEach(all, moreTime, read);
    }

    /**
     * Reads at EC2's pace.
     *
     * @throws SdkException if EC2 does not answer
     */
    public <T> T read(Region region, Pace.Call call, Function<Ec2Client, T> read) {
        return calls.paced(region, call, read);
    }

    /** Says that such calls will follow; their bucket, half full at first, fills from now on. */
    public void expect(Region region, Pace.Call call) {
        calls.expect(region, call);
    }

    /**
     * Lists AMI Keeper's images of a Region by their tags, including disabled ones, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Ami> ours(Region region) {
        return ours(region, _ -> {});
    }

    /**
     * Lists the same, with less of each image.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Ami> leanOurs(Region region) {
        return shown(
                        region,
                        request ->
                                request.filters(
                                        Filters.anyOf("tag-key", List.of(ImageTags.POLICY))))
                .map(image -> AmiReader.ami(region, image).lean())
                .toList();
    }

    /**
     * Lists AMI Keeper's images of a Region as long as there is more time.
     *
     * @return empty if time ran out
     * @throws SdkException if EC2 does not answer
     */
    public Optional<List<Ami>> ours(Region region, BooleanSupplier moreTime) {
        List<Ami> listed = new ArrayList<>();
        boolean all =
                inTime(
                        shown(region, ImageReads::tagged)
                                .map(image -> AmiReader.ami(region, image)),
                        moreTime,
                        listed::add);
        return all ? Optional.of(listed) : Optional.empty();
    }

    /** Looks at the time after each page. Returns whether there was enough of it for all. */
    private static <T> boolean inTime(
            Stream<T> listed, BooleanSupplier moreTime, Consumer<T> each) {
        int count = 0;
        Iterator<T> all = listed.iterator();
        while (all.hasNext()) {
            each.accept(all.next());
            if (++count % PAGE == 0 && !moreTime.getAsBoolean()) {
                return false;
            }
        }
        return true;
    }

    private static void tagged(DescribeImagesRequest.Builder request) {
        request.filters(Filters.anyOf("tag-key", List.of(ImageTags.POLICY)));
    }

    private List<Ami> ours(Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return list(
                region,
                request -> {
                    tagged(request);
                    narrowed.accept(request);
                });
    }

    /**
     * Lists AMI Keeper's snapshots of a Region by their tags, in pages, as long as there is more
     * time. There are so many that only the caller knows which to keep.
     *
     * @return false if time ran out
     * @throws SdkException if EC2 does not answer
     */
    public boolean snapshots(Region region, BooleanSupplier moreTime, Consumer<Snapshot> each) {
        return inTime(snapshots(region, _ -> {}), moreTime, each);
    }

    private Stream<Snapshot> snapshots(
            Region region, Consumer<DescribeSnapshotsRequest.Builder> narrowed) {
        return calls
                .client(region)
                .describeSnapshotsPaginator(request -> {
                    request.ownerIds("self")
                            .maxResults(PAGE)
                            .filters(Filters.anyOf("tag-key", List.of(ImageTags.POLICY)));
                    narrowed.accept(request);
                })
                .snapshots()
                .stream()
                .map(Sources::snapshot);
    }

    /**
     * Returns those of these images that exist, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<ImageId, Ami> find(Region region, Collection<ImageId> ids) {
        List<String> values = ids.stream().map(ImageId::value).distinct().toList();
        List<Ami> found = new ArrayList<>();
        for (List<String> some : Batches.of(values, VALUES_A_FILTER)) {
            found.addAll(list(region, request -> request.filters(Filters.anyOf("image-id", some))));
        }
        return found.stream()
                .collect(Collectors.toMap(Ami::id, Function.identity(), (one, again) -> one));
    }

    /**
     * Returns the image of this account that has this name.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Optional<Ami> named(Region region, ImageName name) {
        return list(
                        region,
                        request -> request.filters(Filters.anyOf("name", List.of(name.toString()))))
                .stream()
                .findFirst();
    }

    /**
     * Returns the images of this account that have one of these snapshots.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Ami> using(Region region, Collection<SnapshotId> snapshots) {
        List<String> ids = snapshots.stream().map(SnapshotId::value).toList();
        return list(
                region,
                request -> request.filters(Filters.anyOf("block-device-mapping.snapshot-id", ids)));
    }

    /**
     * Returns an image of this account, whoever made it.
     *
     * @return empty if there is none with this id
     * @throws SdkException if EC2 does not answer
     */
    public Optional<Origin> origin(Region region, ImageId id) {
        return shown(
                        region,
                        request -> request.filters(Filters.anyOf("image-id", List.of(id.value()))))
                .map(image ->
                        new Origin(
                                AmiReader.ami(region, image),
                                Optional.ofNullable(image.sourceInstanceId()).map(InstanceId::new),
                                image.productCodes().stream()
                                        .map(ProductCode::productCodeId)
                                        .toList()))
                .findFirst();
    }

    private List<Ami> list(Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return shown(region, narrowed).map(image -> AmiReader.ami(region, image)).toList();
    }

    private Stream<software.amazon.awssdk.services.ec2.model.Image> shown(
            Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return calls
                .client(region)
                .describeImagesPaginator(request -> {
                    request.owners("self").includeDisabled(true).maxResults(PAGE);
                    narrowed.accept(request);
                })
                .images()
                .stream()
                // EC2 lists an image for a while after it is deregistered.
                .filter(image -> !"deregistered".equals(image.stateAsString()));
    }

    /**
     * Looks up one image by its id. This is the only read that can distinguish a deregistered image
     * from one that is too new to be seen by every call.
     *
     * @throws SdkException if EC2 does not answer
     */
    public ImageLookup look(Region region, ImageId id) {
        try {
            return calls
                    .client(region)
                    .describeImages(request -> request.imageIds(id.value()).includeDisabled(true))
                    .images()
                    .stream()
                    .findFirst()
                    .map(image -> AmiReader.ami(region, image))
                    .<ImageLookup>map(ami ->
                            ami.state() == AmiState.DEREGISTERED
                                    ? new ImageLookup.Gone()
                                    : new ImageLookup.Shown(ami))
                    .orElseGet(ImageLookup.NotShown::new);
        } catch (SdkException error) {
            Fault fault = Fault.of(error);
            // A lookup is allowed in any state, so this can only mean that the image is gone.
            if (fault == Fault.UNAVAILABLE) {
                return new ImageLookup.Gone();
            }
            if (fault == Fault.NOT_FOUND) {
                return new ImageLookup.NotShown();
            }
            throw error;
        }
    }

    /** Whether EC2 itself says that an image is gone. The lack of an answer proves nothing. */
    boolean isGone(ImageRef image) {
        try {
            return look(image.region(), image.id()) instanceof ImageLookup.Gone;
        } catch (SdkException unanswered) {
            return false;
        }
    }

    /**
     * Returns the devices of an image's volumes, as {@code /dev/xvda}.
     *
     * @throws SdkException if EC2 does not answer or does not find the image
     */
    public List<String> devices(Region region, ImageId id) {
        return calls
                .client(region)
                .describeImages(request -> request.imageIds(id.value()))
                .images()
                .stream()
                .flatMap(image -> image.blockDeviceMappings().stream())
                .filter(device -> device.ebs() != null)
                .map(BlockDeviceMapping::deviceName)
                .toList();
    }

    /**
     * Returns the KMS keys of an image's volumes, as ARNs; empty if it is not encrypted.
     *
     * @throws SdkException if EC2 does not answer or does not find the image
     */
    public List<String> keys(Region region, ImageId id) {
        Ec2Client client = calls.client(region);
        List<String> snapshots =
                client
                        .describeImages(
                                request -> request.imageIds(id.value()).includeDisabled(true))
                        .images()
                        .stream()
                        .flatMap(image -> AmiReader.ami(region, image).snapshots().stream())
                        .map(SnapshotId::value)
                        .toList();
        return snapshots.isEmpty()
                ? List.of()
                : client
                        .describeSnapshots(request -> request.snapshotIds(snapshots))
                        .snapshots()
                        .stream()
                        .map(software.amazon.awssdk.services.ec2.model.Snapshot::kmsKeyId)
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList();
    }

    /**
     * Returns who besides its owner may launch an image, in the form that {@link
     * ImageChanges#share(Region, ImageId, List)} accepts; {@value #EVERYBODY} for a public image.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<String> permissions(Region region, ImageId id) {
        return calls
                .paced(
                        region,
                        Pace.Call.DESCRIBE_IMAGE_ATTRIBUTE,
                        client ->
                                client.describeImageAttribute(ask ->
                                        ask.imageId(id.value())
                                                .attribute(ImageAttributeName.LAUNCH_PERMISSION)))
                .launchPermissions()
                .stream()
                .flatMap(permission ->
                        Stream.of(
                                        permission.userId(),
                                        permission.organizationArn(),
                                        permission.organizationalUnitArn(),
                                        permission.groupAsString())
                                .filter(Objects::nonNull))
                .sorted()
                .toList();
    }

    /**
     * Returns which of AMI Keeper's images and snapshots these accounts and organizations may use
     * in a Region. EC2 lists what is shared with an account. For an organization it must be asked
     * about one image at a time.
     *
     * @param who account ids, ARNs of organizations and of organizational units
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html">ExecutableBy
     *     of DescribeImages names accounts, and not what their organization gets</a>
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html">RestorableBy
     *     of DescribeSnapshots</a>
     * @throws SdkException if EC2 does not answer
     */
    public Reach reach(Region region, List<String> who, BooleanSupplier moreTime) {
        Map<ImageId, String> launchable = new ConcurrentHashMap<>();
        Map<SnapshotId, String> copyable = new HashMap<>();
        for (String account : Grantees.accounts(who)) {
            ours(region, request -> request.executableUsers(account))
                    .forEach(ami -> launchable.put(ami.id(), policy(ami.tags())));
            snapshots(region, request -> request.restorableByUserIds(account))
                    .forEach(one -> copyable.put(one.id(), policy(one.tags())));
        }
        List<String> organizations = who.stream().filter(Grantees::isOrganization).toList();
        if (organizations.isEmpty()) {
            return new Reach(launchable, copyable, 0);
        }
        List<Ami> asked =
                ours(region).stream().filter(ami -> ami.state() == AmiState.AVAILABLE).toList();
        AtomicInteger read = new AtomicInteger();
        sideBySide(
                asked,
                moreTime,
                ami -> {
                    if (mayLaunch(region, ami.id(), organizations)) {
                        launchable.put(ami.id(), policy(ami.tags()));
                    }
                    read.incrementAndGet();
                });
        return new Reach(launchable, copyable, asked.size() - read.get());
    }

    private boolean mayLaunch(Region region, ImageId id, List<String> organizations) {
        try {
            return permissions(region, id).stream().anyMatch(organizations::contains);
        } catch (SdkException error) {
            if (Fault.of(error).isNoMore() || Fault.of(error) == Fault.UNAVAILABLE) {
                return false;
            }
            throw error;
        }
    }

    private static String policy(Map<String, String> tags) {
        return tags.getOrDefault(ImageTags.POLICY, "");
    }

    /**
     * Returns the tasks of the last 31 days that store images of a Region, newest first, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<StoreTask> storeTasks(Region region) {
        return calls
                .client(region)
                .describeStoreImageTasksPaginator(tasks -> tasks.maxResults(TASKS_A_PAGE))
                .storeImageTaskResults()
                .stream()
                .flatMap(task -> AmiReader.storeTask(task).stream())
                .toList();
    }

    /**
     * Returns, for those of these images that exist, the properties that matter for storing them,
     * in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<ImageId, StoreSize> bulk(Region region, Collection<ImageId> ids) {
        List<String> values = ids.stream().map(ImageId::value).distinct().toList();
        Map<ImageId, StoreSize> found = new HashMap<>();
        for (List<String> some : Batches.of(values, VALUES_A_FILTER)) {
            shown(region, request -> request.filters(Filters.anyOf("image-id", some)))
                    .forEach(image ->
                            found.put(new ImageId(image.imageId()), AmiReader.size(region, image)));
        }
        return found;
    }

    /**
     * Asks EC2 for a report on an image's use by all other accounts, including every version of
     * their launch templates. While one report is in progress, EC2 refuses another.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    public void requestUsageReport(
            Region region, ImageId id, List<ImageUsageResourceTypeRequest> kinds) {
        calls.once(
                region,
                Pace.Call.CREATE_IMAGE_USAGE_REPORT,
                client ->
                        client.createImageUsageReport(
                                report -> report.imageId(id.value()).resourceTypes(kinds)));
    }
}
