package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Blueprint;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Snapshot;
import dev.amikeeper.image.SnapshotId;
import dev.amikeeper.image.StoreSize;
import dev.amikeeper.image.StoreTask;
import dev.amikeeper.policy.Policy;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.CreateVolumePermission;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.ImageAttributeName;
import software.amazon.awssdk.services.ec2.model.ImageUsageResourceTypeRequest;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.ProductCode;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.SnapshotReturnCodes;
import software.amazon.awssdk.services.ec2.model.StoreImageTaskResult;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import software.amazon.awssdk.services.ec2.model.VolumeType;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The door to EC2's images and their snapshots: the only class that makes or changes them. */
public final class Images {
    /** A filter takes at most 200 values. */
    private static final int VALUES_A_FILTER = 200;

    private static final int PAGE = 1000;

    /** DescribeStoreImageTasks answers no more. */
    private static final int TASKS_A_PAGE = 200;

    /** EC2 may count other callers' calls against the same bucket: waiting helps. */
    private static final int THROTTLED_TRIES = 5;

    /** The group of a public image's launch permission. */
    public static final String EVERYBODY = "all";

    /** So long a lifted protection still holds, in EC2's words its cool-down period. */
    public static final Duration COOL_DOWN = Duration.ofHours(24);

    private final Function<Region, Ec2Client> ec2;
    private final Pace pace;
    private final SideBySide sideBySide;

    /** Images of any Region, at EC2's pace, read one by one. */
    public Images(Function<Region, Ec2Client> ec2, Pace pace) {
        this(ec2, pace, SideBySide.ONE_BY_ONE);
    }

    /** Images of any Region, at EC2's pace. */
    public Images(Function<Region, Ec2Client> ec2, Pace pace, SideBySide sideBySide) {
        this.ec2 = ec2;
        this.pace = pace;
        this.sideBySide = sideBySide;
    }

    /** As {@link SideBySide#forEach}, as many at a time as this application reads. */
    public <T> void sideBySide(List<T> all, BooleanSupplier moreTime, Consumer<T> read) {
        sideBySide.forEach(all, moreTime, read);
    }

    /**
     * Reads at EC2's pace.
     *
     * @throws SdkException if EC2 does not answer
     */
    public <T> T read(Region region, Pace.Call call, Function<Ec2Client, T> read) {
        return paced(region, call, read);
    }

    /**
     * Starts the making of a home image: name, tags, volumes and reboot, all in the one call.
     *
     * @param without the devices of the volumes that it leaves out
     */
    public StartResult create(
            Image intent, Instance instance, Policy.Imaging how, List<String> without) {
        Map<String, String> inherited = new HashMap<>(instance.tags());
        inherited.keySet().removeIf(key -> key.startsWith(ImageTags.CAPSULE));
        intent.capsule().ifPresent(capsule -> inherited.putAll(CapsuleTags.write(capsule)));
        Map<String, String> tags =
                ImageTags.of(intent.name(), Optional.empty(), inherited, how.copyTags());
        return start(
                intent,
                Pace.Call.CREATE_IMAGE,
                client ->
                        client.createImage(image ->
                                        image.instanceId(instance.id().value())
                                                .name(intent.name().toString())
                                                .noReboot(!how.reboot())
                                                .blockDeviceMappings(leftOut(without))
                                                .tagSpecifications(onBoth(tags)))
                                .imageId());
    }

    /**
     * Starts a copy. Its client token is derived from name, Region and attempt, so a repeated call
     * starts nothing twice and another attempt is not answered with the failed one.
     *
     * @param inherited the home image's tags
     */
    public StartResult copy(Image waiting, Map<String, String> inherited, Policy.Replica how) {
        ImageRef home = waiting.home().orElseThrow();
        Map<String, String> tags =
                ImageTags.of(waiting.name(), waiting.home(), inherited, List.of("*"));
        return start(
                waiting,
                Optional.of(home),
                Pace.Call.COPY_IMAGE,
                client ->
                        client.copyImage(
                                        copy -> {
                                            copy.sourceRegion(home.region().name())
                                                    .sourceImageId(home.id().value())
                                                    .name(waiting.name().toString())
                                                    .clientToken(token(waiting))
                                                    .tagSpecifications(onBoth(tags));
                                            how.kmsKey()
                                                    .ifPresent(key ->
                                                            copy.encrypted(true).kmsKeyId(key));
                                        })
                                .imageId());
    }

    /**
     * Starts a copy, in the same Region and under our name, of an image that somebody else made:
     * names cannot be changed, and theirs stays as it is. May be repeated, as {@link #copy}.
     *
     * @param intent says what it is an image of
     * @param inherited the other image's tags
     */
    public StartResult adopt(Image intent, ImageId other, Map<String, String> inherited) {
        Map<String, String> tags =
                ImageTags.of(intent.name(), Optional.empty(), inherited, List.of("*"));
        return start(
                intent,
                Optional.of(new ImageRef(intent.region(), other)),
                Pace.Call.COPY_IMAGE,
                client ->
                        client.copyImage(copy ->
                                        copy.sourceRegion(intent.region().name())
                                                .sourceImageId(other.value())
                                                .name(intent.name().toString())
                                                .clientToken(token(intent))
                                                .tagSpecifications(onBoth(tags)))
                                .imageId());
    }

    /**
     * Makes an image, under our name, of snapshots that are there. EC2 tags only the image: the
     * snapshots are to be {@link #tag}ged before. May be repeated: then the image is found by its
     * name. Volumes launched from it are gp3.
     */
    public StartResult register(Image intent, Blueprint of, Map<String, String> tags) {
        Machine machine = of.machine();
        return start(
                intent,
                Pace.Call.REGISTER_IMAGE,
                client ->
                        client.registerImage(
                                        image -> {
                                            image.name(intent.name().toString())
                                                    .rootDeviceName(machine.rootDevice())
                                                    .blockDeviceMappings(devices(of))
                                                    .architecture(machine.architecture())
                                                    .virtualizationType(machine.virtualization())
                                                    .enaSupport(machine.ena())
                                                    .tagSpecifications(
                                                            on(ResourceType.IMAGE, tags));
                                            machine.bootMode().ifPresent(image::bootMode);
                                            machine.tpm().ifPresent(image::tpmSupport);
                                            machine.imds().ifPresent(image::imdsSupport);
                                            machine.sriov().ifPresent(image::sriovNetSupport);
                                        })
                                .imageId());
    }

    private static List<BlockDeviceMapping> devices(Blueprint of) {
        return of.volumes().entrySet().stream()
                .map(volume ->
                        BlockDeviceMapping.builder()
                                .deviceName(volume.getKey())
                                .ebs(ebs ->
                                        ebs.snapshotId(volume.getValue().value())
                                                .volumeType(VolumeType.GP3)
                                                .deleteOnTermination(true))
                                .build())
                .toList();
    }

    /** Puts tags on snapshots, besides those that they have. */
    public ChangeResult tag(
            Region region, Collection<SnapshotId> snapshots, Map<String, String> tags) {
        return change(
                region,
                Pace.Call.CREATE_TAGS,
                client ->
                        client.createTags(create ->
                                create.resources(snapshots.stream().map(SnapshotId::value).toList())
                                        .tags(list(tags))));
    }

    /** Begins to store an image in a bucket of its Region. */
    public StoreResult store(Region region, ImageId id, String bucket) {
        try {
            paced(
                    region,
                    Pace.Call.CREATE_STORE_IMAGE_TASK,
                    client ->
                            client.createStoreImageTask(
                                    task -> task.imageId(id.value()).bucket(bucket)));
            return new StoreResult.Begun();
        } catch (SdkException error) {
            return notStored(region, error);
        }
    }

    private static StoreResult notStored(Region region, SdkException error) {
        String why = Fault.text(error, "ec2:CreateStoreImageTask");
        Fault fault = Fault.of(error);
        if (fault == Fault.ALREADY_STORED) {
            return new StoreResult.Already();
        }
        if (fault == Fault.NO_SUCH_CALL) {
            return new StoreResult.Blocked(
                    new Blocker(
                            "ec2:CreateStoreImageTask",
                            why,
                            "EC2 stores no images in %s: take \"store\" out of the"
                                            .formatted(region)
                                    + " policies of this Region"));
        }
        return switch (fault.advice()) {
            case SLOW_DOWN, LATER -> new StoreResult.NoRoom(why);
            case UNANSWERED -> new StoreResult.Unknown(why);
            case PEOPLE ->
                    Fault.blocker(error, "ec2:CreateStoreImageTask", region)
                            .filter(blocker -> !blocker.mayConcernOneOnly())
                            .<StoreResult>map(StoreResult.Blocked::new)
                            .orElseGet(() -> new StoreResult.Denied(why));
            case ELSEWHERE, LOOK, GONE, REFUSED -> new StoreResult.NotStored(why);
        };
    }

    /**
     * The tasks of the last 31 days that store images of a Region, newest first, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<StoreTask> storeTasks(Region region) {
        return ec2
                .apply(region)
                .describeStoreImageTasksPaginator(tasks -> tasks.maxResults(TASKS_A_PAGE))
                .storeImageTaskResults()
                .stream()
                .flatMap(task -> state(task).map(state -> task(task, state)).stream())
                .toList();
    }

    private static Optional<StoreTask.State> state(StoreImageTaskResult task) {
        return switch (String.valueOf(task.storeTaskState())) {
            case "InProgress" -> Optional.of(StoreTask.State.IN_PROGRESS);
            case "Completed" -> Optional.of(StoreTask.State.COMPLETED);
            case "Failed" -> Optional.of(StoreTask.State.FAILED);
            default -> Optional.empty();
        };
    }

    private static StoreTask task(StoreImageTaskResult task, StoreTask.State state) {
        return new StoreTask(
                new ImageId(task.amiId()),
                task.bucket(),
                state,
                task.taskStartTime(),
                Objects.requireNonNullElse(task.storeTaskFailureReason(), ""));
    }

    /**
     * What storing these images would take, as far as they are there, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<ImageId, StoreSize> bulk(Region region, Collection<ImageId> ids) {
        List<String> values = ids.stream().map(ImageId::value).distinct().toList();
        Map<ImageId, StoreSize> found = new HashMap<>();
        for (int from = 0; from < values.size(); from += VALUES_A_FILTER) {
            List<String> some =
                    values.subList(from, Math.min(values.size(), from + VALUES_A_FILTER));
            shown(region, request -> request.filters(Filters.anyOf("image-id", some)))
                    .forEach(image -> found.put(new ImageId(image.imageId()), bulk(region, image)));
        }
        return found;
    }

    private static StoreSize bulk(
            Region region, software.amazon.awssdk.services.ec2.model.Image image) {
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

    /**
     * Starts to make a removed image again of its object in S3, under its name, with its tags, and
     * held: no rule may want it any more. May be repeated, for the name is taken by then.
     *
     * @param removed its last record
     * @param why the value of the tag that holds it
     */
    public StartResult fetch(Image removed, S3Object object, String why) {
        Map<String, String> tags =
                ImageTags.of(
                        removed.name(),
                        removed.home(),
                        removed.capsule().map(CapsuleTags::write).orElse(Map.of()),
                        List.of());
        Map<String, String> held = new HashMap<>(tags);
        held.put(ImageTags.HOLD, why);
        return start(
                removed,
                Pace.Call.CREATE_RESTORE_IMAGE_TASK,
                client ->
                        client.createRestoreImageTask(task ->
                                        task.bucket(object.bucket())
                                                .objectKey(object.key())
                                                .name(removed.name().toString())
                                                .tagSpecifications(
                                                        on(ResourceType.IMAGE, held),
                                                        on(ResourceType.SNAPSHOT, tags)))
                                .imageId());
    }

    /**
     * Starts to make an image of an object in S3 of which nothing is known: its name and its tags
     * come with it. It is held. May be repeated, as long as the image is one of ours.
     *
     * @param why the value of the tag that holds it
     */
    public StartResult fetch(Region region, S3Object object, String why) {
        TagSpecification held = on(ResourceType.IMAGE, Map.of(ImageTags.HOLD, why));
        try {
            return new StartResult.Started(
                    new ImageId(
                            paced(
                                            region,
                                            Pace.Call.CREATE_RESTORE_IMAGE_TASK,
                                            client ->
                                                    client.createRestoreImageTask(task ->
                                                            task.bucket(object.bucket())
                                                                    .objectKey(object.key())
                                                                    .tagSpecifications(held)))
                                    .imageId()));
        } catch (SdkException error) {
            String said = Fault.text(error, "ec2:CreateRestoreImageTask");
            Fault fault = Fault.of(error);
            if (fault == Fault.NAME_TAKEN) {
                return there(region, error);
            }
            return switch (fault.advice()) {
                case SLOW_DOWN, LATER -> new StartResult.NoRoom(said);
                case PEOPLE ->
                        new StartResult.Blocked(
                                Fault.blocker(error, "ec2:CreateRestoreImageTask", region)
                                        .orElseThrow());
                case UNANSWERED -> new StartResult.Stop(said);
                case ELSEWHERE, LOOK, GONE, REFUSED -> new StartResult.Failed(said);
            };
        }
    }

    /** The image that has the name of an object's, if it is one of ours. */
    private StartResult there(Region region, SdkException nameTaken) {
        try {
            return hinted(region, nameTaken)
                    .filter(ami -> ImageTags.name(ami.tags()).isPresent())
                    .<StartResult>map(StartResult.Adopted::new)
                    .orElseGet(() -> new StartResult.Impossible(Fault.text(nameTaken)));
        } catch (SdkException error) {
            return new StartResult.Stop(Fault.text(error));
        }
    }

    private StartResult start(Image image, Pace.Call call, Function<Ec2Client, String> make) {
        return start(image, Optional.empty(), call, make);
    }

    /**
     * Starts it, at EC2's pace.
     *
     * @param source the image that it is made of, if it is made of one
     */
    private StartResult start(
            Image image,
            Optional<ImageRef> source,
            Pace.Call call,
            Function<Ec2Client, String> make) {
        Region region = image.region();
        for (int tried = 1; ; tried++) {
            pace.take(region, call);
            try {
                return new StartResult.Started(new ImageId(make.apply(ec2.apply(region))));
            } catch (SdkException error) {
                if (Fault.of(error) != Fault.THROTTLED) {
                    return notStarted(image, source, call, error);
                }
                pace.empty(region, call);
                if (tried == THROTTLED_TRIES) {
                    return new StartResult.Stop(Fault.text(error));
                }
            }
        }
    }

    private StartResult notStarted(
            Image image, Optional<ImageRef> source, Pace.Call call, SdkException error) {
        String why = Fault.text(error);
        Fault fault = Fault.of(error);
        return switch (fault.advice()) {
            case SLOW_DOWN -> new StartResult.NoRoom(why);
            case LATER, ELSEWHERE -> new StartResult.Later(why);
            case LOOK ->
                    fault == Fault.UNAVAILABLE && source.filter(this::isGone).isPresent()
                            ? new StartResult.Impossible(why)
                            : new StartResult.Later(why);
            case GONE -> new StartResult.Impossible(why);
            case PEOPLE ->
                    new StartResult.Blocked(
                            Fault.blocker(error, call.permission(), image.region()).orElseThrow());
            case UNANSWERED ->
                    fault == Fault.UNREACHABLE
                            ? new StartResult.Stop(why)
                            : new StartResult.ServerError(why);
            case REFUSED ->
                    fault == Fault.NAME_TAKEN
                            ? adopt(image, call, error)
                            : new StartResult.Failed(why);
        };
    }

    /** Whether EC2 says so itself; without an answer nothing is concluded. */
    private boolean isGone(ImageRef image) {
        try {
            return look(image.region(), image.id()) instanceof ImageLookup.Gone;
        } catch (SdkException unanswered) {
            return false;
        }
    }

    /**
     * Finds the image that already has the name. A failed one is removed, for it keeps its name
     * until then, but not with snapshots that were there before it; one that does not carry our
     * tags is not ours to adopt.
     */
    private StartResult adopt(Image image, Pace.Call call, SdkException nameTaken) {
        Optional<Ami> found;
        try {
            found = named(image.region(), image.name()).or(() -> hinted(image.region(), nameTaken));
        } catch (SdkException error) {
            return new StartResult.Stop(Fault.text(error));
        }
        if (found.isEmpty()) {
            return new StartResult.Later(
                    "EC2 says the name is taken but does not show the image yet");
        }
        Ami ami = found.get();
        if (!ImageTags.name(ami.tags()).equals(Optional.of(image.name()))) {
            return new StartResult.Impossible(
                    "the name is taken by " + ami.id() + ", which does not carry our tags");
        }
        if (ami.state() == AmiState.FAILED) {
            if (call == Pace.Call.REGISTER_IMAGE || ami.tags().containsKey(ImageTags.REGISTERED)) {
                return new StartResult.Impossible(
                        "the name is taken by "
                                + ami.id()
                                + ", at which EC2 failed: deregister it, without its snapshots");
            }
            return switch (remove(image.region(), ami.id(), ami.snapshots())) {
                case RemovalResult.Removed _, RemovalResult.Left _ ->
                        new StartResult.Later("a failed image had the name and is removed now");
                case RemovalResult.NotRemoved(String why) -> new StartResult.Failed(why);
            };
        }
        return new StartResult.Adopted(ami);
    }

    /**
     * The image of this account that has this name.
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
     * The images of this account that have one of these snapshots.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Ami> using(Region region, Collection<SnapshotId> snapshots) {
        List<String> ids = snapshots.stream().map(SnapshotId::value).toList();
        return list(
                region,
                request -> request.filters(Filters.anyOf("block-device-mapping.snapshot-id", ids)));
    }

    /** The answer names the image, which may be too new to be listed; its tags decide, as ever. */
    private Optional<Ami> hinted(Region region, SdkException nameTaken) {
        return Fault.imageIn(nameTaken)
                .flatMap(id ->
                        switch (look(region, id)) {
                            case ImageLookup.Shown(Ami ami) -> Optional.of(ami);
                            case ImageLookup.Gone _, ImageLookup.NotShown _ -> Optional.empty();
                        });
    }

    /**
     * Lets others launch the image; may be repeated.
     *
     * @param with account ids, ARNs of organisations and of organisational units
     */
    public Grant share(Region region, ImageId id, List<String> with) {
        return Grant.of(
                with,
                some ->
                        made(
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
     * repeated. EC2 allows it to accounts only, not to organisations.
     */
    public Grant share(Region region, SnapshotId id, List<String> accounts) {
        return Grant.of(
                accounts,
                some ->
                        made(
                                region,
                                Pace.Call.MODIFY_SNAPSHOT_ATTRIBUTE,
                                client ->
                                        client.modifySnapshotAttribute(modify ->
                                                modify.snapshotId(id.value())
                                                        .createVolumePermission(
                                                                add -> add.add(creators(some))))));
    }

    /**
     * Takes it away from accounts again; one that does not have it is no error, and a snapshot that
     * is gone is none.
     *
     * @param who organisations among them have nothing that could be taken away
     */
    public ChangeResult unshare(Region region, SnapshotId id, List<String> who) {
        return takenBack(
                region,
                Pace.Call.MODIFY_SNAPSHOT_ATTRIBUTE,
                client ->
                        client.modifySnapshotAttribute(modify ->
                                modify.snapshotId(id.value())
                                        .createVolumePermission(
                                                take -> take.remove(creators(accounts(who))))));
    }

    /**
     * What these may use of ours in a Region. EC2 lists what is shared with an account; what is
     * shared with an organisation it tells of one image at a time.
     *
     * @param who account ids, ARNs of organisations and of organisational units
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html">
     *     ExecutableBy of DescribeImages names accounts, and not what their organisation gets</a>
     * @see <a
     *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html">
     *     RestorableBy of DescribeSnapshots</a>
     * @throws SdkException if EC2 does not answer
     */
    public Reach reach(Region region, List<String> who, BooleanSupplier moreTime) {
        Map<ImageId, String> launchable = new ConcurrentHashMap<>();
        Map<SnapshotId, String> copyable = new HashMap<>();
        for (String account : accounts(who)) {
            ours(region, request -> request.executableUsers(account))
                    .forEach(ami -> launchable.put(ami.id(), policy(ami.tags())));
            snapshots(region, request -> request.restorableByUserIds(account))
                    .forEach(one -> copyable.put(one.id(), policy(one.tags())));
        }
        List<String> organizations = who.stream().filter(Images::isOrganization).toList();
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
            if (isNoMore(error) || Fault.of(error) == Fault.UNAVAILABLE) {
                return false;
            }
            throw error;
        }
    }

    /** Those that are accounts; only to them EC2 gives snapshots. */
    private static List<String> accounts(List<String> who) {
        return who.stream().filter(one -> !isOrganization(one)).toList();
    }

    private static boolean isOrganization(String who) {
        return who.startsWith("arn:");
    }

    private static String policy(Map<String, String> tags) {
        return tags.getOrDefault(ImageTags.POLICY, "");
    }

    private static List<CreateVolumePermission> creators(List<String> accounts) {
        return accounts.stream()
                .map(account -> CreateVolumePermission.builder().userId(account).build())
                .toList();
    }

    private static List<LaunchPermission> permissions(List<String> with) {
        return with.stream().map(Images::permission).toList();
    }

    /**
     * Takes launch permissions away again; one that is not there is no error, and an image that is
     * gone is none.
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

    private static LaunchPermission permission(String who) {
        LaunchPermission.Builder permission = LaunchPermission.builder();
        if (!isOrganization(who)) {
            return permission.userId(who).build();
        }
        return who.contains(":ou/")
                ? permission.organizationalUnitArn(who).build()
                : permission.organizationArn(who).build();
    }

    /**
     * Who may launch an image besides its owner, as {@link #share} takes it; {@value #EVERYBODY}
     * for a public one.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<String> permissions(Region region, ImageId id) {
        return paced(
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

    /** Takes an image out of use: nobody can launch it, and EC2 drops its launch permissions. */
    public ChangeResult disable(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE,
                client -> client.disableImage(disable -> disable.imageId(id.value())));
    }

    /** Puts a disabled image into use again, without its launch permissions. */
    public ChangeResult enable(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE,
                client -> client.enableImage(enable -> enable.imageId(id.value())));
    }

    /**
     * From then on the image counts as old: it is no longer listed to those it is shared with.
     *
     * @param at EC2 rounds it to the minute, and refuses the past
     */
    public ChangeResult deprecate(Region region, ImageId id, Instant at) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE_DEPRECATION,
                client ->
                        client.enableImageDeprecation(
                                deprecate -> deprecate.imageId(id.value()).deprecateAt(at)));
    }

    /** Takes the date back; one that is not there is no error. */
    public ChangeResult undeprecate(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE_DEPRECATION,
                client ->
                        client.disableImageDeprecation(
                                undeprecate -> undeprecate.imageId(id.value())));
    }

    /** Nobody can deregister the image, and once this is lifted, for {@link #COOL_DOWN} more. */
    public ChangeResult protect(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.ENABLE_IMAGE_DEREGISTRATION_PROTECTION,
                client ->
                        client.enableImageDeregistrationProtection(
                                protect -> protect.imageId(id.value()).withCooldown(true)));
    }

    /** Lifts the protection; its cool-down begins. */
    public ChangeResult unprotect(Region region, ImageId id) {
        return change(
                region,
                Pace.Call.DISABLE_IMAGE_DEREGISTRATION_PROTECTION,
                client ->
                        client.disableImageDeregistrationProtection(
                                unprotect -> unprotect.imageId(id.value())));
    }

    /** Puts the tag on an image that keeps it from being removed. */
    public ChangeResult hold(Region region, ImageId id, String why) {
        return change(
                region,
                Pace.Call.CREATE_TAGS,
                client ->
                        client.createTags(tags ->
                                tags.resources(id.value())
                                        .tags(
                                                Tag.builder()
                                                        .key(ImageTags.HOLD)
                                                        .value(why)
                                                        .build())));
    }

    /**
     * Takes a snapshot out of the Recycle Bin.
     *
     * @return refused if it is not in there, for it is gone for good or was never deleted
     */
    public ChangeResult restore(Region region, SnapshotId id) {
        return unpaced(
                region,
                client ->
                        client.restoreSnapshotFromRecycleBin(
                                restore -> restore.snapshotId(id.value())));
    }

    /** Takes an image out of the Recycle Bin; all its snapshots must be back. */
    public ChangeResult restore(Region region, ImageId id) {
        return unpaced(
                region,
                client ->
                        client.restoreImageFromRecycleBin(restore -> restore.imageId(id.value())));
    }

    private ChangeResult unpaced(Region region, Consumer<Ec2Client> change) {
        try {
            change.accept(ec2.apply(region));
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return new ChangeResult.Refused(Fault.text(error));
        }
    }

    private ChangeResult change(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        try {
            made(region, call, change);
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return new ChangeResult.Refused(Fault.text(error));
        }
    }

    /** What is gone gives nobody anything. */
    private ChangeResult takenBack(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        try {
            made(region, call, change);
            return new ChangeResult.Changed();
        } catch (SdkException error) {
            return isNoMore(error)
                    ? new ChangeResult.Changed()
                    : new ChangeResult.Refused(Fault.text(error));
        }
    }

    private static boolean isNoMore(SdkException error) {
        Fault fault = Fault.of(error);
        return fault == Fault.NOT_FOUND || fault == Fault.GONE;
    }

    private void made(Region region, Pace.Call call, Consumer<Ec2Client> change) {
        paced(
                region,
                call,
                client -> {
                    change.accept(client);
                    return true;
                });
    }

    /** At EC2's pace, and again where others used it up. */
    private <T> T paced(Region region, Pace.Call call, Function<Ec2Client, T> make) {
        for (int tried = 1; ; tried++) {
            pace.take(region, call);
            try {
                return make.apply(ec2.apply(region));
            } catch (SdkException error) {
                if (Fault.of(error) != Fault.THROTTLED || tried == THROTTLED_TRIES) {
                    throw error;
                }
                pace.empty(region, call);
            }
        }
    }

    /**
     * Asks EC2 for a report on an image's use by all other accounts, in every version of their
     * launch templates. While one is under way EC2 refuses another.
     *
     * @throws SdkException if EC2 refuses or does not answer
     */
    public void requestUsageReport(
            Region region, ImageId id, List<ImageUsageResourceTypeRequest> kinds) {
        pace.take(region, Pace.Call.CREATE_IMAGE_USAGE_REPORT);
        try {
            ec2.apply(region)
                    .createImageUsageReport(
                            report -> report.imageId(id.value()).resourceTypes(kinds));
        } catch (SdkException error) {
            if (Fault.of(error) == Fault.THROTTLED) {
                pace.empty(region, Pace.Call.CREATE_IMAGE_USAGE_REPORT);
            }
            throw error;
        }
    }

    /**
     * Deregisters an image with its snapshots, in one call. What is gone already counts as removed;
     * snapshots that are left are deleted one by one.
     */
    public RemovalResult remove(Region region, ImageId id, List<SnapshotId> snapshots) {
        try {
            var answer =
                    paced(
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
                    isNoMore(error)
                            || (Fault.of(error) == Fault.UNAVAILABLE
                                    && isGone(new ImageRef(region, id)));
            return isGone
                    ? removeSnapshots(region, snapshots)
                    : new RemovalResult.NotRemoved(Fault.text(error));
        }
    }

    /** Deletes what a deregistered image left behind. */
    public RemovalResult removeSnapshots(Region region, List<SnapshotId> snapshots) {
        Map<SnapshotId, String> left = new TreeMap<>();
        for (SnapshotId snapshot : snapshots) {
            try {
                paced(
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
     * What was not deleted, by EC2's code or words and by what holds it: an image, or a lock. That
     * is asked for afterwards, and where it cannot be read, EC2's answer stands alone.
     */
    private RemovalResult left(Region region, Map<SnapshotId, String> answers) {
        if (answers.isEmpty()) {
            return new RemovalResult.Removed();
        }
        List<SnapshotId> snapshots = List.copyOf(answers.keySet());
        Map<SnapshotId, String> locks =
                ifRead(() -> Locks.all(ec2.apply(region), snapshots)).orElse(Map.of());
        List<Ami> holders = ifRead(() -> using(region, snapshots)).orElse(List.of());
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
     * Our images of a Region, by their tags, disabled ones too, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Ami> ours(Region region) {
        return ours(region, _ -> {});
    }

    private List<Ami> ours(Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return list(
                region,
                request -> {
                    request.filters(Filters.anyOf("tag-key", List.of(ImageTags.POLICY)));
                    narrowed.accept(request);
                });
    }

    /**
     * Our snapshots of a Region, by their tags, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public List<Snapshot> snapshots(Region region) {
        return snapshots(region, _ -> {});
    }

    private List<Snapshot> snapshots(
            Region region, Consumer<DescribeSnapshotsRequest.Builder> narrowed) {
        return ec2
                .apply(region)
                .describeSnapshotsPaginator(request -> {
                    request.ownerIds("self")
                            .maxResults(PAGE)
                            .filters(Filters.anyOf("tag-key", List.of(ImageTags.POLICY)));
                    narrowed.accept(request);
                })
                .snapshots()
                .stream()
                .map(Sources::snapshot)
                .toList();
    }

    /**
     * These images, as far as they are there, in pages.
     *
     * @throws SdkException if EC2 does not answer
     */
    public Map<ImageId, Ami> find(Region region, Collection<ImageId> ids) {
        List<String> values = ids.stream().map(ImageId::value).distinct().toList();
        List<Ami> found = new ArrayList<>();
        for (int from = 0; from < values.size(); from += VALUES_A_FILTER) {
            List<String> some =
                    values.subList(from, Math.min(values.size(), from + VALUES_A_FILTER));
            found.addAll(list(region, request -> request.filters(Filters.anyOf("image-id", some))));
        }
        return found.stream()
                .collect(Collectors.toMap(Ami::id, Function.identity(), (one, again) -> one));
    }

    /**
     * Asks for one image by its id: the one read that tells a deregistered image from one that is
     * too new to be seen by every call.
     *
     * @throws SdkException if EC2 does not answer
     */
    public ImageLookup look(Region region, ImageId id) {
        try {
            return ec2
                    .apply(region)
                    .describeImages(request -> request.imageIds(id.value()).includeDisabled(true))
                    .images()
                    .stream()
                    .findFirst()
                    .map(image -> ami(region, image))
                    .<ImageLookup>map(ami ->
                            ami.state() == AmiState.DEREGISTERED
                                    ? new ImageLookup.Gone()
                                    : new ImageLookup.Shown(ami))
                    .orElseGet(ImageLookup.NotShown::new);
        } catch (SdkException error) {
            Fault fault = Fault.of(error);
            // Of a look, which any state allows, it means the one thing only.
            if (fault == Fault.UNAVAILABLE) {
                return new ImageLookup.Gone();
            }
            if (fault == Fault.NOT_FOUND) {
                return new ImageLookup.NotShown();
            }
            throw error;
        }
    }

    /**
     * The devices of an image's volumes, as {@code /dev/xvda}.
     *
     * @throws SdkException if EC2 does not answer, or not show the image
     */
    public List<String> devices(Region region, ImageId id) {
        return ec2
                .apply(region)
                .describeImages(request -> request.imageIds(id.value()))
                .images()
                .stream()
                .flatMap(image -> image.blockDeviceMappings().stream())
                .filter(device -> device.ebs() != null)
                .map(BlockDeviceMapping::deviceName)
                .toList();
    }

    /**
     * The keys that encrypt an image's volumes, as ARNs; none if it is not encrypted.
     *
     * @throws SdkException if EC2 does not answer, or not show the image
     */
    public List<String> keys(Region region, ImageId id) {
        Ec2Client client = ec2.apply(region);
        List<String> snapshots =
                client
                        .describeImages(
                                request -> request.imageIds(id.value()).includeDisabled(true))
                        .images()
                        .stream()
                        .flatMap(image -> ami(region, image).snapshots().stream())
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
     * An image of this account, whoever made it.
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
                                ami(region, image),
                                Optional.ofNullable(image.sourceInstanceId()).map(InstanceId::new),
                                image.productCodes().stream()
                                        .map(ProductCode::productCodeId)
                                        .toList()))
                .findFirst();
    }

    private List<Ami> list(Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return shown(region, narrowed).map(image -> ami(region, image)).toList();
    }

    private Stream<software.amazon.awssdk.services.ec2.model.Image> shown(
            Region region, Consumer<DescribeImagesRequest.Builder> narrowed) {
        return ec2
                .apply(region)
                .describeImagesPaginator(request -> {
                    request.owners("self").includeDisabled(true).maxResults(PAGE);
                    narrowed.accept(request);
                })
                .images()
                .stream()
                // For a while after its end an image is listed still.
                .filter(image -> !"deregistered".equals(image.stateAsString()));
    }

    private static Ami ami(Region region, software.amazon.awssdk.services.ec2.model.Image image) {
        return new Ami(
                new ImageId(image.imageId()),
                region,
                Objects.requireNonNullElse(image.name(), ""),
                AmiState.of(image.stateAsString()),
                image.tags().stream().collect(Collectors.toMap(Tag::key, Tag::value)),
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
                // While a lifted one cools down, EC2 says "disabled after" a time.
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

    /** EC2 writes its dates as text. */
    private static Optional<Instant> time(@Nullable String date) {
        try {
            return Optional.ofNullable(date).map(Instant::parse);
        } catch (DateTimeException unreadable) {
            return Optional.empty();
        }
    }

    private static List<BlockDeviceMapping> leftOut(List<String> devices) {
        return devices.stream()
                .map(device -> BlockDeviceMapping.builder().deviceName(device).noDevice("").build())
                .toList();
    }

    private static List<TagSpecification> onBoth(Map<String, String> tags) {
        return Stream.of(ResourceType.IMAGE, ResourceType.SNAPSHOT)
                .map(type -> on(type, tags))
                .toList();
    }

    private static TagSpecification on(ResourceType type, Map<String, String> tags) {
        return TagSpecification.builder().resourceType(type).tags(list(tags)).build();
    }

    private static List<Tag> list(Map<String, String> tags) {
        return tags.entrySet().stream()
                .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
    }

    /** Client tokens may have 64 characters; a name may have more, so the token is its digest. */
    private static String token(Image image) {
        String text = image.region() + "|" + image.name() + "|" + image.attempt();
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
