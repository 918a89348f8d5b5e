package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.AmiState;
import dev.amikeeper.image.Blueprint;
import dev.amikeeper.image.CapsuleTags;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Machine;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.policy.Policy;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import software.amazon.awssdk.services.ec2.model.VolumeType;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Has EC2 create something new: images, copies, and objects in S3. EC2 takes a while for each, so
 * the result only says whether it has begun. Each start may be repeated.
 */
public final class ImageStarts {
    private final PacedCalls calls;
    private final ImageReads images;
    private final ImageChanges changes;

    /**
     * Makes the calls at EC2's pace.
     *
     * @param images finds the image that already has a name
     * @param changes removes a failed image that has the name
     */
    ImageStarts(PacedCalls calls, ImageReads images, ImageChanges changes) {
        this.calls = calls;
        this.images = images;
        this.changes = changes;
    }

    /**
     * Starts creating a home image. One call sets its name and tags, its volumes, and whether to
     * reboot.
     *
     * @param without the devices of the volumes to leave out
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
                                                .tagSpecifications(Tags.onBoth(tags)))
                                .imageId());
    }

    /**
     * Starts a copy. Its client token is derived from its name, Region and attempt. So a repeated
     * call starts nothing twice, and another attempt does not return the failed image.
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
                                                    .tagSpecifications(Tags.onBoth(tags));
                                            how.kmsKey()
                                                    .ifPresent(key ->
                                                            copy.encrypted(true).kmsKeyId(key));
                                        })
                                .imageId());
    }

    /**
     * Starts a copy of an image that somebody else made, in the same Region and under AMI Keeper's
     * name. A copy is needed because EC2 cannot change names; the original is left as it is. May be
     * repeated, like {@link #copy}.
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
                                                .tagSpecifications(Tags.onBoth(tags)))
                                .imageId());
    }

    /**
     * Creates an image, under AMI Keeper's name, from existing snapshots. EC2 tags only the image,
     * so the snapshots must be {@linkplain ImageChanges#tag tagged} before. May be repeated,
     * because the image is then found by its name. Volumes launched from it are gp3.
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
                                                            Tags.on(ResourceType.IMAGE, tags));
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

    private static List<BlockDeviceMapping> leftOut(List<String> devices) {
        return devices.stream()
                .map(device -> BlockDeviceMapping.builder().deviceName(device).noDevice("").build())
                .toList();
    }

    /**
     * Says that nothing has been stored in the Region for longer than EC2's bucket takes to fill,
     * about eight minutes.
     */
    public void hasRestedFromStoring(Region region) {
        calls.fill(region, Pace.Call.CREATE_STORE_IMAGE_TASK);
    }

    /**
     * Whether an image can be stored now without a wait: EC2 takes on 50 at once, and then one
     * every ten seconds.
     */
    public boolean mayStore(Region region) {
        return calls.hasToken(region, Pace.Call.CREATE_STORE_IMAGE_TASK);
    }

    /** Starts storing an image in a bucket of its Region. */
    public StoreResult store(Region region, ImageId id, String bucket) {
        try {
            calls.once(
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
            return new StoreResult.StoreBlocked(
                    new Blocker(
                            "ec2:CreateStoreImageTask",
                            why,
                            "EC2 stores no images in %s: remove \"store\" from the"
                                            .formatted(region)
                                    + " policies of this Region"));
        }
        return switch (fault.advice()) {
            case SLOW_DOWN, LATER -> new StoreResult.StoreLater(why);
            case UNANSWERED -> new StoreResult.PerhapsBegun(why);
            case PEOPLE ->
                    Blocker.of(error, "ec2:CreateStoreImageTask", region)
                            .filter(blocker -> !blocker.mayConcernOneOnly())
                            .<StoreResult>map(StoreResult.StoreBlocked::new)
                            .orElseGet(() -> new StoreResult.Denied(why));
            case ELSEWHERE, LOOK, GONE, REFUSED -> new StoreResult.NotStored(why);
        };
    }

    /**
     * Starts to create a removed image again from its object in S3, with its name and tags. The
     * image is held, because there may no longer be a rule that keeps it. May be repeated, because
     * the name is taken by then.
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
                                                        Tags.on(ResourceType.IMAGE, held),
                                                        Tags.on(ResourceType.SNAPSHOT, tags)))
                                .imageId());
    }

    /**
     * Starts to create an image from an object in S3 that the catalogue does not know. The object
     * contains the name and the tags. The image is held. May be repeated if the image is one of AMI
     * Keeper's.
     *
     * @param why the value of the tag that holds it
     */
    public StartResult fetch(Region region, S3Object object, String why) {
        TagSpecification held = Tags.on(ResourceType.IMAGE, Map.of(ImageTags.HOLD, why));
        try {
            return new StartResult.Started(
                    new ImageId(
                            calls.paced(
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
                                Blocker.of(error, "ec2:CreateRestoreImageTask", region)
                                        .orElseThrow());
                case UNANSWERED -> new StartResult.Stop(said);
                case ELSEWHERE, LOOK, GONE, REFUSED -> new StartResult.Failed(said);
            };
        }
    }

    /** Returns the existing image with the name in an object, if it is one of AMI Keeper's. */
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
     * @param source the image that it is made from, if there is one
     */
    private StartResult start(
            Image image,
            Optional<ImageRef> source,
            Pace.Call call,
            Function<Ec2Client, String> make) {
        Region region = image.region();
        try {
            return new StartResult.Started(new ImageId(calls.paced(region, call, make)));
        } catch (SdkException error) {
            if (Fault.of(error) != Fault.THROTTLED) {
                return notStarted(image, source, call, error);
            }
            calls.empty(region, call);
            return new StartResult.Stop(Fault.text(error));
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
                    fault == Fault.UNAVAILABLE && source.filter(images::isGone).isPresent()
                            ? new StartResult.Impossible(why)
                            : new StartResult.Later(why);
            case GONE -> new StartResult.Impossible(why);
            case PEOPLE ->
                    new StartResult.Blocked(
                            Blocker.of(error, call.permission(), image.region()).orElseThrow());
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

    /**
     * Finds the image that already has the name. If that image failed, it is removed, because it
     * keeps its name until then; but it is not removed with snapshots that existed before it. An
     * image without AMI Keeper's tags is not adopted.
     */
    private StartResult adopt(Image image, Pace.Call call, SdkException nameTaken) {
        Optional<Ami> found;
        try {
            found =
                    images.named(image.region(), image.name())
                            .or(() -> hinted(image.region(), nameTaken));
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
                    "the name is taken by " + ami.id() + ", which does not have AMI Keeper's tags");
        }
        if (ami.state() == AmiState.FAILED) {
            if (call == Pace.Call.REGISTER_IMAGE || ami.tags().containsKey(ImageTags.REGISTERED)) {
                return new StartResult.Impossible(
                        "the name is taken by "
                                + ami.id()
                                + ", which EC2 failed to create: deregister it, without its"
                                + " snapshots");
            }
            return switch (changes.remove(image.region(), ami.id(), ami.snapshots())) {
                case RemovalResult.Removed _, RemovalResult.Left _ ->
                        new StartResult.Later("a failed image had the name and is removed now");
                case RemovalResult.NotRemoved(String why) -> new StartResult.Failed(why);
            };
        }
        return new StartResult.Adopted(ami);
    }

    /**
     * EC2's refusal names the image, which may be too new to be listed. Its tags are still checked.
     */
    private Optional<Ami> hinted(Region region, SdkException nameTaken) {
        return Fault.imageIn(nameTaken)
                .flatMap(id ->
                        switch (images.look(region, id)) {
                            case ImageLookup.Shown(Ami ami) -> Optional.of(ami);
                            case ImageLookup.Gone _, ImageLookup.NotShown _ -> Optional.empty();
                        });
    }

    /**
     * A client token has at most 64 characters, but a name may have more, so the token is a digest.
     */
    private static String token(Image image) {
        String text = image.region() + "|" + image.name() + "|" + image.attempt();
        return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
