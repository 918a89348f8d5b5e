package dev.amikeeper.scale;

import dev.amikeeper.image.Region;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.GroupIdentifier;
import software.amazon.awssdk.services.ec2.model.Image;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceBlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.LaunchPermission;
import software.amazon.awssdk.services.ec2.model.Reservation;
import software.amazon.awssdk.services.ec2.model.Snapshot;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** EC2 in a Region of a fleet: the home Region, or one with copies. */
final class GeneratedEc2 {
    private static final int PAGE = 1000;

    private final GeneratedFleet fleet;
    private final Region region;
    private final Ec2Client others;

    /**
     * @param others knows everything else of the Region
     */
    GeneratedEc2(GeneratedFleet fleet, Region region, Ec2Client others) {
        this.fleet = fleet;
        this.region = region;
        this.others = others;
    }

    Ec2Client client() {
        Answering<Ec2Client> client = new Answering<>(Ec2Client.class, others);
        answer(client, DescribeImagesRequest.class, this::images);
        answer(client, DescribeSnapshotsRequest.class, this::snapshots);
        answer(client, DescribeImageAttributeRequest.class, _ -> permissions());
        answer(client, DescribeInstancesRequest.class, this::instances);
        answer(client, DeregisterImageRequest.class, this::deregister);
        return client.client();
    }

    private <R extends Ec2Request> void answer(
            Answering<Ec2Client> client, Class<R> request, Function<R, ?> answer) {
        String action = request.getSimpleName().replaceFirst("Request$", "");
        client.on(request, asked -> fleet.call(action, region, () -> answer.apply(asked)));
    }

    private DescribeImagesResponse images(DescribeImagesRequest request) {
        Optional<List<Integer>> named = named(request);
        if (named.isPresent()) {
            return DescribeImagesResponse.builder().images(shown(named.get())).build();
        }
        GeneratedFleet.Page page = page(request.nextToken(), fleet.size().images());
        return DescribeImagesResponse.builder()
                .images(shown(page.map(number -> number)))
                .nextToken(page.next().orElse(null))
                .build();
    }

    /** The numbers of the images whose ids are asked for; empty if all are. */
    private Optional<List<Integer>> named(DescribeImagesRequest request) {
        List<String> ids = new ArrayList<>(request.imageIds());
        boolean isNamed = request.hasImageIds();
        for (Filter filter : request.filters()) {
            switch (filter.name()) {
                case "image-id" -> {
                    ids.addAll(filter.values());
                    isNamed = true;
                }
                case "tag-key" -> {
                    // All have the tags that it could be.
                }
                default -> throw new UnsupportedOperationException(filter.name());
            }
        }
        return isNamed
                ? Optional.of(
                        ids.stream().flatMap(id -> fleet.number(region, id).stream()).toList())
                : Optional.empty();
    }

    private List<Image> shown(List<Integer> numbers) {
        Set<Integer> gone = fleet.deregistered(region);
        return numbers.stream().filter(number -> !gone.contains(number)).map(this::image).toList();
    }

    private Image image(int number) {
        return Image.builder()
                .imageId(GeneratedFleet.ami(region, number))
                .name(fleet.name(number).toString())
                .state("available")
                .creationDate(fleet.name(number).slot().time().toString())
                .tags(tags(fleet.tags(region, number)))
                .blockDeviceMappings(
                        eachVolume(volume ->
                                BlockDeviceMapping.builder()
                                        .deviceName(device(volume))
                                        .ebs(ebs -> ebs.snapshotId(snapshotId(number, volume)))
                                        .build()))
                .build();
    }

    private DescribeSnapshotsResponse snapshots(DescribeSnapshotsRequest request) {
        int volumes = fleet.size().volumes();
        GeneratedFleet.Page page = page(request.nextToken(), fleet.size().images() * volumes);
        Set<Integer> gone = fleet.deregistered(region);
        return DescribeSnapshotsResponse.builder()
                .snapshots(
                        page.map(number -> number).stream()
                                .filter(number -> !gone.contains(number / volumes))
                                .map(number -> snapshot(number / volumes, number % volumes))
                                .toList())
                .nextToken(page.next().orElse(null))
                .build();
    }

    private Snapshot snapshot(int image, int volume) {
        return Snapshot.builder()
                .snapshotId(snapshotId(image, volume))
                .startTime(fleet.name(image).slot().time())
                .state("completed")
                .volumeId("vol-%017x".formatted(image * fleet.size().volumes() + volume))
                .tags(tags(fleet.tags(region, image)))
                .build();
    }

    /** Each image is shared as the policy says. */
    private DescribeImageAttributeResponse permissions() {
        return DescribeImageAttributeResponse.builder()
                .launchPermissions(
                        fleet.sharedWith().stream()
                                .map(account -> LaunchPermission.builder().userId(account).build())
                                .toList())
                .build();
    }

    /** All instances run and have the tags of their policy. */
    private DescribeInstancesResponse instances(DescribeInstancesRequest request) {
        boolean isHome = region.equals(GeneratedFleet.HOME);
        GeneratedFleet.Page page = page(request.nextToken(), isHome ? fleet.size().instances() : 0);
        return DescribeInstancesResponse.builder()
                .reservations(
                        page.map(number -> Reservation.builder().instances(server(number)).build()))
                .nextToken(page.next().orElse(null))
                .build();
    }

    private Instance server(int number) {
        return Instance.builder()
                .instanceId(GeneratedFleet.instance(number))
                .imageId(GeneratedFleet.launchedFrom(number, fleet.size().slots()))
                .state(state -> state.name(InstanceStateName.RUNNING))
                .instanceType("m7g.large")
                .subnetId("subnet-0123456789abcdef0")
                .privateIpAddress("10.0.%d.%d".formatted(number / 250, number % 250))
                .launchTime(GeneratedFleet.launched())
                .rootDeviceName(device(0))
                .securityGroups(
                        GroupIdentifier.builder()
                                .groupId("sg-0123456789abcdef0")
                                .groupName("web")
                                .build())
                .blockDeviceMappings(
                        eachVolume(volume ->
                                InstanceBlockDeviceMapping.builder()
                                        .deviceName(device(volume))
                                        .build()))
                .tags(tags(GeneratedFleet.own(number)))
                .build();
    }

    /** An image's snapshots go with it. */
    private DeregisterImageResponse deregister(DeregisterImageRequest request) {
        if (!Boolean.TRUE.equals(request.deleteAssociatedSnapshots())) {
            throw new UnsupportedOperationException("snapshots without their image");
        }
        fleet.deregistered(region).add(fleet.number(region, request.imageId()).orElseThrow());
        return DeregisterImageResponse.builder().returnValue(true).build();
    }

    private static GeneratedFleet.Page page(@Nullable String token, int all) {
        return GeneratedFleet.Page.of(Objects.requireNonNullElse(token, ""), PAGE, all);
    }

    private <T> List<T> eachVolume(IntFunction<T> volume) {
        return IntStream.range(0, fleet.size().volumes()).mapToObj(volume).toList();
    }

    private String snapshotId(int image, int volume) {
        return "snap-%05x%010x%02x".formatted(region.hashCode() & 0xfffff, image, volume);
    }

    private static String device(int volume) {
        return volume == 0 ? "/dev/xvda" : "/dev/sd" + (char) ('e' + volume);
    }

    /** A response consists of objects of its own. */
    private static List<Tag> tags(Map<String, String> tags) {
        return tags.entrySet().stream()
                .map(tag ->
                        Tag.builder()
                                .key(String.valueOf(tag.getKey().toCharArray()))
                                .value(String.valueOf(tag.getValue().toCharArray()))
                                .build())
                .toList();
    }
}
