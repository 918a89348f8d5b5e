package dev.amikeeper.backup;

import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.ec2.SideBySide;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Volume;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads what must be known of servers before they are imaged, of all those of a burst at once. The
 * names of subnets are remembered for an hour, because they hardly ever change and only serve as
 * hints.
 */
final class ServerReads {
    private static final Logger log = LoggerFactory.getLogger(ServerReads.class);

    private static final Duration REMEMBERED = Duration.ofHours(1);

    private final Instances instances;
    private final InstantSource clock;
    private final Map<RegionSubnet, SubnetName> subnets = new ConcurrentHashMap<>();

    private record RegionSubnet(Region region, String id) {}

    private record SubnetName(Optional<String> name, Instant read) {}

    ServerReads(Instances instances, InstantSource clock) {
        this.instances = instances;
        this.clock = clock;
    }

    /**
     * What is known about the servers of a burst.
     *
     * @param volumes the volumes of each
     * @param unread why the volumes could not be read; empty if they were
     */
    record Servers(
            Map<InstanceId, Instance> byId,
            Map<InstanceId, List<Volume>> volumes,
            Optional<String> unread) {
        Optional<Instance> find(InstanceId id) {
            return Optional.ofNullable(byId.get(id));
        }

        List<Volume> volumesOf(InstanceId id) {
            return volumes.getOrDefault(id, List.of());
        }
    }

    /** The access to EC2's instances, for what is read one by one. */
    Instances instances() {
        return instances;
    }

    /**
     * Reads these servers, shortly before they are imaged, so that it is still true then.
     *
     * @throws SdkException if EC2 does not show the instances
     */
    Servers read(SideBySide sideBySide, Region region, Collection<InstanceId> ids) {
        List<Instance> found = Collections.synchronizedList(new ArrayList<>());
        Map<InstanceId, List<Volume>> volumes = new ConcurrentHashMap<>();
        List<String> unread = Collections.synchronizedList(new ArrayList<>());
        sideBySide.forEach(
                List.<Runnable>of(
                        () -> found.addAll(instances.find(region, ids)),
                        () -> readVolumes(region, ids, volumes, unread)),
                () -> true,
                Runnable::run);
        Map<String, String> names = subnetNames(region, List.copyOf(found));
        Map<InstanceId, Instance> byId =
                List.copyOf(found).stream()
                        .map(instance -> instance.withNames(names))
                        .collect(
                                Collectors.toMap(
                                        Instance::id, Function.identity(), (one, again) -> one));
        return new Servers(byId, volumes, List.copyOf(unread).stream().findFirst());
    }

    /** If they cannot be read, only the images that leave out some by their tags wait. */
    private void readVolumes(
            Region region,
            Collection<InstanceId> ids,
            Map<InstanceId, List<Volume>> volumes,
            List<String> unread) {
        try {
            volumes.putAll(instances.volumes(region, ids));
        } catch (SdkException error) {
            String why = Fault.text(error, "ec2:DescribeVolumes");
            log.warn("{}: images are made without the tags of their volumes: {}", region, why);
            unread.add(why);
        }
    }

    /** Reads hints for a restore in another Region. No image fails or waits for want of them. */
    private Map<String, String> subnetNames(Region region, List<Instance> found) {
        Instant now = clock.instant();
        List<String> wanted =
                found.stream()
                        .flatMap(instance -> instance.capsule().stream())
                        .flatMap(Capsule::subnets)
                        .distinct()
                        .toList();
        subnets.values().removeIf(it -> it.read.plus(REMEMBERED).isBefore(now));
        List<String> unknown =
                wanted.stream()
                        .filter(id -> !subnets.containsKey(new RegionSubnet(region, id)))
                        .toList();
        try {
            Map<String, String> read = instances.subnetNames(region, unknown);
            unknown.forEach(id ->
                    subnets.put(
                            new RegionSubnet(region, id),
                            new SubnetName(Optional.ofNullable(read.get(id)), now)));
        } catch (SdkException error) {
            log.warn(
                    "{}: images are made without the names of their subnets: {}",
                    region,
                    Fault.text(error, "ec2:DescribeSubnets"));
        }
        Map<String, String> names = new HashMap<>();
        for (String id : wanted) {
            Optional.ofNullable(subnets.get(new RegionSubnet(region, id)))
                    .flatMap(SubnetName::name)
                    .ifPresent(name -> names.put(id, name));
        }
        return names;
    }
}
