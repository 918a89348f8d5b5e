package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.CreateTagsRequest;
import software.amazon.awssdk.services.ec2.model.CreateTagsResponse;
import software.amazon.awssdk.services.ec2.model.DeleteTagsRequest;
import software.amazon.awssdk.services.ec2.model.DeleteTagsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeTagsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeTagsResponse;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagDescription;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Changes the tags of one Region's existing resources. */
final class SimulatedTags {
    private static final Listing<TagDescription> LISTING =
            new Listing<>(
                    it -> it.resourceId() + " " + it.key(),
                    _ -> List.of(),
                    Map.of(
                            "resource-id", it -> Stream.of(it.resourceId()),
                            "resource-type", it -> Stream.of(it.resourceTypeAsString()),
                            "key", it -> Stream.of(it.key()),
                            "value", it -> Stream.of(it.value())));

    private final String region;
    private final CloudCore core;
    private final SimulatedInstances instances;
    private final SimulatedImages images;
    private final SimulatedSnapshots snapshots;
    private final SimulatedVolumes volumes;
    private final SimulatedInterfaces interfaces;
    private final Map<String, Integer> versions = new HashMap<>();

    SimulatedTags(
            String region,
            CloudCore core,
            SimulatedInstances instances,
            SimulatedImages images,
            SimulatedSnapshots snapshots,
            SimulatedVolumes volumes,
            SimulatedInterfaces interfaces) {
        this.region = region;
        this.core = core;
        this.instances = instances;
        this.images = images;
        this.snapshots = snapshots;
        this.volumes = volumes;
        this.interfaces = interfaces;
    }

    CreateTagsResponse create(CreateTagsRequest request) {
        Map<String, String> added = TagRules.map(request.tags());
        TagRules.check(added);
        for (String id : request.resources()) {
            Map<String, String> after = tags(id);
            after.putAll(added);
            TagRules.check(TagRules.own(after));
        }
        for (String id : request.resources()) {
            Map<String, String> after = tags(id);
            after.putAll(added);
            set(id, after);
        }
        return CreateTagsResponse.builder().build();
    }

    /**
     * Removes the tags with these keys, and with these values where they are given; without tags in
     * the request, removes all.
     */
    DeleteTagsResponse delete(DeleteTagsRequest request) {
        request.resources().forEach(this::tags);
        for (String id : request.resources()) {
            Map<String, String> after = tags(id);
            if (request.tags().isEmpty()) {
                after.keySet().removeAll(TagRules.own(after).keySet());
            }
            for (Tag tag : request.tags()) {
                if (tag.value() == null) {
                    after.remove(tag.key());
                } else {
                    after.remove(tag.key(), tag.value());
                }
            }
            set(id, after);
        }
        return DeleteTagsResponse.builder().build();
    }

    DescribeTagsResponse describe(DescribeTagsRequest request) {
        Stream<TagDescription> all =
                Stream.of(
                                images.all().stream()
                                        .flatMap(it -> rows(it.id(), it.image().tags())),
                                instances.all().stream()
                                        .flatMap(it -> rows(it.id(), it.instance().tags())),
                                snapshots.all().stream()
                                        .flatMap(it -> rows(it.id(), it.snapshot().tags())),
                                volumes.all().stream()
                                        .flatMap(it -> rows(it.volumeId(), it.tags())),
                                interfaces.tags().entrySet().stream()
                                        .flatMap(it -> rows(it.getKey(), it.getValue())))
                        .flatMap(rows -> rows);
        Listing.Page<TagDescription> page =
                LISTING.page(all, request.filters(), request.maxResults(), request.nextToken());
        return DescribeTagsResponse.builder()
                .tags(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    private static Stream<TagDescription> rows(String id, List<Tag> tags) {
        return tags.stream()
                .map(tag ->
                        TagDescription.builder()
                                .resourceId(id)
                                .resourceType(kind(id))
                                .key(tag.key())
                                .value(tag.value())
                                .build());
    }

    private static String kind(String id) {
        return switch (id.substring(0, Math.max(0, id.indexOf('-')))) {
            case "i" -> "instance";
            case "ami" -> "image";
            case "snap" -> "snapshot";
            case "vol" -> "volume";
            case "eni" -> "network-interface";
            default -> throw Ec2Errors.wrong("InvalidID", "The ID '" + id + "' is not valid");
        };
    }

    private Map<String, String> tags(String id) {
        return TagRules.map(
                switch (kind(id)) {
                    case "instance" -> instances.require(id).instance().tags();
                    case "image" -> images.require(id).image().tags();
                    case "volume" -> volumes.require(id).tags();
                    case "network-interface" -> interfaces.require(id);
                    default -> snapshots.require(id).snapshot().tags();
                });
    }

    private void set(String id, Map<String, String> after) {
        List<String> changed = changed(tags(id), after);
        if (changed.isEmpty()) {
            return;
        }
        List<Tag> tags = TagRules.list(after);
        switch (kind(id)) {
            case "instance" -> instances.change(id, it -> it.with(i -> i.tags(tags)));
            case "image" -> images.change(id, it -> it.with(i -> i.tags(tags)));
            case "volume" -> volumes.change(id, it -> it.toBuilder().tags(tags).build());
            case "network-interface" -> interfaces.tag(id, tags);
            default -> snapshots.change(id, it -> it.with(s -> s.tags(tags)));
        }
        int version = versions.merge(id, 1, Integer::sum);
        core.events().tagChange(region, kind(id), id, changed, after, version);
    }

    private static List<String> changed(Map<String, String> before, Map<String, String> after) {
        Map<String, String> keys = new TreeMap<>(before);
        keys.putAll(after);
        List<String> changed = new ArrayList<>(keys.keySet());
        changed.removeIf(key -> Objects.equals(before.get(key), after.get(key)));
        return changed;
    }
}
