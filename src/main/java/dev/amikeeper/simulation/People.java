package dev.amikeeper.simulation;

import dev.amikeeper.image.ImageTags;
import dev.amikeeper.local.LocalImage;
import dev.amikeeper.local.SimulatedCloud;
import dev.amikeeper.simulation.Happening.Which;
import dev.amikeeper.simulation.Simulation.Asked;
import dev.amikeeper.simulation.Simulation.InstanceChange;
import dev.amikeeper.simulation.Simulation.SimulatedServer;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.BlockDeviceMapping;
import software.amazon.awssdk.services.ec2.model.InstanceType;
import software.amazon.awssdk.services.ec2.model.Tag;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** The people of a play: what they do to their servers and images in EC2. */
final class People {
    /** An image that people registered over our snapshots, and when they deregister it. */
    private record Foreign(String region, String id, Instant until) {}

    private final SimulatedCloud cloud;
    private final Witness witness;
    private final SortedMap<Integer, SimulatedServer> fleet = new TreeMap<>();
    private final List<Asked> asked = new ArrayList<>();
    private final List<Foreign> foreign = new ArrayList<>();

    People(SimulatedCloud cloud, Witness witness) {
        this.cloud = cloud;
        this.witness = witness;
    }

    List<SimulatedServer> fleet() {
        return List.copyOf(fleet.values());
    }

    List<Asked> asked() {
        return Collections.unmodifiableList(asked);
    }

    /** The server with this number, if it was ever launched. */
    Optional<SimulatedServer> server(int number) {
        return Optional.ofNullable(fleet.get(number));
    }

    /**
     * Calls EC2 as people do. No fault strikes these calls, and a deed that is impossible is
     * skipped.
     */
    void play(Happening.Deed deed) {
        byPeople(() -> act(deed));
    }

    /** Deregisters the images that people registered only for a while. */
    void tidyUp() {
        foreign.removeIf(theirs -> {
            boolean goes = !cloud.now().isBefore(theirs.until());
            if (goes) {
                byPeople(() ->
                        cloud.ec2(theirs.region())
                                .deregisterImage(request -> request.imageId(theirs.id())));
            }
            return goes;
        });
    }

    private void byPeople(Runnable deed) {
        witness.people(true);
        try {
            cloud.faults()
                    .without(() -> {
                        deed.run();
                        return deed;
                    });
        } catch (SdkException impossible) {
            witness.note("impossible");
        } finally {
            witness.people(false);
        }
    }

    private void act(Happening.Deed deed) {
        switch (deed) {
            case Happening.Launch(int number, String region, int volumes, String backup) -> {
                Map<String, String> tags =
                        backup.isEmpty()
                                ? Map.of("Name", "server-" + number)
                                : Map.of("Name", "server-" + number, "backup", backup);
                String id =
                        cloud.launch(
                                region,
                                tags,
                                Collections.nCopies(volumes, 8),
                                as -> as.blockDeviceMappings(dataVolumes(volumes)));
                SimulatedServer server = new SimulatedServer(region, id, new ArrayList<>());
                fleet.put(number, server);
                changed(server, backup, "running");
            }
            case Happening.LaunchMany(int first, int count, String region, String backup) ->
                    IntStream.range(first, first + count)
                            .forEach(
                                    number -> act(new Happening.Launch(number, region, 1, backup)));
            case Happening.TerminateMany(int first, int count) -> terminateMany(first, count);
            case Happening.TerminateInstance(int number) ->
                    onServer(
                            number,
                            "",
                            (ec2, id) -> ec2.terminateInstances(ask -> ask.instanceIds(id)));
            case Happening.StopInstance(int number) ->
                    onServer(
                            number,
                            "stopped",
                            (ec2, id) -> ec2.stopInstances(ask -> ask.instanceIds(id)));
            case Happening.StartInstance(int number) ->
                    onServer(
                            number,
                            "running",
                            (ec2, id) -> ec2.startInstances(ask -> ask.instanceIds(id)));
            case Happening.Tag(int number, String backup) ->
                    server(number).ifPresent(it -> tagged(it, backup));
            case Happening.CopyLease(int number) -> server(number).ifPresent(this::copyLease);
            case Happening.Request(int number) ->
                    server(number)
                            .ifPresent(it -> {
                                tag(it.region(), it.id(), ImageTags.REQUEST, "" + asked.size());
                                asked.add(new Asked(cloud.now(), it));
                            });
            case Happening.DeregisterImage(Which which, boolean withSnapshots) ->
                    onImage(
                            which,
                            (ec2, id) ->
                                    ec2.deregisterImage(ask ->
                                            ask.imageId(id)
                                                    .deleteAssociatedSnapshots(withSnapshots)));
            case Happening.DisableImage(Which which) ->
                    onImage(which, (ec2, id) -> ec2.disableImage(ask -> ask.imageId(id)));
            case Happening.EnableImage(Which which) ->
                    onImage(which, (ec2, id) -> ec2.enableImage(ask -> ask.imageId(id)));
            case Happening.Hold(Which which) ->
                    image(which).ifPresent(id -> tag(which.region(), id, ImageTags.HOLD, "please"));
            case Happening.Release(Which which) ->
                    onImage(
                            which,
                            (ec2, id) ->
                                    ec2.deleteTags(
                                            ask -> ask.resources(id).tags(keyed(ImageTags.HOLD))));
            case Happening.LaunchFromImage(Which which) ->
                    onImage(
                            which,
                            (ec2, id) ->
                                    ec2.runInstances(ask ->
                                            ask.imageId(id)
                                                    .minCount(1)
                                                    .maxCount(1)
                                                    .instanceType(InstanceType.T3_MICRO)));
            case Happening.RegisterImage(Which which, Duration span) ->
                    image(which).ifPresent(id -> register(which.region(), id, span));
            case Happening.Template(Which which) ->
                    onImage(
                            which,
                            (ec2, id) -> {
                                ec2.createLaunchTemplate(ask ->
                                        ask.launchTemplateName("t-" + id)
                                                .launchTemplateData(it -> it.imageId(id)));
                                witness.namedByTemplate(id);
                            });
        }
    }

    private void terminateMany(int first, int count) {
        List<SimulatedServer> many =
                IntStream.range(first, first + count)
                        .mapToObj(this::server)
                        .flatMap(Optional::stream)
                        .toList();
        if (!many.isEmpty()) {
            ec2(many.getFirst())
                    .terminateInstances(
                            ask -> ask.instanceIds(many.stream().map(it -> it.id()).toList()));
            many.forEach(it -> changed(it, backup(it), ""));
        }
    }

    /** Calls EC2 about a server, if it was ever launched, which is in this state then. */
    private void onServer(int number, String state, BiConsumer<Ec2Client, String> call) {
        server(number)
                .ifPresent(it -> {
                    call.accept(ec2(it), it.id());
                    changed(it, backup(it), state);
                });
    }

    /** Calls EC2 about an image, if it exists. */
    private void onImage(Which which, BiConsumer<Ec2Client, String> call) {
        image(which).ifPresent(id -> call.accept(cloud.ec2(which.region()), id));
    }

    /**
     * As EC2 attaches volumes: the root volume is deleted with its instance, the others are kept.
     */
    private static List<BlockDeviceMapping> dataVolumes(int volumes) {
        return SimulatedCloud.devices(volumes).stream()
                .skip(1)
                .map(device ->
                        BlockDeviceMapping.builder()
                                .deviceName(device)
                                .ebs(ebs -> ebs.deleteOnTermination(false))
                                .build())
                .toList();
    }

    private void register(String region, String id, Duration span) {
        var ours =
                cloud.images(region).stream()
                        .map(LocalImage::image)
                        .filter(it -> it.imageId().equals(id))
                        .findFirst()
                        .orElseThrow();
        String theirs =
                cloud.ec2(region)
                        .registerImage(request ->
                                request.name("by hand " + id)
                                        .architecture(ours.architectureAsString())
                                        .virtualizationType("hvm")
                                        .rootDeviceName(ours.rootDeviceName())
                                        .blockDeviceMappings(ours.blockDeviceMappings()))
                        .imageId();
        foreign.add(new Foreign(region, theirs, cloud.now().plus(span)));
    }

    private Ec2Client ec2(SimulatedServer server) {
        return cloud.ec2(server.region());
    }

    private static String backup(SimulatedServer server) {
        return server.changes().getLast().backup();
    }

    private void tagged(SimulatedServer server, String backup) {
        if (backup.isEmpty()) {
            ec2(server).deleteTags(it -> it.resources(server.id()).tags(keyed("backup")));
        } else {
            tag(server.region(), server.id(), "backup", backup);
        }
        changed(server, backup, server.changes().getLast().state());
    }

    /**
     * Copies the tags of the newest drill in the server's Region, or invents a lease that is over.
     */
    private void copyLease(SimulatedServer server) {
        String restore =
                witness.launches().launched().reversed().stream()
                        .filter(it -> it.lease().isPresent())
                        .filter(it -> it.region().equals(server.region()))
                        .map(LaunchWitness.LaunchSeen::restore)
                        .findFirst()
                        .orElse("gold/" + server.id() + "/drill-1");
        tag(server.region(), server.id(), ImageTags.RESTORE, restore);
        tag(server.region(), server.id(), ImageTags.LEASE, cloud.now().toString());
    }

    private void tag(String region, String id, String key, String value) {
        cloud.ec2(region)
                .createTags(
                        it -> it.resources(id).tags(Tag.builder().key(key).value(value).build()));
    }

    private static Tag keyed(String key) {
        return Tag.builder().key(key).build();
    }

    private void changed(SimulatedServer server, String backup, String state) {
        server.changes().add(new InstanceChange(cloud.now(), backup, state));
    }

    private Optional<String> image(Which which) {
        String instance = server(which.server()).map(SimulatedServer::id).orElse("");
        return cloud.images(which.region()).stream()
                .filter(it -> instance.equals(Witness.tags(it).get(ImageTags.INSTANCE)))
                .sorted(
                        Comparator.comparing((LocalImage it) ->
                                        Witness.tags(it).getOrDefault(ImageTags.SLOT, ""))
                                .thenComparing(it -> it.image().name())
                                .reversed())
                .map(it -> it.image().imageId())
                .skip(which.nth())
                .findFirst();
    }
}
